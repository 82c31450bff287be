"""Answers of the service, as JSON documents; docs/reference/http-api.md describes them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Literal

import msgspec

from fvs.advice import advice_for
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.samples import Samples

__all__ = [
    "CardDocument",
    "DecisionAnswer",
    "FrameDocument",
    "OperatingPointDocument",
    "PadDocument",
    "QualityDocument",
    "ReasonDocument",
    "ReceiptDocument",
    "ScoreDocument",
    "quality_of",
    "reasons_of",
    "status_of",
]

Language = Literal["en", "th"]
_SHOWN_DIGITS = 1


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object."""


class ReasonDocument(_Document, frozen=True, kw_only=True):
    """Why the answer is what it is.

    Attributes:
        code: for programs.
        about: `selfie`, `card`, or `comparison` of both.
        advice: what the person can do, in the language of the request.
    """

    code: str
    about: str
    advice: str


class OperatingPointDocument(_Document, frozen=True, kw_only=True):
    """What the decision rests on.

    Attributes:
        target_fmr: share of strangers that match at most.
        certificate_id: of the measurement.
        pack: of the networks.
    """

    target_fmr: float
    certificate_id: str
    pack: str


class ScoreDocument(_Document, frozen=True, kw_only=True):
    """For keys with the scope `scores`.

    Attributes:
        score: cosine, -1 to 1; `score >= threshold` matches.
        threshold: of the operating point.
    """

    score: float
    threshold: float | None


class PadDocument(_Document, frozen=True, kw_only=True):
    """Passive presentation attack detection, apart from the match.

    Attributes:
        status: `assessed`; `not_required` by the level; or why it could not be assessed.
        is_live: of all usable frames; null where it was not assessed.
        session_used: whether a liveness session was named.
        live_probability: of the frame that was compared; for the scope `scores`.
    """

    status: str
    is_live: bool | None
    session_used: bool
    live_probability: float | None


class QualityDocument(_Document, frozen=True, kw_only=True):
    """One quality component of ISO/IEC 29794-5.

    Attributes:
        scalar: 0 to 100, more is better; null where it could not be assessed.
        refused: whether the picture may not be compared because of it.
    """

    scalar: float | None
    refused: bool


class FrameDocument(_Document, frozen=True, kw_only=True):
    """One frame.

    Attributes:
        status: `ok`, or the first thing that failed.
        chosen: whether it is the one that was compared.
        quality: by ISO name.
    """

    status: str
    chosen: bool
    quality: dict[str, QualityDocument]


class CardDocument(_Document, frozen=True, kw_only=True):
    """The picture of a card, likewise."""

    status: str
    quality: dict[str, QualityDocument]


class ReceiptDocument(_Document, frozen=True, kw_only=True):
    """The answer, signed.

    Attributes:
        jws: compact, Ed25519; `fvs receipt verify` checks it.
        sd_jwt_vc: for a document wallet, where it was asked for.
        subject_salt: with the number, it shows whom the receipt is about; keep it to yourself.
    """

    jws: str
    sd_jwt_vc: str | None
    subject_salt: str | None


class DecisionAnswer(_Document, frozen=True, kw_only=True):
    """The answer to a verification, or to a comparison, which alone has a card."""

    transaction_id: str
    decided_at: datetime
    decision: Literal["match", "no_match", "inconclusive", "not_compared"]
    reasons: list[ReasonDocument]
    assurance_level: str
    operating_point: OperatingPointDocument
    score_detail: ScoreDocument | None
    presentation_attack_detection: PadDocument
    frames: list[FrameDocument]
    card: CardDocument | None = None
    receipt: ReceiptDocument | None = None


def reasons_of(codes: list[tuple[str, str]], language: Language) -> list[ReasonDocument]:
    """Documents of (about, code) pairs."""
    return [
        ReasonDocument(
            code=code,
            about=about,
            advice=advice_for(code).thai if language == "th" else advice_for(code).english,
        )
        for about, code in codes
    ]


def quality_of(samples: Samples, row: int) -> dict[str, QualityDocument]:
    """By ISO name."""
    quality = samples.quality
    scalars, refused = quality.scalar[row].tolist(), quality.refused[row].tolist()
    return {
        name: QualityDocument(
            # NaN is not itself.
            scalar=round(scalar, _SHOWN_DIGITS) if scalar == scalar else None,  # noqa: PLR0124
            refused=bool(refuses),
        )
        for name, scalar, refuses in zip(quality.components, scalars, refused, strict=True)
    }


def status_of(samples: Samples, row: int) -> str:
    """The code of a picture: its first failure, or `ok`."""
    return Status(int(samples.quality.status[row])).code
