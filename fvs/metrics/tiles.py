"""All pairs of a set as square tiles: each is scored by itself, wherever, in bounded memory.

Whoever compares a set with itself does it here: error rates from every score (`scored_tiles`),
duplicates from the few that are high (`pairs_of_tile`), in this process (`fvs.matching.pairs`) or
in workers (`fvs.bulk.all_pairs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.records import F32, Bool, Int

__all__ = [
    "TILE_ROWS",
    "FoundPairs",
    "ScoredTile",
    "Tile",
    "pairs_of_tile",
    "scored_tiles",
    "tile_count",
    "tiles_of",
]

TILE_ROWS = 1024
"""Vectors of a side: 4 MB of scores, which the processor's cache still holds when they are read."""


class Tile(NamedTuple):
    """Rows `first` to `first + rows` of a set against `second` to `second + rows`."""

    first: int
    second: int
    rows: int


@dataclass(frozen=True, eq=False)
class FoundPairs:
    """Pairs of a set at or above a threshold.

    Attributes:
        rows: (P, 2) int64 rows of the set, first < second, in order within a tile.
        scores: (P,) float32 cosine, at most 1.
    """

    rows: Int
    scores: F32

    def __len__(self) -> int:
        return len(self.scores)


class ScoredTile(NamedTuple):
    """Every score of a tile.

    Attributes:
        first: (R,) slice of the set, of the rows.
        second: (C,) slice of the set, of the columns.
        scores: (R, C) float32 cosines in -1..1.
        once: (R, C) bool, where a pair counts: each of the set's in one tile, once.
    """

    first: slice
    second: slice
    scores: F32
    once: Bool


def tile_count(vectors: int, tile_rows: int = TILE_ROWS) -> int:
    """How many tiles that many vectors make."""
    blocks = -(-vectors // tile_rows)
    return blocks * (blocks + 1) // 2


def tiles_of(vectors: int, tile_rows: int = TILE_ROWS) -> Iterator[Tile]:
    """Tiles that hold every unordered pair of so many vectors once, by `first`, then `second`.

    Raises:
        UsageError: a tile would have no rows.
    """
    if tile_rows < 1:
        raise UsageError(f"a tile has at least one row (got {tile_rows})")
    starts = range(0, vectors, tile_rows)
    return (
        Tile(first, second, tile_rows)
        for first in starts
        for second in starts[first // tile_rows :]
    )


def scored_tiles(vectors: F32, tile_rows: int = TILE_ROWS) -> Iterator[ScoredTile]:
    """All scores of a set with itself, a tile at a time.

    Args:
        vectors: (N, D) float32 of length 1, in memory or mapped.
        tile_rows: vectors of a tile's side.

    Raises:
        UsageError: a tile would have no rows.
    """
    for tile in tiles_of(len(vectors), tile_rows):
        scores = _product(vectors, tile)
        np.clip(scores, -1.0, 1.0, out=scores)
        once: Bool = np.ones(scores.shape, np.bool_)
        if tile.first == tile.second:
            once = ~np.tri(*scores.shape, dtype=np.bool_)
        yield ScoredTile(*_sides(tile), scores, once)


def pairs_of_tile(vectors: F32, threshold: float, tile: Tile) -> FoundPairs:
    """The pairs of a tile that score at or above a threshold.

    Args:
        vectors: (N, D) float32 of length 1: the whole set, in memory or mapped; two blocks of it
            are read.
        threshold: lowest score of interest.
        tile: one of `tiles_of`.
    """
    scores = _product(vectors, tile)
    found = np.argwhere(scores >= threshold)
    if tile.first == tile.second:
        found = found[found[:, 0] < found[:, 1]]
    corner = np.array([tile.first, tile.second])
    return FoundPairs(found + corner, np.minimum(scores[found[:, 0], found[:, 1]], np.float32(1)))


def _sides(tile: Tile) -> tuple[slice, slice]:
    """The set's rows of both."""
    return (
        slice(tile.first, tile.first + tile.rows),
        slice(tile.second, tile.second + tile.rows),
    )


def _product(vectors: F32, tile: Tile) -> F32:
    first, second = _sides(tile)
    scores: F32 = vectors[first] @ vectors[second].T
    return scores
