"""How many comparisons each two people went into: all pairs, a list of pairs, or mated pairs.

A replicate of the bootstrap has as many comparisons as the weights of people say; no list of pairs
is gone through for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from fvs.records import F64, Int

__all__ = ["AllPairsCounts", "ListedCounts", "MatedCounts", "PairCounts"]


class PairCounts(Protocol):
    """How many comparisons were made between each two subjects, n_ij of i and j."""

    @property
    def subjects(self) -> int:
        """Subjects that are numbered, S."""

    @property
    def trials(self) -> int:
        """Comparisons in all."""

    @property
    def independent(self) -> float:
        """Independent comparisons that these are worth at the least, whatever subjects do.

        Comparisons that share one subject correlate by at most 1/2 (Hoeffding, "A class of
        statistics with asymptotically normal distribution", Annals of Mathematical Statistics 19
        (1948)), those that share both by at most 1. So it is 2 N**2 / sum_i N_i**2, half the
        subjects where all have as many comparisons; of mated ones N**2 / sum_i N_i**2.
        """

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
    def independent(self) -> float:
        """Independent comparisons that these are worth at the least."""
        return 2.0 * _worth(self.trials, self.by_subject)

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
    def independent(self) -> float:
        """Independent comparisons that these are worth at the least."""
        return 2.0 * _worth(self.trials, self.by_subject)

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
    def independent(self) -> float:
        """Independent comparisons that these are worth at the least."""
        return _worth(self.trials, self.by_subject)

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


def _worth(trials: int, by_subject: F64) -> float:
    squares = float((by_subject**2).sum())
    return float(trials) ** 2 / squares if squares else 0.0
