"""Scores with the subjects of both pictures, from which intervals by subject are made.

Comparisons that share a person are no independent trials. To tell how far that carries, one must
know whose pictures each score compares, and how many comparisons each two people went into.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.pair_counts import AllPairsCounts, ListedCounts, MatedCounts
from fvs.metrics.pairs import KEPT_SCORES
from fvs.metrics.tiles import TILE_ROWS, scored_tiles

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.metrics.pair_counts import PairCounts
    from fvs.records import F32, Int

__all__ = [
    "KindsOfPairs",
    "SubjectPairs",
    "compare_subjects",
]


@dataclass(frozen=True, eq=False)
class SubjectPairs:
    """Comparisons of one kind, mated or non-mated, ascending by score.

    Attributes:
        scores: (K,) float32, ascending; the highest of all where some were left out.
        first: (K,) int64 number of the first picture's subject, 0..S-1.
        second: (K,) int64 likewise; equal to `first` where the pairs are mated.
        counts: of all comparisons, those left out included.

    Example:
        >>> pairs = SubjectPairs.non_mated([0.1, 0.3, 0.2], [0, 0, 1], [1, 2, 2])
        >>> pairs
        SubjectPairs(kept=3, trials=3, subjects=3)
        >>> pairs.accepted_at([0.2]).tolist()
        [2]
    """

    scores: F32
    first: Int
    second: Int
    counts: PairCounts

    @classmethod
    def mated(cls, scores: npt.ArrayLike, subject: npt.ArrayLike, subjects: int = 0) -> Self:
        """Comparisons of pictures of one subject each.

        Args:
            scores: (N,).
            subject: (N,) number of the subject, from 0.
            subjects: how many are numbered, where that is more than have a comparison.

        Raises:
            UsageError: lengths differ, or a score is not finite.
        """
        values, (who,) = _checked(scores, subject)
        numbered = max(subjects, int(who.max(initial=-1)) + 1)
        per_subject = np.bincount(who, minlength=numbered).astype(np.float64)
        order = np.argsort(values, kind="stable")
        return cls(values[order], who[order], who[order], MatedCounts(per_subject))

    @classmethod
    def non_mated(
        cls,
        scores: npt.ArrayLike,
        first_subject: npt.ArrayLike,
        second_subject: npt.ArrayLike,
        subjects: int = 0,
    ) -> Self:
        """Comparisons of pictures of different subjects, all of them listed.

        Args:
            scores: (N,).
            first_subject: (N,) number of one subject, from 0.
            second_subject: (N,) number of the other.
            subjects: how many are numbered, where that is more than have a comparison.

        Raises:
            UsageError: lengths differ, a score is not finite, or a pair is mated.
        """
        values, (first, second) = _checked(scores, first_subject, second_subject)
        if np.any(first == second):
            raise UsageError("a non-mated pair has two subjects, and one of these has one")
        numbered = max(subjects, int(max(first.max(initial=-1), second.max(initial=-1))) + 1)
        counts = ListedCounts.of(first, second, numbered)
        order = np.argsort(values, kind="stable")
        return cls(values[order], first[order], second[order], counts)

    def __repr__(self) -> str:
        return (
            f"SubjectPairs(kept={len(self.scores)}, trials={self.trials}, subjects={self.subjects})"
        )

    @property
    def trials(self) -> int:
        """Comparisons in all."""
        return self.counts.trials

    @property
    def subjects(self) -> int:
        """Subjects that are numbered."""
        return self.counts.subjects

    @property
    def floor(self) -> float:
        """Counts are exact for thresholds above this; -inf where nothing was left out."""
        return -math.inf if len(self.scores) == self.trials else float(self.scores[0])

    def accepted_at(self, thresholds: npt.ArrayLike) -> Int:
        """(T,) scores at or above each threshold.

        Raises:
            UsageError: a threshold reaches into the scores left out.
        """
        return len(self.scores) - self.positions(thresholds)

    def positions(self, thresholds: npt.ArrayLike) -> Int:
        """(T,) first row at or above each threshold.

        Raises:
            UsageError: a threshold reaches into the scores left out.
        """
        boundary = np.atleast_1d(np.asarray(thresholds, np.float32))
        if np.any(boundary <= self.floor) or np.isnan(boundary).any():
            raise UsageError(f"a threshold is not above the kept scores ({self.floor})")
        return np.asarray(np.searchsorted(self.scores, boundary, side="left"), np.int64)


class KindsOfPairs(NamedTuple):
    """Both kinds of comparison of one system, over the same numbered subjects."""

    mated: SubjectPairs
    non_mated: SubjectPairs


def compare_subjects(
    vectors: F32, subjects: Int, *, keep: int = KEPT_SCORES, tile_rows: int = TILE_ROWS
) -> KindsOfPairs:
    """Compare each face with each other one, and remember whose they are.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64 number of the person of each, from 0.
        keep: how many of the highest non-mated pairs to keep.
        tile_rows: vectors of a tile's side; only speed and memory depend on it.

    Returns:
        The mated pairs, all of them, and the non-mated ones, the highest of them; cosines clipped
        to -1..1.

    Raises:
        UsageError: lengths differ.
    """
    if len(vectors) != len(subjects):
        raise UsageError(f"{len(vectors)} vectors but {len(subjects)} subjects")
    numbered = int(subjects.max(initial=-1)) + 1
    highest = _HighestPairs(keep)
    mated = [np.empty(0, np.float32)]
    owners = [np.empty(0, np.int64)]
    for tile in scored_tiles(vectors, tile_rows):
        rows, columns = subjects[tile.first], subjects[tile.second]
        same = tile.once & (rows[:, None] == columns[None])
        mated.append(tile.scores[same])
        owners.append(rows[np.nonzero(same)[0]])
        row, column = np.nonzero(tile.once & ~same & (tile.scores >= highest.floor))
        highest.add(tile.scores[row, column], rows[row], columns[column])
    pictures = np.bincount(subjects, minlength=numbered).astype(np.float64)
    return KindsOfPairs(
        mated=SubjectPairs.mated(np.concatenate(mated), np.concatenate(owners), numbered),
        non_mated=highest.result(AllPairsCounts(pictures)),
    )


class _HighestPairs:
    """Keeps the `keep` highest of the pairs added."""

    def __init__(self, keep: int) -> None:
        self.floor = np.float32(-np.inf)
        self._keep = keep
        self._columns = (np.empty(0, np.float32), np.empty(0, np.int64), np.empty(0, np.int64))

    def add(self, scores: F32, first: Int, second: Int) -> None:
        values = np.concatenate([self._columns[0], scores])
        one = np.concatenate([self._columns[1], first])
        other = np.concatenate([self._columns[2], second])
        if len(values) > self._keep:
            kept = np.argpartition(values, len(values) - self._keep)[-self._keep :]
            values, one, other = values[kept], one[kept], other[kept]
            self.floor = np.float32(values.min())
        self._columns = (values, one, other)

    def result(self, counts: PairCounts) -> SubjectPairs:
        scores, first, second = self._columns
        order = np.argsort(scores, kind="stable")
        return SubjectPairs(scores[order], first[order], second[order], counts)


def _checked(scores: npt.ArrayLike, *subjects: npt.ArrayLike) -> tuple[F32, list[Int]]:
    values = np.asarray(scores, np.float32)
    numbers = [np.asarray(one, np.int64) for one in subjects]
    if values.ndim != 1 or any(one.shape != values.shape for one in numbers):
        raise UsageError(f"{values.shape} scores do not fit {[one.shape for one in numbers]}")
    if not np.isfinite(values).all():
        raise UsageError("scores must be finite; leave out rows whose status is not OK")
    if any(one.min(initial=0) < 0 for one in numbers):
        raise UsageError("subjects are numbered from 0")
    return values, numbers
