"""Likelihood ratios of the scores: fitted on half of the people, judged by the other half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.errors import UsageError
from fvs.metrics.cllr import curves_over_prior
from fvs.metrics.likelihood import evaluate, fit_logistic, split_by_subject

if TYPE_CHECKING:
    from fvs.metrics.cllr import PriorCurves
    from fvs.metrics.likelihood import CalibrationQuality, ScoredPairs
    from fvs.records import F64

__all__ = ["Calibration", "measure_calibration"]

SEED = 1
"""Of the draw of people, so that the same scores give the same report."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A logistic map on people that it does not know.

    Attributes:
        fitted_subjects: people whom the map knows.
        quality: on the others.
        curves: empirical cross-entropy and Bayes error over the prior.
        mated: (M,) log10 likelihood ratios of the people held out.
        non_mated: (N,) likewise.
    """

    fitted_subjects: int
    quality: CalibrationQuality
    curves: PriorCurves
    mated: F64
    non_mated: F64


def measure_calibration(pairs: ScoredPairs) -> Calibration | None:
    """Fit and judge; None where too few people, or only one kind of pair, is on either side."""
    try:
        split = split_by_subject(pairs, seed=SEED)
        fitted = fit_logistic(split.fit)
        quality = evaluate(fitted, split.held_out)
    except UsageError:
        return None
    mated = fitted.map.log10_lr(split.held_out.mated)
    non_mated = fitted.map.log10_lr(split.held_out.non_mated)
    return Calibration(
        fitted_subjects=len(fitted.subjects),
        quality=quality,
        curves=curves_over_prior(mated, non_mated),
        mated=mated,
        non_mated=non_mated,
    )
