"""Where 64-bit hashes stand in a list: a thousand look-ups in one go, in 20 bytes an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from fvs.records import Int

__all__ = ["U64", "HashTable", "ranges"]

U64 = npt.NDArray[np.uint64]

_HASH_BITS = 64


@dataclass(frozen=True, eq=False)
class HashTable:
    """An immutable multimap from uniformly distributed hashes to their positions.

    Hashes are sorted, and the first bits of one, about as many as the list is long, say where to
    look. So a look-up reads the same few places however long the list is.
    """

    _hashes: U64
    _positions: Int
    _starts: Int
    _shift: np.uint64

    @classmethod
    def of(cls, hashes: U64) -> Self:
        """The table of a list; O(N log N)."""
        bits = max(1, len(hashes).bit_length())
        shift = np.uint64(_HASH_BITS - bits)
        positions = np.argsort(hashes, kind="stable")
        ordered = hashes[positions]
        sizes = np.bincount((ordered >> shift).astype(np.int64), minlength=1 << bits)
        starts = np.concatenate(([0], np.cumsum(sizes)))
        return cls(ordered, positions, starts, shift)

    @property
    def nbytes(self) -> int:
        """Of its arrays."""
        return self._hashes.nbytes + self._positions.nbytes + self._starts.nbytes

    def find(self, wanted: U64) -> tuple[Int, Int]:
        """Where each hash stands.

        Args:
            wanted: (N,) hashes.

        Returns:
            (K,) indices into `wanted`, ascending, and (K,) a position of each in the list, those
            of one hash ascending; a hash that is nowhere has none.
        """
        buckets = (wanted >> self._shift).astype(np.int64)
        asked, places = ranges(self._starts[buckets], self._starts[buckets + 1])
        equal = self._hashes[places] == wanted[asked]
        return asked[equal], self._positions[places[equal]]


def ranges(starts: Int, ends: Int) -> tuple[Int, Int]:
    """All numbers from each start up to its end, and whose range each is in."""
    lengths = ends - starts
    owners = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return owners, np.arange(len(owners)) + (starts - before)[owners]
