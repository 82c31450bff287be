"""Every vector of a set against every other: the pairs that score high, tile after tile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from fvs.errors import UsageError
from fvs.matching.threads import limit_threads
from fvs.metrics.tiles import TILE_ROWS, FoundPairs, pairs_of_tile, tiles_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fvs.metrics.tiles import Tile
    from fvs.records import F32

__all__ = ["score_all_pairs"]

T = TypeVar("T")
R = TypeVar("R")

_MATRIX = 2


class Mapping(Protocol):
    """Applies a function to items and gives the results in order, as `map` does."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Apply it."""
        ...


def score_all_pairs(
    vectors: F32,
    threshold: float,
    *,
    tile_rows: int = TILE_ROWS,
    threads: int = 1,
    mapped: Mapping = map,
) -> Iterator[FoundPairs]:
    """Find all pairs of a set at or above a threshold, in bounded memory.

    Args:
        vectors: (N, D) float32 of length 1, in memory or mapped from a file.
        threshold: lowest score of interest.
        tile_rows: vectors of a tile's side; only speed, memory and the order depend on it.
        threads: of the linear algebra below one tile.
        mapped: does the tiles: `map`, or that of a pool of threads. Processes would be sent the
            vectors with each tile; for them see `fvs.bulk.all_pairs`.

    Returns:
        What each tile holds (`tile_count` of them), as it is done. Each pair is in one of them.

    Raises:
        UsageError: another shape or type.
    """
    if vectors.ndim != _MATRIX or vectors.dtype != np.float32:
        raise UsageError(f"vectors are (N, D) float32 (got {vectors.shape} {vectors.dtype})")
    score = partial(_score_tile, vectors, threshold, threads)
    return mapped(score, tiles_of(len(vectors), tile_rows))


def _score_tile(vectors: F32, threshold: float, threads: int, tile: Tile) -> FoundPairs:
    with limit_threads(threads):
        return pairs_of_tile(vectors, threshold, tile)
