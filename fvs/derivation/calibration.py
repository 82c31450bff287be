"""Measured scores -> operating points of a pack, for any source of scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fvs.derivation.conditions import condition_evidence, unsupported_conditions
from fvs.derivation.method import EVALUATED, THRESHOLDS
from fvs.derivation.points import derive_points
from fvs.derivation.review import review_zone
from fvs.errors import UsageError
from fvs.metrics.intervals import rate
from fvs.operating_points import HeldOutRates, OperatingPoints, PadPoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.derivation.points import MeasuredScores
    from fvs.derivation.review import ReviewRule
    from fvs.distributions import Distribution
    from fvs.manifest import ModelManifest
    from fvs.metrics.evaluation import Evaluation
    from fvs.operating_points import DataSource, OperatingPoint, Rate
    from fvs.packs import Pack
    from fvs.records import F32

__all__ = ["CalibrationRequest", "CalibrationScores", "calibrate", "pad_point"]

HELD_OUT_WORDS = (
    "People were split: some set the thresholds, and `held_out` counts the rates of the others. "
    "Pairs across the two were dropped."
)
NO_SAME_CAPTURE = "This data sets no score from which two pictures are taken for one capture."


@dataclass(frozen=True, eq=False, kw_only=True)
class CalibrationScores:
    """What was compared.

    Attributes:
        fit: sets thresholds.
        held_out: of other people, or None.
        evaluation: the rows of `fit` with their conditions, where they are known one by one.
        live_probability: source -> (N,) float32 of its pictures, NaN where not assessed.
        distributions: of the signals among all that.
        data: where all that is from.
    """

    fit: MeasuredScores
    held_out: MeasuredScores | None = None
    evaluation: Evaluation | None = None
    live_probability: Mapping[str, F32] = field(default_factory=dict)
    distributions: tuple[Distribution, ...] = ()
    data: tuple[DataSource, ...]


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest:
    """For which pack, targets and circumstances.

    Attributes:
        pack: whose weights compared.
        targets: false match rates.
        review: how the zone of review is set; None sets none.
        machine: what it runs on, in words.
        commit: of the code.
    """

    pack: Pack
    targets: tuple[float, ...]
    review: ReviewRule | None
    machine: str
    commit: str


def calibrate(scores: CalibrationScores, request: CalibrationRequest) -> OperatingPoints:
    """Set a pack's thresholds.

    Raises:
        UsageError: nothing can be derived from these scores, or the zone of review cannot be held.
    """
    points, unsupported = derive_points(scores.fit, request.targets)
    detector, embedder, *pad = (files.manifest for files in request.pack.files)
    evaluated = EVALUATED if scores.held_out is None else HELD_OUT_WORDS
    return OperatingPoints(
        pack=request.pack.name,
        detector_sha256=detector.sha256,
        embedder_sha256=embedder.sha256,
        pad_sha256=tuple(manifest.sha256 for manifest in pad),
        method=f"{THRESHOLDS} {evaluated} {NO_SAME_CAPTURE}",
        data=scores.data,
        unsupported_targets=dict(unsupported),
        unsupported_conditions=unsupported_conditions(scores.evaluation),
        points=tuple(_completed(point, scores, request.review) for point in points),
        pad=pad_point(pad, scores.live_probability),
        same_capture=None,
        distributions=scores.distributions,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=request.machine,
        commit=request.commit,
    )


def pad_point(
    manifests: Sequence[ModelManifest], live_probability: Mapping[str, F32]
) -> PadPoint | None:
    """The threshold that the PAD networks' manifests state, and whom it refuses; None without PAD.

    The probabilities are averaged, and so are the thresholds.
    """
    if not manifests:
        return None
    heads = [manifest.pad for manifest in manifests]
    threshold = float(np.mean([head.live_threshold for head in heads if head is not None]))
    assessed = {name: live[np.isfinite(live)] for name, live in live_probability.items()}
    return PadPoint(
        threshold=threshold,
        refused={
            name: rate(int(np.sum(live < np.float32(threshold))), len(live))
            for name, live in assessed.items()
            if len(live)
        },
    )


def _completed(
    point: OperatingPoint, scores: CalibrationScores, rule: ReviewRule | None
) -> OperatingPoint:
    """A point with all that its source can say beyond the threshold."""
    held_out = scores.held_out
    return msgspec.structs.replace(
        point,
        conditions=()
        if scores.evaluation is None
        else condition_evidence(scores.evaluation, point),
        review=None if rule is None else review_zone(scores.fit, point.threshold, rule),
        held_out=None if held_out is None else _held_out_rates(held_out, point.threshold),
    )


def _held_out_rates(measured: MeasuredScores, threshold: float) -> HeldOutRates:
    everybody = next((group for group in measured.groups if group.band is None), None)
    if everybody is None:
        raise UsageError("too few of the people who were held out are adults")
    bound = everybody.bound_at(threshold)
    return HeldOutRates(
        subjects=everybody.subjects,
        fmr=everybody.scores.fmr_at(threshold),
        upper_bound=bound.value,
        bound_method=bound.method,
        fnmr=_fnmr(measured.mated, threshold),
    )


def _fnmr(mated: F32, threshold: float) -> Rate:
    return rate(int(np.sum(mated < np.float32(threshold))), len(mated))
