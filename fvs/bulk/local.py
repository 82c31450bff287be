"""Bulk work on the cores of this machine, in processes or threads of the standard library."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar

from fvs.bulk.engines import available_cores, window_of, windowed
from fvs.bulk.errors import WorkerLostError
from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor
    from types import TracebackType

__all__ = ["LocalEngine"]

TRIES_ALONE = 2
"""After an item was in flight when a worker died, how often it may take one down all alone."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What numerical libraries would start a thread a core in every worker without."""

ORPHAN_EXIT_CODE = 1

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass
class _Task(Generic[_Item]):
    """An item that was handed out."""

    number: int
    item: _Item
    future: Future[Any]


class LocalEngine:
    """A `BulkEngine` on this machine."""

    def __init__(
        self, workers: int = 0, kind: Literal["threads", "processes"] = "processes"
    ) -> None:
        """Workers start with the first items.

        Args:
            workers: how many; 0 is one for each core of this process.
            kind: processes for Python code; threads where the work is done in libraries that
                release the GIL, or a worker would need much memory of its own.

        Raises:
            UsageError: a negative number of workers.
        """
        if workers < 0:
            raise UsageError(f"a number of workers is 0 or more (got {workers})")
        self.workers = workers or available_cores()
        self._new_pool: Callable[[], Executor] = (
            partial(ThreadPoolExecutor, self.workers)
            if kind == "threads"
            else partial(_process_pool, self.workers)
        )
        self._pool: Executor = self._new_pool()

    def map(
        self,
        function: Callable[[_Item], _Result],
        items: Iterable[_Item],
        *,
        in_flight: int = 0,
    ) -> Iterator[_Result]:
        """See `BulkEngine.map`."""
        return windowed(
            lambda number, item: _Task(number, item, self._submit(function, item)),
            partial(self._finish, function),
            lambda task: task.future.cancel(),
            items,
            window_of(in_flight, self.workers),
        )

    def _submit(self, function: Callable[[_Item], _Result], item: _Item) -> Future[_Result]:
        """A future; one that failed already where a worker died while nobody looked."""
        try:
            return self._pool.submit(function, item)
        except BrokenExecutor as error:
            lost: Future[_Result] = Future()
            lost.set_exception(error)
            return lost

    def _finish(self, function: Callable[[_Item], _Result], queue: deque[_Task[_Item]]) -> _Result:
        if isinstance(queue[0].future.exception(), BrokenExecutor):
            self._repeat_lost(function, queue)
        task = queue.popleft()
        try:
            result: _Result = task.future.result()
        except Exception as error:
            error.add_note(f"item {task.number} of bulk work")
            raise
        return result

    def _repeat_lost(
        self, function: Callable[[_Item], _Result], queue: deque[_Task[_Item]]
    ) -> None:
        """Run all items that a dead worker took along one at a time: the culprit is then known.

        One dead worker breaks the pool, so that all in flight are lost, the innocent too.
        """
        wait([task.future for task in queue])
        for task in queue:
            if isinstance(task.future.exception(), BrokenExecutor):
                task.future = self._alone(function, task)

    def _alone(self, function: Callable[[_Item], _Result], task: _Task[_Item]) -> Future[_Result]:
        for _ in range(TRIES_ALONE):
            self._renew_broken_pool()
            future = self._submit(function, task.item)
            if not isinstance(future.exception(), BrokenExecutor):
                return future
        self._renew_broken_pool()
        raise WorkerLostError.of_item(task.number)

    def _renew_broken_pool(self) -> None:
        try:
            self._pool.submit(os.getpid).result()
        except BrokenExecutor:
            self._pool.shutdown()
            self._pool = self._new_pool()

    def close(self) -> None:
        """Wait for the items in work and end the workers."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _process_pool(workers: int) -> ProcessPoolExecutor:
    # Spawned: a fork would copy the locks of onnxruntime, faiss and database pools as they stand.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=_begin_work)


def _begin_work() -> None:
    """In a worker: one thread each, Ctrl-C is the parent's, and no worker outlives the parent."""
    # numpy reads these when it is loaded, which the first item does; Dask sets the same.
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(ORPHAN_EXIT_CODE)
