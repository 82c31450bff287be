"""How much errors gather on subjects: the sums from which variances by subject are made.

Two comparisons may go wrong together where they share a subject. The variance of an error rate is
that of two-way clustered ("dyadic") data: Fafchamps and Gubert, "The formation of risk sharing
networks", J. Development Economics 83 (2007), and Aronow, Samii and Assenova, "Cluster-robust
variance estimation for dyadic data", Political Analysis 23 (2015):

    N**2 V = sum_i S_i**2 - sum_{i<j} D_ij**2

D_ij being the errors between subjects i and j less the number expected, and S_i their sum over j.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.records import F64, Int

__all__ = ["Spread", "subject_spread"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Sums over surpluses: errors of a subject, or of a pair of subjects, less those expected.

    Attributes:
        trials: comparisons in all.
        subjects: (T,) sum over subjects of their squares.
        subjects_fourth: (T,) sum over subjects of their fourth powers.
        pairs: (T,) sum over pairs of different subjects of their squares.
    """

    trials: int
    subjects: F64
    subjects_fourth: F64
    pairs: F64

    @property
    def variance(self) -> F64:
        """(T,) of the error rate; never below what independent pairs of subjects would have."""
        return self.least(self.subjects - self.pairs)

    def least(self, squares: F64) -> F64:
        """(T,) the variance of a sum of squares, no lower than that of pairs alone."""
        return np.asarray(np.maximum(squares, self.pairs) / float(self.trials) ** 2)

    @property
    def freedom(self) -> F64:
        """(T,) degrees of freedom of the variance: as many as subjects carry it.

        By Satterthwaite's rule a sum of squares with unequal parts has (sum)**2 / sum of squares.
        """
        freedom = np.divide(
            self.subjects**2,
            self.subjects_fourth,
            out=np.full(len(self.subjects), np.inf),
            where=self.subjects_fourth > 0,
        )
        return np.asarray(np.maximum(freedom, 1.0))


def subject_spread(pairs: SubjectPairs, accepted: Int) -> Spread:
    """The sums of the variance when so many of the highest scores accept.

    They are sums over all comparisons of errors less their mean, and the same for the scores that
    accept as for those that do not.

    Args:
        pairs: the comparisons.
        accepted: (T,) how many accept, 0..K.
    """
    share = accepted / float(pairs.trials)
    first, second = pairs.first[::-1], pairs.second[::-1]
    if pairs.counts.squares_between == 0:  # mated: each comparison has one subject
        alone = _Surplus.of(first, pairs.counts.by_subject)
        moments = alone.moments(accepted, share)
        return Spread(pairs.trials, *moments, pairs=np.zeros(len(accepted)))
    members = np.stack([first, second], axis=1).ravel()
    moments = _Surplus.of(members, pairs.counts.by_subject).moments(2 * accepted, share)
    both = np.minimum(first, second) * pairs.subjects + np.maximum(first, second)
    errors = _running(2.0 * _earlier(both) + 1.0)[accepted]
    crossed = _running(pairs.counts.between(first, second))[accepted]
    of_pairs = errors - 2.0 * share * crossed + share**2 * pairs.counts.squares_between
    return Spread(pairs.trials, *moments, pairs=of_pairs)


@dataclass(frozen=True, eq=False)
class _Surplus:
    """Moments of (errors - share * comparisons) over subjects, as errors come one by one.

    Attributes:
        sums: [p, q] -> (K + 1,) sum over subjects of errors**p * comparisons**q.
    """

    sums: dict[tuple[int, int], F64]

    @classmethod
    def of(cls, owners: Int, comparisons: F64) -> Self:
        """Owners of errors in the order in which these come, and how often each is compared."""
        before, weight = _earlier(owners), comparisons[owners]
        sums = {(0, q): np.array([(comparisons**q).sum()]) for q in (2, 4)}
        for p, q in ((1, 1), (2, 0), (1, 3), (2, 2), (3, 1), (4, 0)):
            sums[p, q] = _running(((before + 1.0) ** p - before**p) * weight**q)
        return cls(sums)

    def moments(self, count: Int, share: F64) -> tuple[F64, F64]:
        """(T,) sums of squares and of fourth powers after so many errors."""
        m = {key: sums[count] if len(sums) > 1 else sums[0] for key, sums in self.sums.items()}
        squares = m[2, 0] - 2 * share * m[1, 1] + share**2 * m[0, 2]
        fourth = (
            m[4, 0]
            - 4 * share * m[3, 1]
            + 6 * share**2 * m[2, 2]
            - 4 * share**3 * m[1, 3]
            + share**4 * m[0, 4]
        )
        return np.asarray(squares), np.asarray(fourth)


def _running(values: F64) -> F64:
    return np.asarray(np.concatenate([[0.0], np.cumsum(values)]), np.float64)


def _earlier(owners: Int) -> F64:
    """(K,) how often each entry has come before."""
    order = np.argsort(owners, kind="stable")
    in_order = owners[order]
    starts = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1])[: len(owners)])
    lengths = np.diff(np.append(starts, len(owners)))
    earlier = np.empty(len(owners), np.int64)
    earlier[order] = np.arange(len(owners)) - np.repeat(starts, lengths)
    return earlier.astype(np.float64)
