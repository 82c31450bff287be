"""The wire format, as typed records; docs/reference/http-api.md describes the fields.

What the service may add later is ignored here, so that an old client reads a newer service.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - msgspec reads the annotations
from typing import Literal

import msgspec

__all__ = [
    "CardAnswer",
    "Challenge",
    "ComparisonRequest",
    "Decision",
    "Frame",
    "LivenessSession",
    "OperatingPoint",
    "PresentationAttackDetection",
    "ProblemDetails",
    "Quality",
    "Reason",
    "Receipts",
    "Record",
    "ScoreDetail",
    "SessionProof",
    "Subject",
    "VerificationRequest",
    "Violation",
]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object."""


class Subject(Record, frozen=True, kw_only=True):
    """Whom a request is about; prints without the number."""

    kind: str
    number: str

    def __repr__(self) -> str:
        return f"Subject(kind={self.kind!r}, number=...)"


class SessionProof(Record, frozen=True, kw_only=True):
    """Names a `LivenessSession` in a verification; prints without the nonce."""

    id: str
    nonce: str

    def __repr__(self) -> str:
        return f"SessionProof(id={self.id!r}, nonce=...)"


class VerificationRequest(Record, frozen=True, kw_only=True):
    """`POST /v1/face-verifications`.

    Attributes:
        subject: who the person says to be.
        frames: one to five JPEG, PNG or WebP files, in order of capture.
        purpose: a word of the IdP's own list.
        consent_reference: the IdP's own reference; nothing personal.
        assurance_level: of the service's list, for example `ial2.2`.
        portrait_date: of the portrait to compare with, where several are held.
        on_behalf_of: for whom the person acts.
        liveness_session: that was begun for the same subject.
        receipt_formats: `jws`, `sd_jwt_vc` or both.
    """

    subject: Subject
    frames: tuple[bytes, ...]
    purpose: str
    consent_reference: str
    assurance_level: str
    portrait_date: date | None = None
    on_behalf_of: Subject | None = None
    liveness_session: SessionProof | None = None
    receipt_formats: tuple[Literal["jws", "sd_jwt_vc"], ...] = ("jws",)

    def __repr__(self) -> str:
        return f"VerificationRequest({len(self.frames)} frames for {self.purpose!r})"


class ComparisonRequest(Record, frozen=True, kw_only=True):
    """`POST /v1/face-comparisons`: a selfie and the picture of a card, neither of which is kept."""

    selfie: bytes
    card: bytes
    purpose: str
    consent_reference: str
    assurance_level: str
    age_years: int | None = None
    sex: Literal["female", "male"] | None = None

    def __repr__(self) -> str:
        return f"ComparisonRequest(for {self.purpose!r})"


class Reason(Record, frozen=True, kw_only=True):
    """Why: a code, about `selfie`, `card` or `comparison`, and what the person can do."""

    code: str
    about: str
    advice: str


class OperatingPoint(Record, frozen=True, kw_only=True):
    """What the decision rests on."""

    target_fmr: float
    certificate_id: str
    pack: str


class ScoreDetail(Record, frozen=True, kw_only=True):
    """`score >= threshold` matches; for keys with the scope `scores`."""

    score: float
    threshold: float | None


class PresentationAttackDetection(Record, frozen=True, kw_only=True):
    """Whether a live person was seen; null where it was not assessed, and `status` says why."""

    status: str
    is_live: bool | None
    session_used: bool
    live_probability: float | None


class Quality(Record, frozen=True, kw_only=True):
    """A quality component of ISO/IEC 29794-5, 0 to 100; null where it could not be assessed."""

    scalar: float | None
    refused: bool


class Frame(Record, frozen=True, kw_only=True):
    """A frame: `ok` or what failed first, and whether it was the one that was compared."""

    status: str
    chosen: bool
    quality: dict[str, Quality]


class CardAnswer(Record, frozen=True, kw_only=True):
    """The picture of the card, likewise."""

    status: str
    quality: dict[str, Quality]


class Receipts(Record, frozen=True, kw_only=True):
    """The answer, signed; `fvs_client.receipts` checks it."""

    jws: str
    sd_jwt_vc: str | None
    subject_salt: str | None = None


class Decision(Record, frozen=True, kw_only=True):
    """The answer to a verification or comparison; a comparison's alone has a card."""

    transaction_id: str
    decided_at: datetime
    decision: Literal["match", "no_match", "inconclusive", "not_compared"]
    reasons: tuple[Reason, ...]
    assurance_level: str
    operating_point: OperatingPoint
    score_detail: ScoreDetail | None
    presentation_attack_detection: PresentationAttackDetection
    frames: tuple[Frame, ...]
    card: CardAnswer | None = None
    receipt: Receipts | None = None

    @property
    def is_match(self) -> bool:
        """Whether the person is verified; everything but `match` is not."""
        return self.decision == "match"


class Challenge(Record, frozen=True, kw_only=True):
    """What the person is to do; each step is to be seen in a frame, in this order."""

    kind: str
    steps: tuple[str, ...]


class LivenessSession(Record, frozen=True, kw_only=True):
    """A session; single use, for one subject; prints without the nonce."""

    id: str
    nonce: str
    expires_at: datetime
    challenge: Challenge

    def proof(self) -> SessionProof:
        """As a verification names it."""
        return SessionProof(id=self.id, nonce=self.nonce)

    def __repr__(self) -> str:
        return f"LivenessSession(id={self.id!r}, nonce=..., expires_at={self.expires_at})"


class Violation(Record, frozen=True, kw_only=True):
    """One thing that is wrong with a request, by JSON pointer."""

    pointer: str
    code: str
    detail: str


class ProblemDetails(Record, frozen=True, kw_only=True):
    """RFC 9457, with the service's own members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str = ""
    violations: tuple[Violation, ...] = ()
    request_id: str = ""
