"""All-against-all scoring of a gallery in workers: duplicates at national size.

N vectors make N (N - 1) / 2 pairs, cut into square tiles (`fvs.metrics.tiles`) that any worker can
score by itself: it maps the gallery's file, so that a tile reads two blocks of it and sends back
the few pairs that reach the threshold. Which tile is done where and when changes nothing.

In one process `fvs.matching.score_all_pairs` does the same from memory.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.tiles import FoundPairs, pairs_of_tile, tiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fvs.bulk.engines import BulkEngine
    from fvs.metrics.tiles import Tile
    from fvs.records import F32

__all__ = ["BULK_TILE_ROWS", "score_tile", "score_tiles"]

BULK_TILE_ROWS = 4096
"""Vectors of a side: 67 MB of scores, and a tenth of a second or more of a core, beside which
handing a tile out costs nothing."""

MATRIX = 2
"""Dimensions of an array of vectors."""


def score_tiles(
    bulk: BulkEngine, gallery: Path, threshold: float, *, tile_rows: int = BULK_TILE_ROWS
) -> Iterator[FoundPairs]:
    """Find all pairs of a gallery at or above a threshold.

    Args:
        bulk: where to work.
        gallery: an `.npy` file of (N, D) float32 vectors of length 1, at the same path on every
            machine. Templates in the clear: keep it in a private folder and remove it afterwards.
        threshold: lowest score of interest.
        tile_rows: vectors of a tile's side; only the speed and the order depend on it.

    Returns:
        What each tile holds, in the order of `tiles_of`: `tile_count` of them, for progress. Each
        pair is in one of them.

    Raises:
        UsageError: the file is no such gallery, or a tile would have no rows.
    """
    count = len(_gallery(gallery))
    return bulk.map(partial(score_tile, gallery, threshold), tiles_of(count, tile_rows))


def score_tile(gallery: Path, threshold: float, tile: Tile) -> FoundPairs:
    """The pairs of one tile."""
    return pairs_of_tile(_gallery(gallery), threshold, tile)


def _gallery(path: Path) -> F32:
    """The vectors, mapped and not read: a worker touches two blocks at a time."""
    try:
        vectors: F32 = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path} holds no vectors: it is no .npy file") from error
    if vectors.dtype != np.float32 or vectors.ndim != MATRIX:
        raise UsageError(f"a gallery is (N, D) float32 (got {vectors.shape} {vectors.dtype})")
    return vectors
