"""Scores with the subjects of both pictures, from which intervals by subject are made.

Comparisons that share a person are no independent trials. To tell how far that carries, one must
know whose pictures each score compares, and how many comparisons each two people went into.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import numpy as np
from scipy.sparse import csr_array

from fvs.errors import UsageError
from fvs.metrics.pairs import KEPT_SCORES, score_tiles

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F32, F64, Int

__all__ = [
    "AllPairsCounts",
    "KindsOfPairs",
    "ListedCounts",
    "MatedCounts",
    "PairCounts",
    "SubjectPairs",
    "compare_subjects",
]


class PairCounts(Protocol):
    """How many comparisons were made between each two subjects, n_ij of i and j."""

    @property
    def subjects(self) -> int:
        """Subjects that are numbered, S."""

    @property
    def trials(self) -> int:
        """Comparisons in all."""

    @property
    def independent(self) -> int:
        """Comparisons of which no two share a subject: no more than these are independent."""

    @property
    def by_subject(self) -> F64:
        """(S,) comparisons in which each subject takes part."""

    @property
    def squares_between(self) -> float:
        """Sum of the squares of n_ij over pairs of different subjects."""

    def between(self, first: Int, second: Int) -> F64:
        """(K,) n_ij for each of these pairs of subjects."""

    def weighted(self, weights: F64) -> F64:
        """(B,) comparisons when subjects are drawn (B, S) times: sums of w_i w_j n_ij.

        A subject drawn twice meets itself in no non-mated comparison; mated comparisons stay
        within each copy of a subject, so that their weight is w_i and not its square.
        """


@dataclass(frozen=True, eq=False)
class AllPairsCounts:
    """Every picture was compared with each picture of the other subjects.

    Attributes:
        pictures: (S,) float64 pictures of each subject.
    """

    pictures: F64

    @property
    def subjects(self) -> int:
        """Subjects that are numbered."""
        return len(self.pictures)

    @cached_property
    def trials(self) -> int:
        """Comparisons in all."""
        return int(self.by_subject.sum()) // 2

    @property
    def independent(self) -> int:
        """Comparisons of which no two share a subject."""
        return int((self.pictures > 0).sum()) // 2

    @cached_property
    def by_subject(self) -> F64:
        """(S,) comparisons in which each subject takes part."""
        return np.asarray(self.pictures * (self.pictures.sum() - self.pictures))

    @cached_property
    def squares_between(self) -> float:
        """Sum of the squares of n_ij over pairs of different subjects."""
        squares = self.pictures**2
        return float(squares.sum() ** 2 - (squares**2).sum()) / 2.0

    def between(self, first: Int, second: Int) -> F64:
        """(K,) n_ij for each of these pairs of subjects."""
        return self.pictures[first] * self.pictures[second]

    def weighted(self, weights: F64) -> F64:
        """(B,) comparisons when subjects are drawn (B, S) times."""
        drawn = weights * self.pictures
        return np.asarray((drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)) / 2.0)


@dataclass(frozen=True, eq=False)
class ListedCounts:
    """The comparisons of a list, between different subjects.

    Attributes:
        matrix: (S, S) sparse n_ij, each pair once, i < j.
    """

    matrix: csr_array

    @classmethod
    def of(cls, first: Int, second: Int, subjects: int) -> Self:
        """Count the comparisons of each two subjects."""
        low, high = np.minimum(first, second), np.maximum(first, second)
        ones = np.ones(len(low), np.float64)
        return cls(csr_array((ones, (low, high)), shape=(subjects, subjects)))

    @property
    def subjects(self) -> int:
        """Subjects that are numbered."""
        return int(self.matrix.shape[0])

    @cached_property
    def trials(self) -> int:
        """Comparisons in all."""
        return int(self.matrix.sum())

    @property
    def independent(self) -> int:
        """Comparisons of which no two share a subject."""
        return int((self.by_subject > 0).sum()) // 2

    @cached_property
    def by_subject(self) -> F64:
        """(S,) comparisons in which each subject takes part."""
        return np.asarray(self.matrix.sum(axis=0) + self.matrix.sum(axis=1), np.float64)

    @cached_property
    def squares_between(self) -> float:
        """Sum of the squares of n_ij over pairs of different subjects."""
        return float((self.matrix.data**2).sum())

    def between(self, first: Int, second: Int) -> F64:
        """(K,) n_ij for each of these pairs of subjects."""
        low, high = np.minimum(first, second), np.maximum(first, second)
        if not len(low):
            return np.empty(0, np.float64)
        return np.asarray(self.matrix[low, high], np.float64).ravel()

    def weighted(self, weights: F64) -> F64:
        """(B,) comparisons when subjects are drawn (B, S) times."""
        return np.asarray(((weights @ self.matrix) * weights).sum(axis=1), np.float64)


@dataclass(frozen=True, eq=False)
class MatedCounts:
    """Comparisons of pictures of one subject.

    Attributes:
        by_subject: (S,) float64 comparisons of each subject.
    """

    by_subject: F64

    @property
    def subjects(self) -> int:
        """Subjects that are numbered."""
        return len(self.by_subject)

    @cached_property
    def trials(self) -> int:
        """Comparisons in all."""
        return int(self.by_subject.sum())

    @property
    def independent(self) -> int:
        """Comparisons of which no two share a subject: one of each that has any."""
        return int((self.by_subject > 0).sum())

    @property
    def squares_between(self) -> float:
        """There are no comparisons of different subjects."""
        return 0.0

    def between(self, first: Int, second: Int) -> F64:
        """(K,) zeros: there are no comparisons of different subjects."""
        return np.zeros(np.broadcast(first, second).shape, np.float64)

    def weighted(self, weights: F64) -> F64:
        """(B,) comparisons when subjects are drawn (B, S) times."""
        return np.asarray(weights @ self.by_subject, np.float64)


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


def compare_subjects(vectors: F32, subjects: Int, *, keep: int = KEPT_SCORES) -> KindsOfPairs:
    """Compare each face with each other one, and remember whose they are.

    Args:
        vectors: (N, D) float32 of length 1.
        subjects: (N,) int64 number of the person of each, from 0.
        keep: how many of the highest non-mated pairs to keep.

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
    for start, scores, once in score_tiles(vectors):
        rows, columns = subjects[start : start + len(scores)], subjects[start:]
        same = once & (rows[:, None] == columns[None])
        mated.append(scores[same])
        owners.append(rows[np.nonzero(same)[0]])
        row, column = np.nonzero(once & ~same & (scores >= highest.floor))
        highest.add(scores[row, column], rows[row], columns[column])
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
