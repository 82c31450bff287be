"""All pairs of a set as square tiles: each is scored by itself, wherever, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.records import F32, Int

__all__ = ["TILE_ROWS", "Tile", "pairs_of_tile", "tile_count", "tiles_of"]

TILE_ROWS = 1024
"""Vectors of a side: 4 MB of scores, which the processor's cache still holds when they are read."""


class Tile(NamedTuple):
    """Rows `first` to `first + rows` of a set against `second` to `second + rows`."""

    first: int
    second: int
    rows: int


def tile_count(vectors: int, tile_rows: int = TILE_ROWS) -> int:
    """How many tiles that many vectors make."""
    blocks = -(-vectors // tile_rows)
    return blocks * (blocks + 1) // 2


def tiles_of(vectors: int, tile_rows: int = TILE_ROWS) -> Iterator[Tile]:
    """Tiles that hold every unordered pair of so many vectors once.

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


def pairs_of_tile(vectors: F32, threshold: float, tile: Tile) -> tuple[Int, F32]:
    """The pairs of a tile that score at or above a threshold.

    Args:
        vectors: (N, D) float32 of length 1: the whole set, in memory or mapped; two blocks of it
            are read.
        threshold: lowest score of interest.
        tile: one of `tiles_of`.

    Returns:
        (P, 2) int64 rows of the set, first < second, in order; and their (P,) float32 cosines.
    """
    ours = vectors[tile.first : tile.first + tile.rows]
    theirs = vectors[tile.second : tile.second + tile.rows]
    scores = ours @ theirs.T
    found = np.argwhere(scores >= threshold)
    if tile.first == tile.second:
        found = found[found[:, 0] < found[:, 1]]
    corner = np.array([tile.first, tile.second])
    return found + corner, np.minimum(scores[found[:, 0], found[:, 1]], np.float32(1))
