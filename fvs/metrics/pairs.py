"""All pairs of a set of faces, in tiles: tens of millions of scores in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.rates import ScoreTail
from fvs.metrics.tiles import TILE_ROWS, pairs_of_tile, scored_tiles, tiles_of

if TYPE_CHECKING:
    from fvs.records import F32, Int

__all__ = ["KEPT_SCORES", "AllPairs", "compare_all_pairs", "pairs_above"]

KEPT_SCORES = 4_000_000
"""Non-mated scores kept per set: 16 MB, and every score of up to 2,800 subjects."""


@dataclass(frozen=True, eq=False)
class AllPairs:
    """Every unordered pair of a set, each once.

    Attributes:
        mated: scores of pairs of one subject, float32, in no particular order.
        non_mated: scores of pairs of different subjects.
    """

    mated: F32
    non_mated: ScoreTail


def compare_all_pairs(
    vectors: F32,
    subjects: Int | None = None,
    *,
    keep: int = KEPT_SCORES,
    tile_rows: int = TILE_ROWS,
) -> AllPairs:
    """Compare each face with each other one.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64, equal for pictures of one person; None where all differ.
        keep: how many of the highest non-mated scores to keep.
        tile_rows: vectors of a tile's side; only speed, memory and the order depend on it.

    Returns:
        The scores; cosines clipped to -1..1.
    """
    labels = np.arange(len(vectors)) if subjects is None else subjects
    if len(labels) != len(vectors):
        raise UsageError(f"{len(vectors)} vectors but {len(labels)} subjects")
    tail = _Highest(keep)
    mated = [np.empty(0, np.float32)]
    for tile in scored_tiles(vectors, tile_rows):
        same = labels[tile.first, None] == labels[None, tile.second]
        mated.append(tile.scores[tile.once & same])
        tail.add(tile.scores[tile.once & ~same])
    return AllPairs(mated=np.concatenate(mated), non_mated=tail.result())


def pairs_above(vectors: F32, threshold: float, *, tile_rows: int = TILE_ROWS) -> tuple[Int, F32]:
    """The pairs of a set that score at or above a threshold.

    Args:
        vectors: (N, D) float32 of length 1.
        threshold: lowest score of interest.
        tile_rows: vectors of a tile's side; only speed and memory depend on it.

    Returns:
        (P, 2) int64 rows, first < second, in order; and their (P,) float32 scores.
    """
    tiles = tiles_of(len(vectors), tile_rows)
    parts = [pairs_of_tile(vectors, threshold, tile) for tile in tiles]
    rows = np.concatenate([np.empty((0, 2), np.int64), *(part.rows for part in parts)])
    scores = np.concatenate([np.empty(0, np.float32), *(part.scores for part in parts)])
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    return rows[order], scores[order]


class _Highest:
    """Keeps the `keep` highest of the scores added."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._floor = np.float32(-np.inf)
        self._parts: list[F32] = []
        self._held = 0
        self._trials = 0

    def add(self, scores: F32) -> None:
        self._trials += len(scores)
        above = scores[scores >= self._floor]
        self._parts.append(above)
        self._held += len(above)
        if self._held > 2 * self._keep:
            self._shrink()

    def result(self) -> ScoreTail:
        self._shrink()
        return ScoreTail(np.sort(self._parts[0]), self._trials)

    def _shrink(self) -> None:
        scores = np.concatenate([np.empty(0, np.float32), *self._parts])
        if len(scores) > self._keep:
            scores = np.partition(scores, len(scores) - self._keep)[-self._keep :]
            self._floor = scores[0]
        self._parts, self._held = [scores], len(scores)
