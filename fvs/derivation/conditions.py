"""Rates by quality and by the years between two pictures, where an evaluation knows them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from fvs.derivation.bounds import tail_of, upper_bound
from fvs.derivation.measuring import non_mated_pairs
from fvs.metrics.intervals import rate, trials_needed
from fvs.operating_points import ConditionEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.metrics.evaluation import Evaluation
    from fvs.operating_points import OperatingPoint, Rate
    from fvs.records import F32, Bool

    Kind = Literal["quality", "age_gap_years"]

__all__ = ["condition_evidence", "unsupported_conditions"]

QUALITY_EDGES = (0.0, 25.0, 50.0, 75.0, 100.1)
"""Of the unified quality score; 50 is the median portrait."""

AGE_GAP_EDGES_YEARS = (0.0, 1.0, 5.0, 10.0, 20.0, 100.0)
"""A Thai identity card is valid for eight years."""

UNKNOWN = "not supported by this data: it does not say the {} of a pair"


def condition_evidence(
    evaluation: Evaluation, point: OperatingPoint
) -> tuple[ConditionEvidence, ...]:
    """A row for each band of what the evaluation knows, at the point's threshold."""
    return tuple(
        _evidence(evaluation, point, kind, band, (values >= band[0]) & (values < band[1]))
        for kind, values, edges in _known(evaluation)
        for band in pairwise(edges)
    )


def unsupported_conditions(evaluation: Evaluation | None) -> dict[str, str]:
    """Condition -> why nothing is said about it."""
    known = set() if evaluation is None else {kind for kind, _, _ in _known(evaluation)}
    words = {"quality": "quality", "age_gap_years": "years between the pictures"}
    return {kind: UNKNOWN.format(said) for kind, said in words.items() if kind not in known}


def _known(evaluation: Evaluation) -> Iterator[tuple[Kind, F32, tuple[float, ...]]]:
    if evaluation.quality is not None and np.isfinite(evaluation.quality).any():
        yield "quality", evaluation.quality, QUALITY_EDGES
    if evaluation.age_gap_years is not None and np.isfinite(evaluation.age_gap_years).any():
        yield "age_gap_years", evaluation.age_gap_years, AGE_GAP_EDGES_YEARS


def _evidence(
    evaluation: Evaluation,
    point: OperatingPoint,
    kind: Kind,
    band: tuple[float, float],
    rows: Bool,
) -> ConditionEvidence:
    status, fmr, reason = _held(evaluation, point, rows)
    return ConditionEvidence(
        kind=kind,
        lowest=band[0],
        highest=band[1],
        status=status,
        fmr=fmr,
        fnmr=_fnmr(evaluation.similarity[rows & evaluation.mated], point.threshold),
        reason=reason,
    )


def _held(
    evaluation: Evaluation, point: OperatingPoint, rows: Bool
) -> tuple[Literal["held", "exceeded", "not_supported"], Rate | None, str]:
    pairs = non_mated_pairs(evaluation, rows)
    needed = trials_needed(point.target_fmr)
    fmr = tail_of(pairs).fmr_at(point.threshold) if pairs.trials else None
    if fmr is None or pairs.trials < needed:
        return "not_supported", fmr, f"{pairs.trials} non-mated pairs, need {needed}"
    bound = upper_bound(pairs, point.threshold)
    if bound.value <= point.target_fmr:
        return "held", fmr, ""
    if not fmr.errors:
        people = int((pairs.counts.by_subject > 0).sum())
        return "not_supported", fmr, f"no false match seen, but of {people} people only"
    return "exceeded", fmr, f"the upper bound of FMR is {bound.value:.2g}"


def _fnmr(mated: F32, threshold: float) -> Rate | None:
    if not len(mated):
        return None
    return rate(int(np.sum(mated < np.float32(threshold))), len(mated))
