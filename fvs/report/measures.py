"""What a report says of scores, measured once: curves, histograms, groups, discard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.discard import DiscardCurve
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.rates import Sweep
from fvs.report.verdicts import Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F64, Int
    from fvs.report.evaluation import Evaluation

__all__ = [
    "ErrorMeasures",
    "GroupMeasure",
    "Histogram",
    "RateBand",
    "ThresholdOrigin",
    "measure_evaluation",
    "ratio_to_geometric_mean",
    "threshold_on",
]

ThresholdOrigin = Literal["pack", "given", "same_scores"]

CURVE_POINTS = 200
"""Thresholds of each kind at which curves are drawn: more cannot be told apart in print."""

HISTOGRAM_BINS = 80


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often scores of either kind fall into B bins of equal width.

    Attributes:
        edges: (B + 1,) float64, ascending.
        mated: (B,) int64.
        non_mated: (B,) int64.
    """

    edges: F64
    mated: Int
    non_mated: Int


@dataclass(frozen=True, eq=False)
class RateBand:
    """Both error rates over thresholds, with the 95 % interval of each (K,) float64."""

    thresholds: F64
    fmr: F64
    fmr_lower: F64
    fmr_upper: F64
    fnmr: F64
    fnmr_lower: F64
    fnmr_upper: F64

    @classmethod
    def of(cls, sweep: Sweep) -> RateBand:
        """Exact intervals, pairs taken as independent."""
        rows = _drawn_rows(sweep)
        matches, misses = sweep.false_matches[rows], sweep.false_non_matches[rows]
        fmr_lower, fmr_upper = clopper_pearson(matches, np.full(len(rows), sweep.non_mated_trials))
        fnmr_lower, fnmr_upper = clopper_pearson(misses, np.full(len(rows), sweep.mated_trials))
        return cls(
            thresholds=sweep.thresholds[rows],
            fmr=matches / sweep.non_mated_trials,
            fmr_lower=fmr_lower,
            fmr_upper=fmr_upper,
            fnmr=misses / sweep.mated_trials,
            fnmr_lower=fnmr_lower,
            fnmr_upper=fnmr_upper,
        )


@dataclass(frozen=True)
class GroupMeasure:
    """One group at the threshold; None where it has no pairs of that kind."""

    name: str
    subjects: int
    fmr: Measured | None
    fnmr: Measured | None


@dataclass(frozen=True, eq=False)
class ErrorMeasures:
    """Everything that scores of mated and non-mated pairs tell.

    Attributes:
        sweep: both errors at every threshold.
        threshold: at which rates are stated; `score >= threshold` accepts.
        origin: where the threshold comes from.
        subjects: people in all.
        fmr: at the threshold.
        fnmr: at the threshold.
        band: for the curves.
        histogram: of all scores.
        groups: in order of their names; empty where no group is known.
        discard: FNMR as pairs of low quality are left out; None where no quality is known.
    """

    sweep: Sweep
    threshold: float
    origin: ThresholdOrigin
    subjects: int
    fmr: Measured
    fnmr: Measured
    band: RateBand
    histogram: Histogram
    groups: tuple[GroupMeasure, ...] = ()
    discard: DiscardCurve | None = None


def threshold_on(sweep: Sweep, target_fmr: float) -> float:
    """The lowest threshold whose counted FMR on these scores is within the target.

    Raises:
        UsageError: no score does.
    """
    threshold = sweep.threshold_at_fmr(target_fmr)
    if not np.isfinite(threshold):
        raise UsageError(
            f"at no score is the FMR of these scores within {target_fmr:g}",
            advice="Ask for a higher one with --fmr, or name a threshold with --threshold.",
        )
    return threshold


