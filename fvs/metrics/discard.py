"""Error versus discard: how FNMR falls as the comparisons of lowest quality are left out.

The error-versus-discard characteristic (EDC) of ISO/IEC 29794-1:2024, after Grother and Tabassi,
"Performance of Biometric Quality Measures", IEEE PAMI 29 (2007): the threshold stays, the pairs
whose quality is lowest are discarded, and FNMR is counted over the pairs that are left. A quality
measure is good as far as its curve falls like that of an oracle that discards the errors first.

Ties: pairs of equal quality go in even shares, their errors spread evenly among them, which is the
mean over all orders in which they could be discarded. Constant quality so gives a flat curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from fvs.records import F64, Bool, Int

__all__ = [
    "BOOTSTRAP_ROUNDS",
    "PARTIAL_SHARE",
    "DiscardCurve",
    "Interval",
    "area_recovered",
    "bootstrap_by_subject",
    "pair_quality",
]

PARTIAL_SHARE = 0.2
"""Areas are taken up to a fifth discarded: nobody would refuse more people than that."""

BOOTSTRAP_ROUNDS = 1000


class Interval(NamedTuple):
    """A statistic of all subjects and the percentile interval of its bootstrap."""

    point: float
    lower_95: float
    upper_95: float


@dataclass(frozen=True, eq=False)
class DiscardCurve:
    """What is left after each level of quality has been discarded, the lowest first.

    Attributes:
        pairs_left: (K + 1,) int64 mated pairs left, from all of them to 0, one step a level.
        errors_left: (K + 1,) int64 false non-matches among those.
    """

    pairs_left: Int
    errors_left: Int

    @classmethod
    def of(cls, quality: npt.ArrayLike, is_error: Bool) -> Self:
        """Sort once and count.

        Args:
            quality: (N,) of each mated pair, higher is better; -inf goes first.
            is_error: (N,) True where the pair's score lies below the threshold.

        Raises:
            UsageError: no pairs, lengths that differ, or a quality that is NaN.
        """
        values, errors = np.asarray(quality, np.float64), np.asarray(is_error, np.bool_)
        if values.shape != errors.shape or values.ndim != 1 or not len(values):
            raise UsageError(f"{values.shape} qualities do not fit {errors.shape} pairs")
        if np.isnan(values).any():
            raise UsageError(
                "a pair has no quality", advice="Say -inf where it could not be assessed."
            )
        _, level, pairs = np.unique(values, return_inverse=True, return_counts=True)
        errors_at = np.bincount(level[errors], minlength=len(pairs))
        return cls(
            pairs_left=len(values) - np.concatenate([[0], np.cumsum(pairs)]),
            errors_left=int(errors.sum()) - np.concatenate([[0], np.cumsum(errors_at)]),
        )

    def __repr__(self) -> str:
        return f"DiscardCurve(pairs={self.pairs}, errors={self.errors})"

    @property
    def pairs(self) -> int:
        """Mated pairs in all."""
        return int(self.pairs_left[0])

    @property
    def errors(self) -> int:
        """False non-matches in all."""
        return int(self.errors_left[0])

    def oracle(self) -> DiscardCurve:
        """The curve of a quality that discards every error before anything else."""
        if self.errors in (0, self.pairs):
            return self.unordered()
        levels = [self.pairs, self.pairs - self.errors, 0]
        return DiscardCurve(np.array(levels), np.array([self.errors, 0, 0]))

    def unordered(self) -> DiscardCurve:
        """The curve of a quality that knows nothing: flat, the mean of discarding at random."""
        return DiscardCurve(np.array([self.pairs, 0]), np.array([self.errors, 0]))

    def fnmr_at(self, shares: npt.ArrayLike) -> F64:
        """FNMR over the pairs left when these shares of all pairs are discarded.

        Args:
            shares: (M,) in 0..1, 1 excluded.

        Raises:
            UsageError: a share leaves nothing.
        """
        discarded = np.asarray(shares, np.float64)
        if np.any(discarded < 0) or np.any(discarded >= 1):
            raise UsageError("a discarded share lies in 0..1, and 1 leaves nothing to count")
        left = self.pairs * (1.0 - discarded)
        return np.asarray(self._errors_with(left) / left, np.float64)

    def area_to(self, share: float = PARTIAL_SHARE) -> float:
        """Partial area under the curve (pAUC of ISO/IEC 29794-1), nothing discarded to this share.

        It is exact: between two levels the errors left are linear in the pairs left, e = s n + c,
        so that the area is the integral of s + c / n.

        Raises:
            UsageError: the share is not within 0..1, 1 excluded.
        """
        if not 0.0 <= share < 1.0:
            raise UsageError(f"an area reaches to a share in 0..1, not {share}")
        last = self.pairs * (1.0 - share)
        n = np.append(self.pairs_left[self.pairs_left > last], last).astype(np.float64)
        e = self._errors_with(n)
        width = n[:-1] - n[1:]
        slope = np.divide(e[:-1] - e[1:], width, out=np.zeros_like(width), where=width > 0)
        offset = e[:-1] - slope * n[:-1]
        area = slope * width + offset * np.log(n[:-1] / n[1:])
        return float(area.sum()) / self.pairs

    def _errors_with(self, pairs_left: F64) -> F64:
        """Errors among so many pairs left, levels discarded in part included."""
        return np.asarray(np.interp(pairs_left, self.pairs_left[::-1], self.errors_left[::-1]))


def pair_quality(quality: npt.ArrayLike, first: Int, second: Int) -> F64:
    """Quality of comparisons: that of the worse picture.

    Args:
        quality: (N,) of pictures; NaN where it could not be assessed, which is worse than any.
        first: (P,) rows.
        second: (P,) rows.
    """
    values = np.asarray(quality, np.float64)
    assessed = np.where(np.isnan(values), -np.inf, values)
    return np.asarray(np.minimum(assessed[first], assessed[second]), np.float64)


def area_recovered(curve: DiscardCurve, share: float = PARTIAL_SHARE) -> float:
    """How much of the oracle's gain over chance a quality brings, by areas up to `share`.

    Returns:
        1 for the oracle, 0 for chance, below 0 for worse than chance; NaN without any error, or
        where all pairs are errors, for then there is nothing to gain.
    """
    chance = curve.unordered().area_to(share)
    best = curve.oracle().area_to(share)
    if curve.errors in (0, curve.pairs) or chance <= best:
        return float("nan")
    return (chance - curve.area_to(share)) / (chance - best)


def bootstrap_by_subject(
    statistic: Callable[[Int], float],
    subjects: Int,
    *,
    seed: int,
    rounds: int = BOOTSTRAP_ROUNDS,
) -> Interval:
    """A statistic of pairs with the interval over other draws of as many subjects.

    Pairs of one subject share pictures and so are no independent trials; subjects are.

    Args:
        statistic: of (P,) rows of pairs, some of which may stand several times.
        subjects: (N,) whose pair each row is.
        seed: of the draws.
        rounds: how many draws.

    Returns:
        The statistic of all rows, and the middle 95 % of those draws that have one (not NaN).

    Raises:
        UsageError: there are no subjects.
    """
    if not len(subjects):
        raise UsageError("there are no subjects to draw from")
    order = np.argsort(subjects, kind="stable")
    _, starts = np.unique(subjects[order], return_index=True)
    groups = np.split(order, starts[1:])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        chosen = rng.integers(len(groups), size=len(groups))
        drawn.append(statistic(np.concatenate([groups[k] for k in chosen])))
    tail = 100.0 * (1.0 - CONFIDENCE) / 2.0
    lower, upper = np.nanpercentile(drawn, [tail, 100.0 - tail])
    return Interval(statistic(np.arange(len(subjects))), float(lower), float(upper))
