"""All pairs of a set of faces, in tiles: tens of millions of scores in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.rates import ScoreTail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.records import F32, Bool, Int

__all__ = ["KEPT_SCORES", "AllPairs", "compare_all_pairs", "pairs_above", "score_tiles"]

KEPT_SCORES = 4_000_000
"""Non-mated scores kept per set: 16 MB, and every score of up to 2,800 subjects."""

TILE_ROWS = 512
"""Rows per product: against 10,000 faces one tile of scores takes 20 MB."""


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
    vectors: F32, subjects: Int | None = None, *, keep: int = KEPT_SCORES
) -> AllPairs:
    """Compare each face with each other one.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64, equal for pictures of one person; None where all differ.
        keep: how many of the highest non-mated scores to keep.

    Returns:
        The scores; cosines clipped to -1..1.
    """
    labels = np.arange(len(vectors)) if subjects is None else subjects
    if len(labels) != len(vectors):
        raise UsageError(f"{len(vectors)} vectors but {len(labels)} subjects")
    tail = _Highest(keep)
    mated = [np.empty(0, np.float32)]
    for start, scores, once in score_tiles(vectors):
        same = labels[start : start + len(scores), None] == labels[None, start:]
        mated.append(scores[once & same])
        tail.add(scores[once & ~same])
    return AllPairs(mated=np.concatenate(mated), non_mated=tail.result())


def pairs_above(vectors: F32, threshold: float) -> tuple[Int, F32]:
    """The pairs of a set that score at or above a threshold.

    Args:
        vectors: (N, D) float32 of length 1.
        threshold: lowest score of interest.

    Returns:
        (P, 2) int64 rows, first < second, in order; and their (P,) float32 scores.
    """
    rows: list[Int] = [np.empty((0, 2), np.int64)]
    values = [np.empty(0, np.float32)]
    for start, scores, once in score_tiles(vectors):
        found = np.argwhere(once & (scores >= threshold))
        values.append(scores[found[:, 0], found[:, 1]])
        rows.append(found + start)
    return np.concatenate(rows), np.concatenate(values)


def score_tiles(vectors: F32) -> Iterator[tuple[int, F32, Bool]]:
    """First row, scores against that and all later rows, and which of them count (once each)."""
    for start in range(0, len(vectors), TILE_ROWS):
        scores = vectors[start : start + TILE_ROWS] @ vectors[start:].T
        np.clip(scores, -1.0, 1.0, out=scores)
        yield start, scores, ~np.tri(*scores.shape, dtype=np.bool_)


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
