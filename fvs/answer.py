"""Verifications as plain documents: what a program or a person is told.

No pixels, templates or identifiers, so that a document may be logged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fvs.advice import advice_for
from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from fvs.decide import DecisionPolicy
    from fvs.engine import Judgements, Samples, Verifications
    from fvs.records import F32, F64

__all__ = [
    "LivenessAnswer",
    "Measure",
    "PictureAnswer",
    "Reason",
    "VerificationAnswer",
    "answer_judgement",
    "answer_picture",
    "answer_verification",
]


SHOWN_DIGITS = 6
"""float32 has seven."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why the answer is what it is, and what the person can do about it."""

    code: str
    about: str
    english: str
    thai: str


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One quality component; null where it could not be assessed.

    `unified_quality_score` is no single cause but how much the embedder could make of the face at
    all: its raw value compares within one embedder only, its scalar is the percentile among
    ordinary portraits (50 is the median). It never refuses.
    """

    raw: float | None
    scalar: float | None
    refused: bool


class LivenessAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Passive PAD, apart from the match."""

    status: str
    live_probability: float | None
    threshold: float | None


class PictureAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one picture.

    Sizes, boxes and landmarks are in native pixels of the picture as a person would hold it:
    after its EXIF orientation, and righted if it lay on its side all the same.
    """

    status: str
    file_format: str
    width_px: int
    height_px: int
    decoded_scale: float
    face_xyxy_px: list[float] | None
    landmarks_px: list[list[float]] | None
    detection_score: float | None
    inter_eye_px: float | None
    quality: dict[str, Measure]
    liveness: LivenessAnswer


class VerificationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one verification; no score where the pictures may not be compared.

    `card` is null where the selfie was compared with a template that is stored.
    """

    outcome: str
    reasons: list[Reason]
    score: float | None
    threshold: float | None
    target_fmr: float
    embedder: str
    selfie: PictureAnswer
    card: PictureAnswer | None


def answer_verification(
    verifications: Verifications, row: int, policy: DecisionPolicy
) -> VerificationAnswer:
    """The document for one row."""
    card = answer_picture(verifications.references, row, policy)
    return _answer(verifications, row, policy, card, verifications.references.refusals(row))


def answer_judgement(
    judgements: Judgements, row: int, policy: DecisionPolicy
) -> VerificationAnswer:
    """The document for one selfie that was compared with what is stored."""
    return _answer(judgements, row, policy, None, ())


def _answer(
    judgements: Judgements,
    row: int,
    policy: DecisionPolicy,
    card: PictureAnswer | None,
    of_card: tuple[str, ...],
) -> VerificationAnswer:
    decisions = judgements.decisions
    compared = decisions.outcome[row] is not Outcome.NOT_COMPARED
    return VerificationAnswer(
        outcome=decisions.outcome[row],
        reasons=_reasons(judgements, row, of_card),
        score=_number(judgements.scores.similarity[row]) if compared else None,
        threshold=_number(decisions.threshold[row]),
        target_fmr=float(decisions.target_fmr[row]),
        embedder=judgements.probes.embeddings.model_id,
        selfie=answer_picture(judgements.probes, row, policy),
        card=card,
    )


def answer_picture(samples: Samples, row: int, policy: DecisionPolicy | None) -> PictureAnswer:
    """The document for one picture."""
    images, faces = samples.images, samples.faces
    scale = float(images.scale[row])
    found = bool(math.isfinite(faces.detection_score[row]))
    return PictureAnswer(
        status=Status(int(samples.quality.status[row])).code,
        file_format=images.file_format[row],
        width_px=int(images.native_wh[row, 0]),
        height_px=int(images.native_wh[row, 1]),
        decoded_scale=scale,
        face_xyxy_px=_native_px(faces.xyxy_px[row], scale).tolist() if found else None,
        landmarks_px=_native_px(faces.landmarks_px[row], scale).tolist() if found else None,
        detection_score=_number(faces.detection_score[row]),
        inter_eye_px=_number(faces.inter_eye_px[row] / scale) if found else None,
        quality=_measures(samples, row),
        liveness=_liveness(samples, row, policy),
    )


def _measures(samples: Samples, row: int) -> dict[str, Measure]:
    quality = samples.quality
    return {
        component: Measure(
            raw=_number(quality.raw[row, k]),
            scalar=_number(quality.scalar[row, k]),
            refused=bool(quality.refused[row, k]),
        )
        for k, component in enumerate(quality.components)
    }


def _liveness(samples: Samples, row: int, policy: DecisionPolicy | None) -> LivenessAnswer:
    pad = policy.pad if policy is not None else None
    return LivenessAnswer(
        status=Status(int(samples.liveness.status[row])).code,
        live_probability=_number(samples.liveness.live_probability[row]),
        threshold=pad.threshold if pad is not None else None,
    )


def _reasons(judgements: Judgements, row: int, of_card: tuple[str, ...]) -> list[Reason]:
    of_selfie = judgements.probes.refusals(row)
    about = [("selfie", code) for code in of_selfie] + [("card", code) for code in of_card]
    if not about:
        about = [("comparison", code) for code in judgements.decisions.reasons[row]]
    return [_reason(code, subject) for subject, code in about]


def _reason(code: str, about: str) -> Reason:
    advice = advice_for(code)
    return Reason(code=code, about=about, english=advice.english, thai=advice.thai)


def _number(value: float) -> float | None:
    """Without the digits that float32 does not have; JSON has no NaN."""
    return round(float(value), SHOWN_DIGITS) if math.isfinite(value) else None


def _native_px(decoded_px: F32, scale: float) -> F64:
    """Decoded pixels -> native pixels, to a tenth."""
    return np.asarray((decoded_px.astype(np.float64) / scale).round(1), np.float64)
