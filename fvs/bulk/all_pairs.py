"""All-against-all scoring of a gallery, tile by tile in workers: duplicates at national size.

N vectors make N (N - 1) / 2 pairs. They are cut into square tiles that any worker can score by
itself: it maps the gallery's file, so that a tile reads two blocks of it and sends back the few
pairs that reach the threshold. Which tile is done where and when changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs.bulk.engines import BulkEngine
    from fvs.records import F32, Int

__all__ = ["TILE_ROWS", "FoundPairs", "Tile", "score_tile", "score_tiles", "tile_count", "tiles_of"]

TILE_ROWS = 4096
"""Vectors of a side: 67 MB of scores, and a tenth of a second or more of a core."""

MATRIX = 2
"""Dimensions of an array of vectors."""


class Tile(NamedTuple):
    """Rows `first` to `first + rows` of a gallery against `second` to `second + rows`."""

    first: int
    second: int
    rows: int


@dataclass(frozen=True, eq=False)
class FoundPairs:
    """Pairs of a gallery that reach a threshold, each once.

    Attributes:
        rows: (P, 2) int64, first < second, in order within a tile.
        scores: (P,) float32 cosine in -1..1.
    """

    rows: Int
    scores: F32

    def __len__(self) -> int:
        return len(self.scores)


def score_tiles(
    bulk: BulkEngine, gallery: Path, threshold: float, *, tile_rows: int = TILE_ROWS
) -> Iterator[FoundPairs]:
    """Find all pairs of a gallery at or above a threshold.

    Args:
        bulk: where to work.
        gallery: an `.npy` file of (N, D) float32 vectors of length 1, at the same path on every
            machine. Templates in the clear: keep it in a private folder and remove it afterwards.
        threshold: lowest score of interest.
        tile_rows: vectors of a tile's side; only the speed and the order depend on it.

    Returns:
        What each tile holds, as it is done: `tile_count` of them, for progress.

    Raises:
        UsageError: the file is no such gallery, or a tile would have no rows.
    """
    count = len(_gallery(gallery))
    return bulk.map(partial(score_tile, gallery, threshold), tiles_of(count, tile_rows))


def tile_count(vectors: int, tile_rows: int = TILE_ROWS) -> int:
    """How many tiles that many vectors make."""
    blocks = -(-vectors // tile_rows)
    return blocks * (blocks + 1) // 2


def tiles_of(vectors: int, tile_rows: int = TILE_ROWS) -> Iterator[Tile]:
    """Tiles that hold every pair of so many vectors once.

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


def score_tile(gallery: Path, threshold: float, tile: Tile) -> FoundPairs:
    """The pairs of one tile; of a tile on the diagonal those above it."""
    vectors = _gallery(gallery)
    ours = vectors[tile.first : tile.first + tile.rows]
    theirs = vectors[tile.second : tile.second + tile.rows]
    scores = ours @ theirs.T
    np.clip(scores, -1.0, 1.0, out=scores)
    found = np.argwhere(scores >= threshold)
    if tile.first == tile.second:
        found = found[found[:, 0] < found[:, 1]]
    corner = np.array([tile.first, tile.second])
    return FoundPairs(found + corner, scores[found[:, 0], found[:, 1]])


def _gallery(path: Path) -> F32:
    """The vectors, mapped and not read: a worker touches two blocks at a time."""
    try:
        vectors: F32 = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path} holds no vectors: it is no .npy file") from error
    if vectors.dtype != np.float32 or vectors.ndim != MATRIX:
        raise UsageError(f"a gallery is (N, D) float32 (got {vectors.shape} {vectors.dtype})")
    return vectors
