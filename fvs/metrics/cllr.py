"""How good likelihood ratios are: Cllr, its minimum, devPAV, and curves over the prior.

Cllr after Brümmer and du Preez, "Application-independent evaluation of speaker detection",
Computer Speech and Language 20 (2006); empirical cross-entropy after Ramos and Gonzalez-Rodriguez,
"Reliable support", Forensic Science International 230 (2013); devPAV after Vergeer et al.,
"Measuring calibration of likelihood-ratio systems", Forensic Science International 321 (2021).

All logarithms of ratios are to base 10, costs are in bits. A cost of 0 is perfect knowledge, Cllr
of 1 is a system that always says 1, above it one that misleads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from fvs.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F64

__all__ = [
    "PRIORS_LOG10_ODDS",
    "PriorCurves",
    "Steps",
    "best_log10_lrs",
    "calibration_loss",
    "cllr",
    "curves_over_prior",
    "dev_pav",
    "min_cllr",
    "pool_adjacent_violators",
]

LN_10 = math.log(10.0)
LN_2 = math.log(2.0)

PRIORS_LOG10_ODDS = tuple(np.linspace(-6.0, 3.0, 91).round(1).tolist())
"""From one stranger short of a million to a thousand genuine subjects for each impostor."""


class Steps(NamedTuple):
    """The best ratios that never fall with the score; step k holds scores `lowest` to `highest`.

    Attributes:
        lowest: (K,) float64 ascending.
        highest: (K,) float64.
        log10_lr: (K,) float64 ascending; -inf below every mated score, +inf above every other.
    """

    lowest: F64
    highest: F64
    log10_lr: F64


@dataclass(frozen=True, eq=False)
class PriorCurves:
    """Costs at each prior: of a system, of the best that its order allows, of knowing nothing.

    Attributes:
        prior_log10_odds: (K,) of mated against non-mated.
        entropy: (K,) empirical cross-entropy in bits; at odds of 1 it is Cllr.
        entropy_calibrated: (K,) the same after PAV.
        entropy_neutral: (K,) of a ratio that is always 1.
        error: (K,) Bayes error rate of accepting where LR * odds >= 1.
        error_calibrated: (K,) the same after PAV: the lowest that any threshold has.
        error_neutral: (K,) of always deciding for what is likelier beforehand.
    """

    prior_log10_odds: F64
    entropy: F64
    entropy_calibrated: F64
    entropy_neutral: F64
    error: F64
    error_calibrated: F64
    error_neutral: F64


def cllr(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> float:
    """Log-likelihood-ratio cost.

    Args:
        mated: (M,) log10 likelihood ratios of comparisons of one person; may be infinite.
        non_mated: (N,) of two people.

    Returns:
        Bits, at least 0; +inf where an infinite ratio misleads.

    Raises:
        UsageError: one kind is missing, or a ratio is NaN.
    """
    return _cross_entropy(*_both(mated, non_mated), 0.0)


def min_cllr(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> float:
    """Cllr of the best ratios that keep the order of these: what calibration cannot remove.

    Args:
        mated: (M,) scores or log10 likelihood ratios.
        non_mated: (N,) likewise.

    Returns:
        Bits, 0 to 1.

    Raises:
        UsageError: as `cllr`.
    """
    return cllr(*best_log10_lrs(mated, non_mated))


def calibration_loss(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> float:
    """Cllr less its minimum, both as above: what a better map of the same scores would save."""
    return cllr(mated, non_mated) - min_cllr(mated, non_mated)


def best_log10_lrs(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> tuple[F64, F64]:
    """Each score's ratio by `pool_adjacent_violators`, of mated and of non-mated ones.

    Raises:
        UsageError: as `cllr`.
    """
    genuine, others = _both(mated, non_mated)
    steps = pool_adjacent_violators(genuine, others)
    at = [np.searchsorted(steps.lowest, scores, side="right") - 1 for scores in (genuine, others)]
    return steps.log10_lr[at[0]], steps.log10_lr[at[1]]


def pool_adjacent_violators(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> Steps:
    """Isotonic regression of "is mated" on the score, as likelihood ratios.

    Args:
        mated: (M,) scores.
        non_mated: (N,) scores.

    Raises:
        UsageError: as `cllr`.
    """
    genuine, others = _both(mated, non_mated)
    levels, which = np.unique(np.concatenate([genuine, others]), return_inverse=True)
    hits = np.bincount(which[: len(genuine)], minlength=len(levels))
    misses = np.bincount(which[len(genuine) :], minlength=len(levels))
    trials = (hits + misses).astype(np.float64)
    blocks = isotonic_regression(hits / trials, weights=trials).blocks
    starts, ends = blocks[:-1], blocks[1:] - 1
    with np.errstate(divide="ignore"):
        ratio_of_counts = np.log10(np.add.reduceat(hits, starts)) - np.log10(
            np.add.reduceat(misses, starts)
        )
    log10_lr = ratio_of_counts - math.log10(len(genuine) / len(others))
    return Steps(levels[starts], levels[ends], log10_lr)


def dev_pav(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> float:
    """Mean distance in decades between stated ratios and what PAV makes of them.

    The area between the PAV curve and the identity over the stated log10 ratios, divided by their
    range; where PAV says infinite it is not counted, as those ends hold one kind only.

    Args:
        mated: (M,) finite log10 likelihood ratios.
        non_mated: (N,) likewise.

    Returns:
        Decades; NaN where fewer than two different ratios have a finite counterpart.

    Raises:
        UsageError: as `cllr`.
    """
    steps = pool_adjacent_violators(mated, non_mated)
    finite = np.isfinite(steps.log10_lr)
    x = np.column_stack([steps.lowest[finite], steps.highest[finite]]).ravel()
    y = np.repeat(steps.log10_lr[finite], 2)
    if len(x) == 0 or x[0] == x[-1]:
        return float("nan")
    return _area_of_distance(x, y - x) / float(x[-1] - x[0])


def curves_over_prior(
    mated: npt.ArrayLike,
    non_mated: npt.ArrayLike,
    prior_log10_odds: npt.ArrayLike = PRIORS_LOG10_ODDS,
) -> PriorCurves:
    """Empirical cross-entropy and Bayes error rate at every prior.

    Args:
        mated: (M,) log10 likelihood ratios.
        non_mated: (N,) likewise.
        prior_log10_odds: (K,) log10 of the odds of a mated comparison.

    Raises:
        UsageError: as `cllr`.
    """
    stated = _both(mated, non_mated)
    best = best_log10_lrs(*stated)
    odds = np.asarray(prior_log10_odds, np.float64)
    prior = 1.0 / (1.0 + 10.0**-odds)
    return PriorCurves(
        prior_log10_odds=odds,
        entropy=_entropy_at(stated, odds),
        entropy_calibrated=_entropy_at(best, odds),
        entropy_neutral=_entropy_at((np.zeros(1), np.zeros(1)), odds),
        error=_bayes_error(*stated, odds),
        error_calibrated=_bayes_error(*best, odds),
        error_neutral=np.minimum(prior, 1.0 - prior),
    )


def _both(mated: npt.ArrayLike, non_mated: npt.ArrayLike) -> tuple[F64, F64]:
    """Both kinds as float64, each present and without NaN."""
    genuine = np.asarray(mated, np.float64).ravel()
    others = np.asarray(non_mated, np.float64).ravel()
    if not len(genuine) or not len(others):
        raise UsageError(
            f"{len(genuine)} mated and {len(others)} non-mated comparisons",
            advice="What scores are worth shows in comparisons of both kinds only.",
        )
    if np.isnan(genuine).any() or np.isnan(others).any():
        raise UsageError("a score is NaN; leave out rows whose status is not OK")
    return genuine, others


def _cross_entropy(mated: F64, non_mated: F64, prior_log10_odds: float) -> float:
    """Mean cost in bits where each kind counts by its prior."""
    prior = 1.0 / (1.0 + 10.0**-prior_log10_odds)
    misses = np.logaddexp(0.0, -LN_10 * (mated + prior_log10_odds)).mean() / LN_2
    false_alarms = np.logaddexp(0.0, LN_10 * (non_mated + prior_log10_odds)).mean() / LN_2
    return float(prior * misses + (1.0 - prior) * false_alarms)


def _entropy_at(ratios: tuple[F64, F64], prior_log10_odds: F64) -> F64:
    return np.array([_cross_entropy(*ratios, float(odds)) for odds in prior_log10_odds])


def _bayes_error(mated: F64, non_mated: F64, prior_log10_odds: F64) -> F64:
    """Share of wrong decisions when ratios of at least 1 / odds accept."""
    genuine, others = np.sort(mated), np.sort(non_mated)
    fnmr = np.searchsorted(genuine, -prior_log10_odds, side="left") / len(genuine)
    fmr = 1.0 - np.searchsorted(others, -prior_log10_odds, side="left") / len(others)
    prior = 1.0 / (1.0 + 10.0**-prior_log10_odds)
    return np.asarray(prior * fnmr + (1.0 - prior) * fmr, np.float64)


def _area_of_distance(x: F64, d: F64) -> float:
    """Integral of |d| over x, d being linear between the points, zero crossings included."""
    width, left, right = np.diff(x), np.abs(d[:-1]), np.abs(d[1:])
    crosses = d[:-1] * d[1:] < 0
    total = np.where(crosses, left + right, 1.0)
    triangles = (left**2 + right**2) / total / 2.0
    return float((width * np.where(crosses, triangles, (left + right) / 2.0)).sum())
