"""What a report says of scores, measured once: curves, histograms, groups, discard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.discard import DiscardCurve
from fvs.metrics.likelihood import ScoredPairs
from fvs.metrics.rates import ScoreTail, Sweep
from fvs.metrics.subject_intervals import false_match_band, false_non_match_band
from fvs.report.calibration import measure_calibration
from fvs.report.verdicts import Measured

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from fvs.metrics.evaluation import Evaluation
    from fvs.metrics.subject_intervals import RateBand
    from fvs.metrics.subject_pairs import KindsOfPairs, SubjectPairs
    from fvs.records import F64, Int
    from fvs.report.calibration import Calibration

__all__ = [
    "Curves",
    "ErrorMeasures",
    "GroupMeasure",
    "Histogram",
    "TargetMeasure",
    "ThresholdOrigin",
    "measure_evaluation",
    "measure_pairs",
    "threshold_on",
]

ThresholdOrigin = Literal["pack", "given", "same_scores"]

CURVE_POINTS = 200
"""Thresholds of each kind at which curves are drawn: more cannot be told apart in print."""

HISTOGRAM_BINS = 80

FEWEST_SUBJECTS = 2

TARGETS_FMR = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Of these, a table has those at which at least one false match is allowed."""


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
class Curves:
    """Both error rates at the same thresholds, with intervals by subject."""

    fmr: RateBand
    fnmr: RateBand

    @classmethod
    def of(cls, pairs: KindsOfPairs, sweep: Sweep) -> Curves:
        """At thresholds that lie close enough to draw."""
        thresholds = sweep.thresholds[_drawn_rows(sweep)]
        return cls(
            fmr=false_match_band(pairs.non_mated, thresholds),
            fnmr=false_non_match_band(pairs.mated, thresholds),
        )


@dataclass(frozen=True)
class TargetMeasure:
    """Both rates at the lowest threshold whose counted FMR is within a target."""

    target_fmr: float
    threshold: float
    fmr: Measured
    fnmr: Measured


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
        targets: what each target FMR costs, as far as there are enough pairs to count.
        curves: to draw.
        histogram: of all scores.
        groups: in order of their names; empty where no group is known.
        discard: FNMR as pairs of low quality are left out; None where no quality is known.
        calibration: of likelihood ratios; None where too few people could be held out.
    """

    sweep: Sweep
    threshold: float
    origin: ThresholdOrigin
    subjects: int
    fmr: Measured
    fnmr: Measured
    targets: tuple[TargetMeasure, ...]
    curves: Curves
    histogram: Histogram
    groups: tuple[GroupMeasure, ...] = ()
    discard: DiscardCurve | None = None
    calibration: Calibration | None = None


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
        UsageError: there are no mated or no non-mated pairs, or they are of fewer than two people.
    """
    measures = measure_pairs(evaluation.pairs, (threshold, origin), _histogram(evaluation))
    return replace(
        measures,
        groups=_groups(evaluation, threshold),
        discard=_discard(evaluation, threshold),
        calibration=measure_calibration(ScoredPairs.of(evaluation)),
    )


def measure_pairs(
    pairs: KindsOfPairs, threshold: tuple[float, ThresholdOrigin], histogram: Histogram
) -> ErrorMeasures:
    """Measure comparisons of which only the highest non-mated ones need have been kept.

    Raises:
        UsageError: as `measure_evaluation`; or the threshold reaches into what was not kept.
    """
    mated, non_mated = pairs.mated, pairs.non_mated
    sweep = Sweep.of(mated.scores, ScoreTail(non_mated.scores, non_mated.trials))
    taking_part = mated.counts.by_subject + non_mated.counts.by_subject > 0
    return ErrorMeasures(
        sweep=sweep,
        threshold=threshold[0],
        origin=threshold[1],
        subjects=int(taking_part.sum()),
        fmr=Measured.by_subject(false_match_band(non_mated, [threshold[0]]).at(0)),
        fnmr=Measured.by_subject(false_non_match_band(mated, [threshold[0]]).at(0)),
        targets=_targets(pairs, sweep),
        curves=Curves.of(pairs, sweep),
        histogram=histogram,
    )


def _targets(pairs: KindsOfPairs, sweep: Sweep) -> tuple[TargetMeasure, ...]:
    targets = [t for t in TARGETS_FMR if t * sweep.non_mated_trials >= 1.0]
    thresholds = [sweep.threshold_at_fmr(target) for target in targets]
    if not targets:
        return ()
    fmr = false_match_band(pairs.non_mated, thresholds)
    fnmr = false_non_match_band(pairs.mated, thresholds)
    return tuple(
        TargetMeasure(
            target_fmr=target,
            threshold=threshold,
            fmr=Measured.by_subject(fmr.at(row)),
            fnmr=Measured.by_subject(fnmr.at(row)),
        )
        for row, (target, threshold) in enumerate(zip(targets, thresholds, strict=True))
    )


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
    inside = evaluation.take(np.flatnonzero(evaluation.group == name))
    return GroupMeasure(
        name=name,
        subjects=inside.subjects,
        fmr=_measured(false_match_band, inside.pairs.non_mated, threshold),
        fnmr=_measured(false_non_match_band, inside.pairs.mated, threshold),
    )


def _measured(
    band: Callable[[SubjectPairs, npt.ArrayLike], RateBand], pairs: SubjectPairs, threshold: float
) -> Measured | None:
    """None where fewer than two people take part: they tell nothing of others."""
    if int((pairs.counts.by_subject > 0).sum()) < FEWEST_SUBJECTS:
        return None
    return Measured.by_subject(band(pairs, [threshold]).at(0))


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
