"""What a process does beside its requests: a step again and again, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fvs.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BackgroundLoop"]

logger = logging.getLogger(__name__)

_AFTER_FAILURE_S = 5.0
"""At least: what is away for long is not asked for, and not told of, every moment."""


class BackgroundLoop:
    """A step that fails is told to the log and tried again at the next time."""

    def __init__(self, name: str, step: Callable[[], object], pause_s: float) -> None:
        """Do nothing yet.

        Args:
            name: of the thread, and in the log.
            step: what it does; should it take long, it looks at `stopping`.
            pause_s: before the first step and between two.
        """
        self._name = name
        self._step = step
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopping(self) -> bool:
        """Whether the step should come to its end."""
        return self._stopping.is_set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Work for as long as the block runs; once, for a thread starts only once."""
        self._thread.start()
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """End after the step that is being done."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, seconds: float) -> None:
        """Sleep within a step; `stop` cuts it short."""
        self._stopping.wait(seconds)

    def try_step(self) -> bool:
        """Do the step; whether it was done. Raises nothing."""
        try:
            self._step()
        except DeploymentError as error:  # ours, so it quotes nothing
            logger.error("%s failed: %s", self._name, error)  # noqa: TRY400 - no trace
        except Exception as error:  # noqa: BLE001 - the thread must live; messages may tell
            logger.warning("%s failed: %s", self._name, type(error).__name__)
        else:
            return True
        return False

    def _run(self) -> None:
        pause_s = self._pause_s
        while not self._stopping.wait(pause_s):
            done = self.try_step()
            pause_s = self._pause_s if done else max(self._pause_s, _AFTER_FAILURE_S)
