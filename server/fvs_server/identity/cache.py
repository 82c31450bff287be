"""A small memory of what was looked up, for a short while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["ShortMemory"]

Key = TypeVar("Key", bound="Hashable")
Value = TypeVar("Value")


class ShortMemory(Generic[Key, Value]):
    """Values by key, each for the same time at most; the oldest go first. Threads may share it."""

    def __init__(
        self, seconds: float, most: int, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep at most `most` values, each for `seconds`."""
        self._seconds = seconds
        self._most = most
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, unless it was never kept, is too old or had to go."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or self._monotonic() - kept[0] >= self._seconds:
            return None
        return kept[1]

    def keep(self, key: Key, value: Value) -> None:
        """From now on, in place of what was kept under the key."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self._monotonic(), value)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Everything."""
        with self._lock:
            self._kept.clear()
