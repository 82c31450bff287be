"""Processes that work on pictures, each with networks of its own.

Between their networks the stages of the engine hold Python's lock. With threads on 16 cores that
left three quarters of them idle (docs/explanation/service.md), and every statement of a request
waited for it. A picture that takes its decoder down takes one process with it, and not the server.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import signal
from typing import TYPE_CHECKING

from fvs.errors import DeploymentError
from fvs_server.extraction import extract_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from fvs.engine import Engine
    from fvs_server.extraction import Extraction, Picture

__all__ = ["WorkerFailedError", "WorkerProcesses"]

logger = logging.getLogger(__name__)

_ENDS_WITHIN_S = 5.0
_OF_THE_GROUP = frozenset({"SIGHUP", "SIGINT", "SIGTERM"})
"""Signals, as far as the system has them."""
# Not forked: the server has threads, and a copy of their locks may be held by nobody.
_SPAWN = multiprocessing.get_context("spawn")


class WorkerFailedError(RuntimeError):
    """A process died over a picture, or its engine failed; of the reason its kind alone is told."""


class WorkerProcesses:
    """As many pictures at a time as there are processes. Safe to use from many threads."""

    def __init__(self, count: int, opening: Callable[[], Engine]) -> None:
        """Start them; `wait_until_ready` before the first use.

        Args:
            count: of processes.
            opening: how each opens its engine; picklable.
        """
        self._workers = [_Worker(opening) for _ in range(count)]
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def wait_until_ready(self) -> None:
        """Return when all engines are open.

        Raises:
            DeploymentError: one could not be.
        """
        for worker in self._workers:
            if not worker.is_ready():
                raise DeploymentError(
                    "a process that works on pictures could not open its networks",
                    advice="See whether the machine has memory for [engine] workers, "
                    "or set [engine] processes = false.",
                )

    def extract(self, pictures: Sequence[Picture]) -> list[Extraction]:
        """`extract_batch` in the next process that is idle.

        Raises:
            WorkerFailedError: of this batch; the next finds a process again.
        """
        worker = self._idle.get()
        try:
            return worker.work_on(pictures)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End them, once they are done with what they work on."""
        for worker in self._workers:
            worker.let_go()
        for worker in self._workers:
            worker.wait_until_gone()


class _Worker:
    """One process, and the one that takes its place when it dies. Used by one thread at a time."""

    def __init__(self, opening: Callable[[], Engine]) -> None:
        self._opening = opening
        self._ready = self._let_go = False
        self._start()

    def is_ready(self) -> bool:
        """Wait until it has opened its engine; whether it could."""
        if not self._ready:
            try:
                self._pipe.recv()
            except EOFError:
                return False
            self._ready = True
        return True

    def work_on(self, pictures: Sequence[Picture]) -> list[Extraction]:
        """See `WorkerProcesses.extract`."""
        try:
            if not self.is_ready():
                raise EOFError  # noqa: TRY301 - as if it had died over the pictures
            self._pipe.send(pictures)
            done: list[Extraction] | str = self._pipe.recv()
        except (EOFError, OSError):
            self._replace()
            raise WorkerFailedError("died") from None
        if isinstance(done, str):
            raise WorkerFailedError(done)
        return done

    def let_go(self) -> None:
        """Close its pipe, which ends it; no other takes its place."""
        self._let_go = True
        self._pipe.close()

    def wait_until_gone(self) -> None:
        """End it by force where it takes too long."""
        self._process.join(_ENDS_WITHIN_S)
        self._process.kill()
        self._process.join()

    def _replace(self) -> None:
        if self._let_go:
            return
        logger.error("a process that works on pictures died")
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process: SpawnProcess = _SPAWN.Process(
            target=_serve, args=(theirs, self._opening), name="pictures", daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False


def _serve(pipe: Connection, opening: Callable[[], Engine]) -> None:
    """Work on what comes until the server's end of the pipe is closed, or the server is gone."""
    # A terminal and systemd signal the whole group; the server says when it has drained.
    for name in _OF_THE_GROUP & {each.name for each in signal.Signals}:
        signal.signal(signal.Signals[name], signal.SIG_IGN)
    engine = opening()
    try:
        pipe.send(None)
        while True:
            pipe.send(_done(engine, pipe.recv()))
    except (EOFError, OSError):
        return


def _done(engine: Engine, pictures: Sequence[Picture]) -> list[Extraction] | str:
    """The results, or the kind of error: its message may quote what was sent."""
    try:
        return extract_batch(engine, pictures)
    except Exception as error:  # noqa: BLE001 - the server answers, this process goes on
        return type(error).__name__
