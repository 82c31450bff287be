"""One pool of threads for all that takes long: bounded, with a deadline for each request.

Networks run on one thread each, so as many pictures are worked on as there are cores; more would
only make every one of them slower. With worker processes a thread waits while its process works.
What does not fit the queue is refused at once, while it is still cheap to refuse.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from fvs_server.batching import Batcher

__all__ = ["Deadline", "InferencePool", "late"]

T = TypeVar("T")
Item = TypeVar("Item")

_USUAL_TASK_S = 0.1
"""Until one was timed."""
_NEWEST_WEIGHT = 0.1
_SHORTEST_RETRY_S = 1.0


@dataclass(frozen=True)
class Deadline:
    """When a request began and when it is given up, by the monotonic clock.

    Attributes:
        began_s: when its head was there.
        at_s: when it is given up.
    """

    began_s: float
    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """From now."""
        now = time.monotonic()
        return cls(now, now + seconds)

    @property
    def elapsed_ms(self) -> float:
        """Since it began."""
        return 1e3 * (time.monotonic() - self.began_s)

    @property
    def remaining_s(self) -> float:
        """Not below 0."""
        return max(0.0, self.at_s - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return not self.remaining_s


class InferencePool:
    """Runs tasks on its own threads. Safe to use from many threads."""

    def __init__(self, workers: int, queue: int) -> None:
        """Start no thread yet.

        Args:
            workers: tasks at a time.
            queue: tasks that may wait beyond those.
        """
        self.workers = workers
        self.capacity = workers + queue
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inference")
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._held = 0
        self._draining = False
        self._task_s = _USUAL_TASK_S

    @property
    def depth(self) -> int:
        """Tasks that run or wait."""
        return self._held

    @property
    def task_s(self) -> float:
        """How long a task takes of late, an exponential mean."""
        return self._task_s

    def run(self, tasks: Sequence[Callable[[], T]], deadline: Deadline) -> list[T]:
        """Run tasks side by side, all or none of them, and wait.

        Returns:
            Their results in order.

        Raises:
            ServiceError: OVERLOADED, the queue has no room for all, or the server is stopping;
                DEADLINE_EXCEEDED, they were not done in time, and those not begun never will be.
            Exception: of the first task that failed.
        """
        self._take(len(tasks))
        return self._results(
            [self._pool.submit(self._timed, task, deadline) for task in tasks], deadline
        )

    def run_in_batches(
        self, items: Sequence[tuple[Batcher[Item, T], Item]], deadline: Deadline
    ) -> list[T]:
        """Run items with whatever else waits for the same batcher; otherwise like `run`.

        Args:
            items: each with the batcher that it is for.
            deadline: as of `run`, and so are the results and what is raised.
        """
        self._take(len(items))
        return self._results(
            [self._in_batch(batcher, item, deadline) for batcher, item in items], deadline
        )

    def drain(self, within_s: float) -> bool:
        """Take nothing more and wait for what was begun; whether it ended in time."""
        with self._idle:
            self._draining = True
            return self._idle.wait_for(lambda: not self._held, within_s)

    def close(self, within_s: float = 0.0) -> None:
        """Drain, and end the threads; what waits after that time is never begun."""
        self.drain(within_s)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def overloaded(self) -> ServiceError:
        """Whoever is sent away is told when there should be room."""
        wait_s = self._held * self._task_s / self.workers
        return ServiceError(Problem.OVERLOADED, retry_after_s=max(wait_s, _SHORTEST_RETRY_S))

    def _results(self, futures: list[Future[T]], deadline: Deadline) -> list[T]:
        for future in futures:
            future.add_done_callback(self._give_back)
        try:
            wait(futures, deadline.remaining_s, return_when=FIRST_EXCEPTION)
            return [future.result(timeout=0) for future in futures]
        except TimeoutError:
            raise late() from None
        finally:
            for future in futures:
                future.cancel()

    def _in_batch(self, batcher: Batcher[Item, T], item: Item, deadline: Deadline) -> Future[T]:
        future = batcher.add(item, deadline)
        # A turn for each item, so that as many are taken as wait, in the order of all tasks.
        self._pool.submit(self._turn, batcher)
        return future

    def _turn(self, batcher: Batcher[Item, T]) -> None:
        batch = batcher.take()
        if batch:
            began = time.monotonic()
            batcher.work(batch)
            self._took((time.monotonic() - began) / len(batch))

    def _take(self, count: int) -> None:
        with self._lock:
            if self._draining or self._held + count > self.capacity:
                raise self.overloaded()
            self._held += count

    def _give_back(self, _future: Future[T]) -> None:
        with self._idle:
            self._held -= 1
            self._idle.notify_all()

    def _timed(self, task: Callable[[], T], deadline: Deadline) -> T:
        if deadline.is_over:
            raise late()
        began = time.monotonic()
        result = task()
        self._took(time.monotonic() - began)
        return result

    def _took(self, seconds: float) -> None:
        self._task_s += _NEWEST_WEIGHT * (seconds - self._task_s)


def late() -> ServiceError:
    """Nobody waits for it any more."""
    return ServiceError(Problem.DEADLINE_EXCEEDED, retry_after_s=_SHORTEST_RETRY_S)
