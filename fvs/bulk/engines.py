"""The interface of bulk engines, and the window of items in flight that all of them keep.

An engine calls a function on each item, in workers, and hands the results on in the order of the
items, each exactly once. A worker that dies takes its items with it, and they are given to another:
so the *function* may run more than once on an item, and what it writes must bear that. The
functions of `fvs` write nothing: they return, and one process writes.

What crosses to a worker is pickled: functions of a module, frozen records, paths. A worker that
needs something large (an engine, a gallery) opens it itself and keeps it, see `fvs.bulk.portraits`.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

__all__ = ["IN_FLIGHT_PER_WORKER", "BulkEngine", "available_cores", "window_of", "windowed"]

IN_FLIGHT_PER_WORKER = 2
"""One that is worked on and one that waits, so that no worker does."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class BulkEngine(Protocol):
    """Calls one function on many items. A context manager; usable from one thread at a time."""

    def map(
        self,
        function: Callable[[_Item], _Result],
        items: Iterable[_Item],
        *,
        in_flight: int = 0,
    ) -> Iterator[_Result]:
        """The results of all items, in their order.

        Args:
            function: picklable, and safe to repeat on an item.
            items: read as results are taken, at most `in_flight` ahead of them.
            in_flight: items that are handed out and whose results were not taken yet, which bounds
                the memory; 0 is `IN_FLIGHT_PER_WORKER` for each worker.

        Raises:
            UsageError: `in_flight` is negative.
            WorkerLostError: an item takes down every worker.
            Exception: what the function raised, of its own type, once the results before it were
                taken; a note on it says which item it was, counted from 0.
        """
        ...

    def close(self) -> None:
        """End the workers; using the engine afterwards is a mistake."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def window_of(in_flight: int, workers: int) -> int:
    """How many items may be in flight.

    Raises:
        UsageError: fewer than none.
    """
    if in_flight < 0:
        raise UsageError(f"a number of items in flight is 0 or more (got {in_flight})")
    return in_flight or IN_FLIGHT_PER_WORKER * workers


_Task = TypeVar("_Task")


def windowed(
    submit: Callable[[int, _Item], _Task],
    finish: Callable[[deque[_Task]], _Result],
    cancel: Callable[[_Task], object],
    items: Iterable[_Item],
    window: int,
) -> Iterator[_Result]:
    """Keep up to `window` tasks handed out, and take their results in order.

    Args:
        submit: hands out item n.
        finish: takes the first task of the queue out and waits for its result; an exception of it
            ends the work.
        cancel: gives up a task whose result nobody will take.
        items: see `BulkEngine.map`.
        window: at least 1.
    """
    queue: deque[_Task] = deque()
    try:
        for number, item in enumerate(items):
            queue.append(submit(number, item))
            if len(queue) >= window:
                yield finish(queue)
        while queue:
            yield finish(queue)
    finally:
        for task in queue:
            cancel(task)
