"""From keys to rows, many at once: a hash table in two arrays.

Python's dict answers one key at a time, and the reverse map of faiss' `IndexIDMap2` cannot be asked
from Python whether it has a key. Here a batch of lookups is a few array operations, and the cost
of one does not grow with the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fvs.records import Int

__all__ = ["KeyTable"]

_EMPTY = -2
"""No key was ever here: a search for one ends."""

_GONE = -1
"""The key here has no row any more: a search for another goes on. Also says 'unknown'."""

_SMALLEST_BITS = 8
_MAX_LOAD = 0.6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio (Knuth, TAOCP 3, 6.4): keys in sequence spread evenly."""


class KeyTable:
    """A map of int64 keys to rows, asked and changed in batches.

    Open addressing with triangular steps, which reach every slot of a power of two. A slot is a
    key and its row side by side, so that the common lookup touches one line of cache.
    """

    def __init__(self, expected: int = 0) -> None:
        """Make an empty table.

        Args:
            expected: number of keys that fit without growing.
        """
        self._allocate(expected)

    def __len__(self) -> int:
        return self._live

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return self._slots.nbytes

    def rows_of(self, keys: Int) -> Int:
        """The row of each key; -1 where it has none.

        Args:
            keys: (K,) int64.

        Returns:
            (K,) int64.
        """
        slots = self._slots_of(keys)
        rows = self._slots.take(slots, axis=0)[:, 1]
        rows[rows == _EMPTY] = _GONE
        return rows

    def insert(self, keys: Int, rows: Int) -> None:
        """Give keys their rows.

        Args:
            keys: (K,) int64, each once, none of which has a row.
            rows: (K,) int64, not negative.
        """
        if self._used + len(keys) > _MAX_LOAD * len(self._slots):
            self._grow(len(keys))
        self._live += len(keys)
        slots = self._slots_of(keys)
        again = self._slots[slots, 1] == _GONE  # keys that were here before
        self._slots[slots[again], 1] = rows[again]
        self._claim(keys[~again], rows[~again])

    def discard(self, keys: Int) -> None:
        """Take the rows of keys away; each key is given once and has a row."""
        self._slots[self._slots_of(keys), 1] = _GONE
        self._live -= len(keys)

    def _allocate(self, expected: int) -> None:
        needed = int(expected / _MAX_LOAD) + 1
        bits = max(_SMALLEST_BITS, needed.bit_length())
        self._slots = np.full((1 << bits, 2), _EMPTY, np.int64)
        self._shift = np.uint64(64 - bits)
        self._live = 0
        self._used = 0

    def _grow(self, more: int) -> None:
        kept = self._slots[self._slots[:, 1] >= 0]
        self._allocate(2 * (len(kept) + more))
        self._live = len(kept)
        self._claim(kept[:, 0], kept[:, 1])

    def _first_slots(self, keys: Int) -> Int:
        hashed = keys.astype(np.uint64) * _GOLDEN >> self._shift
        return hashed.astype(np.int64)

    def _slots_of(self, keys: Int) -> Int:
        """Where each key is, or the empty slot that says it is nowhere."""
        slots = self._first_slots(keys)
        waiting = self._taken_by_others(slots, keys)
        step = 0
        while len(waiting):
            step += 1
            further = slots[waiting] + step & len(self._slots) - 1
            slots[waiting] = further
            waiting = waiting[self._taken_by_others(further, keys[waiting])]
        return slots

    def _taken_by_others(self, slots: Int, keys: Int) -> Int:
        """Indices of slots that hold another key than the one given beside."""
        found = self._slots.take(slots, axis=0)
        return np.flatnonzero((found[:, 0] != keys) & (found[:, 1] != _EMPTY))

    def _claim(self, keys: Int, rows: Int) -> None:
        """Put keys that are nowhere into empty slots; of several that want one, the last wins."""
        self._used += len(keys)
        slots = self._first_slots(keys)
        waiting = np.arange(len(keys))
        step = 0
        while len(waiting):
            wanted = slots[waiting]
            free = self._slots[wanted, 1] == _EMPTY
            self._slots[wanted[free], 0] = keys[waiting[free]]
            won = free & (self._slots[wanted, 0] == keys[waiting])
            self._slots[wanted[won], 1] = rows[waiting[won]]
            waiting = waiting[~won]
            step += 1
            slots[waiting] = slots[waiting] + step & len(self._slots) - 1
