"""Intervals of FMR and FNMR that know which comparisons share a person.

From the variance (`fvs.metrics.subject_spread`) follow effective trials, p (1 - p) / V, never more
than were made; and the exact binomial interval of as many trials is taken, after Korn and Graubard,
"Confidence intervals for proportions with small expected number of positive counts estimated from
survey data", Survey Methodology 24 (1998). So the interval is Clopper and Pearson's where
comparisons are independent, and keeps its level where errors are few.

Where no error (or nothing else) was seen there is no variance to go by. Then comparisons count as
the least that they can be worth: about half the subjects for FMR, the subjects for FNMR. Effective
trials are never fewer than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from fvs.errors import UsageError
from fvs.metrics.intervals import BEYOND_ONE_BOUND
from fvs.metrics.rates import HIGHEST_SCORE, SCORE_STEP
from fvs.metrics.subject_spread import subject_spread

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.records import F64, Bool, Int

__all__ = [
    "BoundMethod",
    "RateBand",
    "SubjectRate",
    "Variance",
    "band_of",
    "effective_band",
    "false_match_band",
    "false_non_match_band",
    "subject_threshold_within",
]

FEWEST_SUBJECTS = 2


class BoundMethod(StrEnum):
    """How the bounds of a rate were found."""

    SUBJECTS = "exact binomial on effective trials, comparisons that share a subject correlated"
    INDEPENDENT_SUBJECTS = "exact binomial on the fewest trials that these can be worth, none wrong"


class SubjectRate(NamedTuple):
    """A rate with an interval that knows which comparisons share a subject.

    Attributes:
        threshold: it holds at.
        errors: comparisons in error.
        trials: comparisons in all.
        subjects: that take part.
        point: errors / trials.
        lower_95: two-sided 95 %.
        upper_95: likewise.
        effective_trials: independent comparisons that would tell as much.
        method: of the bounds.
    """

    threshold: float
    errors: int
    trials: int
    subjects: int
    point: float
    lower_95: float
    upper_95: float
    effective_trials: float
    method: BoundMethod


@dataclass(frozen=True, eq=False)
class RateBand:
    """A rate at each of some thresholds, with pointwise 95 % intervals.

    Attributes:
        thresholds: (T,) float64.
        errors: (T,) int64.
        trials: comparisons in all.
        subjects: that take part in any.
        effective_trials: (T,) float64.
        lower_95: (T,) float64.
        upper_95: (T,) float64.
    """

    thresholds: F64
    errors: Int
    trials: int
    subjects: int
    effective_trials: F64
    lower_95: F64
    upper_95: F64

    def __len__(self) -> int:
        return len(self.thresholds)

    def __repr__(self) -> str:
        return f"RateBand(thresholds={len(self)}, trials={self.trials}, subjects={self.subjects})"

    @property
    def point(self) -> F64:
        """(T,) float64 errors / trials."""
        return self.errors / self.trials

    def at(self, row: int) -> SubjectRate:
        """The rate at one of the thresholds."""
        errors = int(self.errors[row])
        seen = 0 < errors < self.trials
        return SubjectRate(
            threshold=float(self.thresholds[row]),
            errors=errors,
            trials=self.trials,
            subjects=self.subjects,
            point=errors / self.trials,
            lower_95=float(self.lower_95[row]),
            upper_95=float(self.upper_95[row]),
            effective_trials=float(self.effective_trials[row]),
            method=BoundMethod.SUBJECTS if seen else BoundMethod.INDEPENDENT_SUBJECTS,
        )


class Variance(NamedTuple):
    """Of an error rate at some thresholds.

    Attributes:
        squared: (T,) in squared rates.
        freedom: (T,) degrees of freedom of its estimate.
    """

    squared: F64
    freedom: F64


def false_match_band(non_mated: SubjectPairs, thresholds: npt.ArrayLike) -> RateBand:
    """FMR at some thresholds, with intervals by subject.

    Raises:
        UsageError: a threshold reaches into scores left out, or there are fewer than two subjects.

    Example:
        >>> import numpy as np
        >>> from fvs.metrics import SubjectPairs
        >>> first, second = np.triu_indices(40, 1)
        >>> scores = np.random.default_rng(0).normal(0.1, 0.1, len(first))
        >>> pairs = SubjectPairs.non_mated(scores, first, second)
        >>> found = false_match_band(pairs, [0.3]).at(0)
        >>> found.errors, found.trials, found.lower_95 < found.point < found.upper_95
        (14, 780, True)
    """
    return band_of(non_mated, thresholds, non_mated.accepted_at(thresholds))


def false_non_match_band(mated: SubjectPairs, thresholds: npt.ArrayLike) -> RateBand:
    """FNMR at some thresholds, with intervals by subject.

    Raises:
        UsageError: there are fewer than two subjects.
    """
    return band_of(mated, thresholds, mated.trials - mated.accepted_at(thresholds))


def subject_threshold_within(non_mated: SubjectPairs, target: float) -> SubjectRate | None:
    """The lowest multiple of `SCORE_STEP` at which the upper bound of FMR is within the target.

    A higher one need not be: where fewer errors are left, less is known of how they gather.

    Returns:
        The false match rate at that threshold; None where this data cannot show the target.

    Raises:
        UsageError: the target is not between 0 and 1, there are fewer than two subjects, or more
            scores would have to have been kept.
    """
    if not 0.0 < target < 1.0:
        raise UsageError(f"a target rate lies between 0 and 1, not at {target}")
    band = false_match_band(non_mated, _grid_above(non_mated))
    within = np.flatnonzero(band.upper_95 <= target)
    if not len(within):
        return None
    if within[0] == 0 and math.isfinite(non_mated.floor):
        raise UsageError(f"too few non-mated scores were kept for FMR {target:g}")
    return band.at(int(within[0]))


def band_of(pairs: SubjectPairs, thresholds: npt.ArrayLike, errors: Int) -> RateBand:
    """Intervals of errors counted at some thresholds.

    Args:
        pairs: the comparisons.
        thresholds: (T,).
        errors: (T,) scores that accept, or those that do not.

    Raises:
        UsageError: there are fewer than two subjects.
    """
    spread = subject_spread(pairs, pairs.accepted_at(thresholds))
    return effective_band(pairs, thresholds, errors, Variance(spread.variance, spread.freedom))


def effective_band(
    pairs: SubjectPairs, thresholds: npt.ArrayLike, errors: Int, variance: Variance
) -> RateBand:
    """Exact binomial intervals on effective trials.

    Args:
        pairs: the comparisons.
        thresholds: (T,).
        errors: (T,) of them that are wrong.
        variance: of the error rate at each.

    Raises:
        UsageError: there are fewer than two subjects.
    """
    taking_part = int((pairs.counts.by_subject > 0).sum())
    if taking_part < FEWEST_SUBJECTS:
        raise UsageError(
            f"{taking_part} subjects say nothing of others",
            advice="Intervals by subject need at least two, and hundreds to be narrow.",
        )
    seen = (errors > 0) & (errors < pairs.trials)
    fewest = min(pairs.counts.independent, float(pairs.trials))
    worth = _effective_trials(errors / pairs.trials, variance, taking_part)
    trials = np.where(seen, np.clip(worth, fewest, pairs.trials), fewest)
    wrong = trials * (errors / pairs.trials)
    lower, upper = _binomial_bounds(wrong, trials, errors > 0, errors < pairs.trials)
    return RateBand(
        thresholds=np.atleast_1d(np.asarray(thresholds, np.float64)),
        errors=errors,
        trials=pairs.trials,
        subjects=taking_part,
        effective_trials=trials,
        lower_95=lower,
        upper_95=upper,
    )


def _effective_trials(point: F64, variance: Variance, subjects: int) -> F64:
    """The trials p (1 - p) / V, less as V is itself an estimate, by Student's t."""
    freedom = np.minimum(variance.freedom, subjects - 1)
    narrowing = (ndtri(BEYOND_ONE_BOUND) / stdtrit(freedom, BEYOND_ONE_BOUND)) ** 2
    worth = np.divide(
        point * (1.0 - point) * narrowing,
        variance.squared,
        out=np.full(len(point), np.inf),
        where=variance.squared > 0,
    )
    return np.asarray(worth, np.float64)


def _binomial_bounds(errors: F64, trials: F64, some: Bool, not_all: Bool) -> tuple[F64, F64]:
    """Clopper and Pearson's bounds of counts that need not be whole."""
    right = trials - errors
    lower = betaincinv(np.where(some, errors, 1.0), right + 1.0, BEYOND_ONE_BOUND)
    upper = betaincinv(errors + 1.0, np.where(not_all, right, 1.0), 1.0 - BEYOND_ONE_BOUND)
    return np.where(some, lower, 0.0), np.where(not_all, upper, 1.0)


def _grid_above(pairs: SubjectPairs) -> F64:
    """Multiples of `SCORE_STEP` above the floor of these scores, to one that refuses them all."""
    lowest = pairs.floor if math.isfinite(pairs.floor) else float(pairs.scores.min(initial=0.0))
    highest = min(HIGHEST_SCORE, float(pairs.scores.max(initial=0.0)) + 2 * SCORE_STEP)
    steps = np.arange(math.floor(lowest / SCORE_STEP), math.ceil(highest / SCORE_STEP) + 1)
    grid = np.round(steps * SCORE_STEP, 4)
    return np.asarray(grid[grid.astype(np.float32) > np.float32(pairs.floor)], np.float64)
