"""Groups what waits for the same work, for accelerators that do many as fast as one.

Whoever has something to do adds it and gets a future; a thread that has nothing to do takes what
waits. Nothing here has a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from fvs_server.inference import late

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fvs_server.inference import Deadline

__all__ = ["Batcher", "Waiting"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Waiting(Generic[Item, Result]):
    """One item, and where its result goes.

    Attributes:
        item: to work on.
        deadline: after which nobody wants the result.
        added_s: since when it waits, by the monotonic clock.
        future: of the result.
    """

    item: Item
    deadline: Deadline
    added_s: float = field(default_factory=time.monotonic)
    future: Future[Result] = field(default_factory=Future)

    def begin(self) -> bool:
        """Whether it is still to be worked on; from then on it cannot be cancelled."""
        if not self.future.set_running_or_notify_cancel():
            return False
        return self.still_wanted()

    def still_wanted(self) -> bool:
        """Whether its deadline is ahead; if not, that is its result."""
        if self.deadline.is_over:
            self.future.set_exception(late())
            return False
        return True


class Batcher(Generic[Item, Result]):
    """What waits for one kind of work. Safe to use from many threads.

    Each item that is added must be followed by one call of `take`, in any thread.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result]], *, size: int, wait_s: float
    ) -> None:
        """Nothing waits yet.

        Args:
            work: N items to N results, each that of its item alone.
            size: items taken at once, at most.
            wait_s: for how long an item waits for others to come, at most.
        """
        self._work = work
        self._size = size
        self._wait_s = wait_s
        self._waiting: deque[Waiting[Item, Result]] = deque()
        self._changed = threading.Condition()
        self._gathers = False

    def add(self, item: Item, deadline: Deadline) -> Future[Result]:
        """Let an item wait."""
        one: Waiting[Item, Result] = Waiting(item, deadline)
        with self._changed:
            self._waiting.append(one)
            self._changed.notify()
        return one.future

    def take(self) -> list[Waiting[Item, Result]]:
        """The items that have waited longest and are still wanted.

        While they are few, one thread waits for more, and the others leave them to it: none of
        these, then.
        """
        with self._changed:
            if len(self._waiting) < self._size and not self._gathered():
                return []
            count = min(self._size, len(self._waiting))
            taken = [self._waiting.popleft() for _ in range(count)]
            self._changed.notify()
        return [one for one in taken if one.begin()]

    def work(self, batch: Sequence[Waiting[Item, Result]]) -> None:
        """Work on what was taken.

        If that fails, each item is worked on alone, so that only those fail that fail alone.
        """
        try:
            results = self._work([one.item for one in batch])
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the result
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for one in batch:
                if one.still_wanted():
                    self.work([one])
            return
        for one, result in zip(batch, results, strict=True):
            one.future.set_result(result)

    def _gathered(self) -> bool:
        """Wait until there are enough or it is time; False if another thread does, or none wait."""
        if self._gathers:
            return False
        self._gathers = True
        while 0 < len(self._waiting) < self._size:
            # Of whatever has waited longest by now: another thread may have taken a full batch.
            left_s = self._waiting[0].added_s + self._wait_s - time.monotonic()
            if left_s <= 0:
                break
            self._changed.wait(left_s)
        self._gathers = False
        return bool(self._waiting)
