"""Scores, refusals, liveness and age -> match, no match, inconclusive or not compared.

The steps, in order; a later one can only make less certain, never grant a match:

1. A picture that was refused, or a score that is no number: *not compared*.
2. The score against the threshold(s) of the operating point: `score >= threshold` is a *match*;
   below the adult threshold is *no match*; in between, where an age band needs a higher one,
   *inconclusive*.
3. An age at which the operating point cannot hold its target FMR: *inconclusive*.
4. A suspected presentation attack, or liveness that could not be assessed although the pack can:
   a match becomes *inconclusive*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.operating_points import load_operating_points
from fvs.records import Decisions
from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.operating_points import OperatingPoint, PadPoint
    from fvs.packs import Pack
    from fvs.records import F32, F64, Liveness, Scores

__all__ = ["DecisionPolicy", "Evidence", "decide"]


@dataclass(frozen=True, kw_only=True)
class DecisionPolicy:
    """What a match must satisfy; both come from a pack's `operating_points.json`.

    Attributes:
        point: the operating point.
        pad: from which live probability a selfie counts as live; None does without PAD, which
            every answer then says.
        measured_with: sha256 of the detector's and the embedder's weights, the only ones that
            the point holds for; an engine with others refuses the policy. Empty binds to none,
            for timing and tests.
    """

    point: OperatingPoint
    pad: PadPoint | None
    measured_with: tuple[str, ...] = ()

    @classmethod
    def from_pack(cls, pack: Pack, target_fmr: float, *, with_pad: bool = True) -> Self:
        """The pack's operating point for a target FMR, and its PAD point.

        Args:
            pack: whose `operating_points.json` is read.
            target_fmr: share of strangers that may match, one of the pack's targets.
            with_pad: False judges pictures that are known to be scans.

        Raises:
            ManifestError: the operating points are missing, malformed or of other weights.
            UsageError: there is no point for this target.
        """
        points = load_operating_points(pack.operating_points_path)
        points.require_models(pack)
        return cls(
            point=points.at(target_fmr),
            pad=points.pad if with_pad else None,
            measured_with=(points.detector_sha256, points.embedder_sha256),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """All that is known of N comparisons.

    Attributes:
        scores: N scores.
        refusals: N tuples of codes why a picture may not be compared; empty where it may.
        liveness: N rows of the selfies.
        ages_years: N ages from the register, None where unknown (then adult).
    """

    scores: Scores
    refusals: tuple[tuple[str, ...], ...]
    liveness: Liveness
    ages_years: Sequence[int | None]


def decide(evidence: Evidence, policy: DecisionPolicy) -> Decisions:
    """Decide each comparison by the steps above.

    Returns:
        N rows, `status` OK; every outcome but an unconditional match names its reasons.
    """
    rows = range(len(evidence.scores))
    thresholds = _thresholds(evidence.ages_years, policy.point)
    decided = [_decide_row(evidence, policy, float(thresholds[row]), row) for row in rows]
    return Decisions(
        status=np.full(len(evidence.scores), Status.OK, np.uint8),
        outcome=tuple(outcome for outcome, _ in decided),
        reasons=tuple(reasons for _, reasons in decided),
        threshold=thresholds,
        target_fmr=np.full(len(evidence.scores), policy.point.target_fmr),
    )


def _thresholds(ages_years: Sequence[int | None], point: OperatingPoint) -> F64:
    """(N,) the score from which each subject matches; NaN where the target cannot be held."""
    thresholds = np.full(len(ages_years), point.threshold)
    for row, age in enumerate(ages_years):
        if age is None:
            continue
        band = point.band_of(age)
        own = None if band is None else band.threshold
        thresholds[row] = np.nan if own is None else max(own, point.threshold)
    return thresholds


def _decide_row(
    evidence: Evidence, policy: DecisionPolicy, threshold: float, row: int
) -> tuple[Outcome, tuple[str, ...]]:
    # 1. Comparable?
    status = Status(int(evidence.scores.status[row]))
    refusals = evidence.refusals[row]
    if refusals or status != Status.OK:
        return Outcome.NOT_COMPARED, refusals or (status.code,)

    # 2. and 3. Score and age.
    outcome, reason = _zone(evidence.scores.similarity[row], threshold, policy.point.threshold)
    reasons = [reason] if reason else []
    if evidence.ages_years[row] is None:
        reasons.append("age_unknown")

    # 4. Liveness.
    doubt = _liveness_doubt(evidence.liveness, policy.pad, row)
    if doubt:
        reasons.append(doubt)
    if doubt and policy.pad is not None and outcome is Outcome.MATCH:
        outcome = Outcome.INCONCLUSIVE
    return outcome, tuple(reasons)


def _zone(score: F32, threshold: float, adult_threshold: float) -> tuple[Outcome, str]:
    if np.isnan(threshold):
        return Outcome.INCONCLUSIVE, "age_band_not_supported"
    # Compared in float32, the type that both are kept in, so that equality means what it says.
    if score >= np.float32(threshold):
        return Outcome.MATCH, ""
    if score >= np.float32(adult_threshold):
        return Outcome.INCONCLUSIVE, "between_thresholds"
    return Outcome.NO_MATCH, "below_threshold"


def _liveness_doubt(liveness: Liveness, pad: PadPoint | None, row: int) -> str:
    if pad is None or liveness.status[row] != Status.OK:
        return Status.LIVENESS_NOT_ASSESSED.code
    # Written so that NaN is never live.
    is_live = liveness.live_probability[row] >= np.float32(pad.threshold)
    return "" if is_live else "presentation_attack_suspected"
