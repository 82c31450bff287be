"""Scores, refusals, liveness and age -> match, no match, inconclusive or not compared.

The steps, in order; a later one can only make less certain, never grant a match:

1. A picture that was refused, or a score that is no number: *not compared*.
2. The score against the threshold(s) of the operating point: `score >= threshold` is a *match*;
   below the adult threshold, or below the zone of review that lies under it, is *no match*; in
   between, and where an age band needs a higher one, *inconclusive*.
3. An age or sex for which the operating point cannot hold its target FMR: *inconclusive*.
4. A suspected presentation attack, or liveness that could not be assessed although the pack can:
   a match becomes *inconclusive*.
5. A score that no two captures of a person reach, as where the card's own picture is sent as the
   selfie: a match becomes *inconclusive*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.certificates import load_certificate, require_unexpired, shipped_trust
from fvs.operating_points import EITHER_SEX
from fvs.records import Decisions
from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fvs.certificates import Certificate, TrustStore
    from fvs.operating_points import OperatingPoint, PadPoint, SameCapturePoint
    from fvs.packs import Pack
    from fvs.records import F32, F64, Liveness, Scores

__all__ = ["DecisionPolicy", "Evidence", "decide"]


@dataclass(frozen=True, kw_only=True)
class DecisionPolicy:
    """What a match must satisfy, all of it from a signed certificate.

    Attributes:
        point: the operating point.
        pad: from which live probability a selfie counts as live; None does without PAD, which
            every answer then says.
        same_capture: from which score both pictures are taken for one capture; None never does.
        measured_with: sha256 of the detector's and the embedder's weights, the only ones that
            the point holds for; an engine with others refuses the policy. Empty binds to none,
            for timing and tests.
        pack: name of the pack that the certificate is of.
        expires: when the certificate's time is over: an engine decides nothing from then on,
            however long its process has run. None never is, for timing and tests.
    """

    point: OperatingPoint
    pad: PadPoint | None
    same_capture: SameCapturePoint | None = None
    measured_with: tuple[str, ...] = ()
    pack: str = ""
    expires: datetime | None = None

    @classmethod
    def from_pack(
        cls,
        pack: Pack,
        target_fmr: float,
        *,
        with_pad: bool = True,
        trust: TrustStore | None = None,
    ) -> Self:
        """The operating point for a target FMR, and the PAD point, of the pack's own certificate.

        Args:
            pack: whose `certificate.json` is read.
            target_fmr: share of strangers that may match, one of the pack's targets.
            with_pad: False judges pictures that are known to be scans.
            trust: whose signatures are believed; None is the keys of this installation.

        Raises:
            CertificateError: the certificate is missing, unsigned, not trusted, tampered with, out
                of date, malformed or of other weights.
            UsageError: there is no point for this target.
        """
        certificate = load_certificate(
            pack.certificate_path, shipped_trust() if trust is None else trust
        )
        return cls.from_certificate(certificate, pack, target_fmr, with_pad=with_pad)

    @classmethod
    def from_certificate(
        cls, certificate: Certificate, pack: Pack, target_fmr: float, *, with_pad: bool = True
    ) -> Self:
        """The same of a certificate that `load_certificate` has accepted.

        Raises:
            CertificateError: it is of another pack or other weights.
            UsageError: there is no point for this target.
        """
        certificate.require_models(pack)
        return cls(
            point=certificate.at(target_fmr),
            pad=certificate.pad if with_pad else None,
            same_capture=certificate.same_capture,
            measured_with=(certificate.detector_sha256, certificate.embedder_sha256),
            pack=certificate.pack,
            expires=certificate.expires_at,
        )

    def require_unexpired(self, now: datetime) -> None:
        """Refuse to decide by a certificate whose time is over.

        Raises:
            CertificateExpiredError: `now`, with its time zone, is `expires` or later.
        """
        if self.expires is not None:
            require_unexpired(self.pack, self.expires, now)


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """All that is known of N comparisons.

    Attributes:
        scores: N scores.
        refusals: N tuples of codes why a picture may not be compared; empty where it may.
        liveness: N rows of the selfies.
        ages_years: N ages from the register, None where unknown (then adult).
        sexes: N sexes from the register, `EITHER_SEX` where unknown; never read from a face. Empty
            where none is known.
    """

    scores: Scores
    refusals: tuple[tuple[str, ...], ...]
    liveness: Liveness
    ages_years: Sequence[int | None]
    sexes: Sequence[str] = ()


def decide(evidence: Evidence, policy: DecisionPolicy) -> Decisions:
    """Decide each comparison by the steps above.

    Returns:
        N rows, `status` OK; every outcome but an unconditional match names its reasons.
    """
    rows = range(len(evidence.scores))
    thresholds = _thresholds(evidence, policy.point)
    decided = [_decide_row(evidence, policy, float(thresholds[row]), row) for row in rows]
    return Decisions(
        status=np.full(len(evidence.scores), Status.OK, np.uint8),
        outcome=tuple(outcome for outcome, _ in decided),
        reasons=tuple(reasons for _, reasons in decided),
        threshold=thresholds,
        target_fmr=np.full(len(evidence.scores), policy.point.target_fmr),
    )


def _thresholds(evidence: Evidence, point: OperatingPoint) -> F64:
    """(N,) the score from which each subject matches; NaN where the target cannot be held."""
    sexes = evidence.sexes or [EITHER_SEX] * len(evidence.ages_years)
    thresholds = np.full(len(evidence.ages_years), point.threshold)
    for row, (age, sex) in enumerate(zip(evidence.ages_years, sexes, strict=True)):
        if age is None:
            continue
        band = point.band_of(age, sex)
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
    outcome, reason = _zone(evidence.scores.similarity[row], threshold, policy.point)
    reasons = [reason] if reason else []

    # 4. Liveness.
    doubt = _liveness_doubt(evidence.liveness, policy.pad, row) if policy.pad else ""
    if doubt:
        reasons.append(doubt)
        outcome = Outcome.INCONCLUSIVE if outcome is Outcome.MATCH else outcome

    # 5. One capture sent twice.
    if _is_same_capture(evidence.scores.similarity[row], policy.same_capture):
        reasons.append("same_capture_suspected")
        outcome = Outcome.INCONCLUSIVE

    # What decided nothing but must be known stands last.
    if evidence.ages_years[row] is None:
        reasons.append("age_unknown")
    if policy.pad is None:
        reasons.append("liveness_not_required")
    return outcome, tuple(reasons)


def _zone(score: F32, threshold: float, point: OperatingPoint) -> tuple[Outcome, str]:
    if np.isnan(threshold):
        return Outcome.INCONCLUSIVE, "age_band_not_supported"
    # Compared in float32, the type that both are kept in, so that equality means what it says.
    if score >= np.float32(threshold):
        return Outcome.MATCH, ""
    if score >= np.float32(point.no_match_below):
        return Outcome.INCONCLUSIVE, "between_thresholds"
    return Outcome.NO_MATCH, "below_threshold"


def _liveness_doubt(liveness: Liveness, pad: PadPoint, row: int) -> str:
    if liveness.status[row] != Status.OK:
        return Status.LIVENESS_NOT_ASSESSED.code
    # Written so that NaN is never live.
    is_live = liveness.live_probability[row] >= np.float32(pad.threshold)
    return "" if is_live else "presentation_attack_suspected"


def _is_same_capture(score: F32, point: SameCapturePoint | None) -> bool:
    return point is not None and bool(score >= np.float32(point.threshold))
