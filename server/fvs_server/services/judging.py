"""What verification and comparison have in common: judgements to answers."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.certificates.errors import CertificateError
from fvs.registry.errors import KeyRingError, SealError, StoreError
from fvs.status import Outcome, Status
from fvs_server.identity import Scope
from fvs_server.limits import AttemptOutcome, Capture
from fvs_server.problems import Problem, ServiceError
from fvs_server.services.answers import (
    FrameDocument,
    OperatingPointDocument,
    PadDocument,
    ScoreDocument,
    quality_of,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.samples import Judgements, Samples
    from fvs_server.extraction import Extraction
    from fvs_server.identity import Principal
    from fvs_server.services.levels import Level

__all__ = [
    "Verdict",
    "captures_of",
    "coded_failures",
    "ending_of",
    "exact_captures",
    "frames_of",
    "operating_point_of",
    "pad_of",
    "score_of",
]

_SHOWN_DIGITS = 6
_OF_ATTACK = frozenset({"presentation_attack_suspected", "liveness_not_assessed"})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A decision, with the reasons that the engine does not know added.

    Attributes:
        outcome: the decision.
        reasons: pairs of what each is about and its code.
        judged: one row, the picture that decided.
        chosen: its row among the frames.
    """

    outcome: Outcome
    reasons: tuple[tuple[str, str], ...]
    judged: Judgements
    chosen: int

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the reasons."""
        return tuple(code for _, code in self.reasons)

    @property
    def similarity(self) -> float | None:
        """None where nothing was compared."""
        if self.outcome is Outcome.NOT_COMPARED:
            return None
        return _number(self.judged.scores.similarity[0])

    @property
    def score_band(self) -> str:
        """`above` or `below` the threshold; empty where nothing was compared."""
        if self.similarity is None:
            return ""
        reaches = self.similarity >= self.judged.decisions.threshold[0]
        return "above" if reaches else "below"

    @property
    def live_probability(self) -> float | None:
        """None where it was not assessed."""
        return _number(self.judged.probes.liveness.live_probability[0])


@contextmanager
def coded_failures() -> Iterator[None]:
    """Speak of what the deployment lacks by codes of the service.

    Raises:
        ServiceError: CERTIFICATE_NOT_VALID, REGISTRY_UNAVAILABLE.
    """
    try:
        yield
    except CertificateError:
        raise ServiceError(Problem.CERTIFICATE_NOT_VALID) from None
    except (KeyRingError, SealError, StoreError):
        # Not chained: a driver's words may hold a number or a path.
        raise ServiceError(Problem.REGISTRY_UNAVAILABLE, retry_after_s=1.0) from None


def exact_captures(frames: Sequence[bytes]) -> tuple[Capture, ...]:
    """Hashes of files that were not decoded yet."""
    return tuple(Capture(sha256=hashlib.sha256(f).digest(), perceptual=None) for f in frames)


def captures_of(exact: Sequence[Capture], parts: Sequence[Extraction]) -> tuple[Capture, ...]:
    """The same, with the hashes of looks where the files could be decoded."""
    return tuple(
        Capture(sha256=capture.sha256, perceptual=part.looks)
        for capture, part in zip(exact, parts, strict=True)
    )


def ending_of(verdict: Verdict) -> AttemptOutcome:
    """How a decision counts for the subject: only live faces that were compared do."""
    if verdict.outcome is Outcome.MATCH:
        return AttemptOutcome.ACCEPTED
    if verdict.outcome is Outcome.NOT_COMPARED or not _OF_ATTACK.isdisjoint(verdict.codes):
        return AttemptOutcome.NOT_COUNTED
    return AttemptOutcome.REFUSED


def operating_point_of(level: Level) -> OperatingPointDocument:
    """What the decision rests on."""
    return OperatingPointDocument(
        target_fmr=level.policy.point.target_fmr,
        certificate_id=level.certificate_id,
        pack=level.policy.pack,
    )


def score_of(verdict: Verdict, principal: Principal) -> ScoreDocument | None:
    """For those who may see it, where there is one."""
    similarity = verdict.similarity
    if Scope.SCORES not in principal.scopes or similarity is None:
        return None
    threshold = _number(verdict.judged.decisions.threshold[0])
    return ScoreDocument(score=similarity, threshold=threshold)


def pad_of(
    verdict: Verdict, level: Level, principal: Principal, *, session_used: bool
) -> PadDocument:
    """The block of liveness."""
    status = Status(int(verdict.judged.probes.liveness.status[0]))
    assessed = level.policy.pad is not None and status == Status.OK
    is_live = _OF_ATTACK.isdisjoint(verdict.codes) and _is_live(verdict, level)
    shown = assessed and Scope.SCORES in principal.scopes
    code = "assessed" if status == Status.OK else status.code
    return PadDocument(
        status=code if level.policy.pad is not None else "not_required",
        is_live=is_live if assessed else None,
        session_used=session_used,
        live_probability=verdict.live_probability if shown else None,
    )


def frames_of(frames: Samples, chosen: int) -> list[FrameDocument]:
    """All frames in order."""
    return [
        FrameDocument(
            status=status_of(frames, row), chosen=row == chosen, quality=quality_of(frames, row)
        )
        for row in range(len(frames))
    ]


def _is_live(verdict: Verdict, level: Level) -> bool:
    """Of the frame that decided, whatever else refused it."""
    pad, probability = level.policy.pad, verdict.judged.probes.liveness.live_probability[0]
    return pad is not None and bool(probability >= np.float32(pad.threshold))


def _number(value: float) -> float | None:
    """Without the digits that float32 does not have."""
    return round(float(value), _SHOWN_DIGITS) if np.isfinite(value) else None