def measure_evaluation(
    evaluation: Evaluation, threshold: float, origin: ThresholdOrigin
) -> ErrorMeasures:
    """Measure scores at a threshold.

    Raises:
        UsageError: there are no mated or no non-mated pairs.
    """
    mated = evaluation.mated
    sweep = Sweep.of(evaluation.similarity[mated], evaluation.similarity[~mated])
    subjects = len(np.unique([evaluation.first_subject, evaluation.second_subject]))
    return ErrorMeasures(
        sweep=sweep,
        threshold=threshold,
        origin=origin,
        subjects=subjects,
        fmr=_measured(evaluation, ~mated, threshold),
        fnmr=_measured(evaluation, mated, threshold),
        band=RateBand.of(sweep),
        histogram=_histogram(evaluation),
        groups=_groups(evaluation, threshold),
        discard=_discard(evaluation, threshold),
    )


def ratio_to_geometric_mean(rates: Sequence[float]) -> float:
    """Highest rate over the geometric mean of all (ISO/IEC 19795-10); NaN where one is 0."""
    values = np.asarray(rates, np.float64)
    if not len(values) or np.any(values <= 0.0):
        return float("nan")
    return float(values.max() / np.exp(np.log(values).mean()))


def _measured(evaluation: Evaluation, rows: np.ndarray, threshold: float) -> Measured:
    """FNMR of rows that are mated, FMR of rows that are not."""
    scores, mated = evaluation.similarity[rows], evaluation.mated[rows]
    errors = (scores >= np.float32(threshold)) != mated
    people = np.unique([evaluation.first_subject[rows], evaluation.second_subject[rows]])
    return Measured.counted(int(errors.sum()), len(scores), subjects=len(people))


def _histogram(evaluation: Evaluation) -> Histogram:
    scores = evaluation.similarity.astype(np.float64)
    edges = np.histogram_bin_edges(scores, HISTOGRAM_BINS)
    return Histogram(
        edges=edges,
        mated=np.histogram(scores[evaluation.mated], edges)[0],
        non_mated=np.histogram(scores[~evaluation.mated], edges)[0],
    )


def _groups(evaluation: Evaluation, threshold: float) -> tuple[GroupMeasure, ...]:
    if evaluation.group is None:
        return ()
    return tuple(
        _group(evaluation, str(name), threshold) for name in np.unique(evaluation.group) if name
    )


def _group(evaluation: Evaluation, name: str, threshold: float) -> GroupMeasure:
    inside = evaluation.group == name
    kinds = [inside & ~evaluation.mated, inside & evaluation.mated]
    fmr, fnmr = (_measured(evaluation, k, threshold) if k.any() else None for k in kinds)
    people = np.unique([evaluation.first_subject[inside], evaluation.second_subject[inside]])
    return GroupMeasure(name=name, subjects=len(people), fmr=fmr, fnmr=fnmr)


def _discard(evaluation: Evaluation, threshold: float) -> DiscardCurve | None:
    if evaluation.quality is None:
        return None
    quality = evaluation.quality[evaluation.mated].astype(np.float64)
    missed = evaluation.similarity[evaluation.mated] < np.float32(threshold)
    return DiscardCurve.of(np.where(np.isnan(quality), -np.inf, quality), missed)


def _drawn_rows(sweep: Sweep) -> Int:
    """Rows of the sweep that lie evenly over scores, and over either error on a log scale."""
    finite = sweep.thresholds[:-1]
    even = np.searchsorted(finite, np.linspace(finite[0], finite[-1], CURVE_POINTS))
    few_matches = np.geomspace(1, max(2, sweep.false_matches[0]), CURVE_POINTS)
    by_matches = np.searchsorted(-sweep.false_matches, -few_matches)
    few_misses = np.geomspace(1, max(2, sweep.false_non_matches[-1]), CURVE_POINTS)
    by_misses = np.searchsorted(sweep.false_non_matches, few_misses)
    last = len(sweep.thresholds) - 1
    rows = np.concatenate([even, by_matches, by_misses, [0, last - 1]])
    return np.unique(np.clip(rows, 0, last - 1)).astype(np.int64)
