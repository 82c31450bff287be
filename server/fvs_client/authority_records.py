"""The wire format of the authority's own routes: portraits, imports and duplicate reviews."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - msgspec reads the annotations
from typing import Any

from fvs_client.records import Record, Subject

__all__ = [
    "Advice",
    "Erasure",
    "HolderExport",
    "Holdings",
    "ImportJob",
    "ImportRefusal",
    "ImportRefusals",
    "PortraitOutcome",
    "PortraitRecord",
    "PortraitRequest",
    "Resolution",
    "Review",
    "Reviews",
]


class PortraitRequest(Record, frozen=True, kw_only=True, omit_defaults=True):
    """`POST /v1/subjects/portraits`.

    Attributes:
        subject: of whom the picture is.
        picture: a JPEG, PNG or WebP file.
        kind: `portrait`, or what else the registry keeps apart.
        portrait_date: when it was taken.
        legal_basis: what allows it to be kept.
        source: where it is from.
        retain_until: when it must be gone.
    """

    subject: Subject
    picture: bytes
    kind: str | None = None
    portrait_date: date | None = None
    legal_basis: str | None = None
    source: str | None = None
    retain_until: date | None = None

    def __repr__(self) -> str:
        return "PortraitRequest(...)"


class Advice(Record, frozen=True, kw_only=True):
    """Why a portrait was refused, and what can be done."""

    code: str
    advice: str


class PortraitOutcome(Record, frozen=True, kw_only=True):
    """What became of a portrait: enrolled, unchanged, erased_before or refused."""

    outcome: str
    subject: str
    record_id: str | None
    quality: float | None
    reasons: tuple[Advice, ...]


class PortraitRecord(Record, frozen=True, kw_only=True):
    """A template that is held, without itself."""

    record_id: str
    status: str
    kind: str
    model_id: str
    enrolled_at: datetime
    source: str
    legal_basis: str
    portrait_date: date | None
    quality: float | None
    retain_until: date | None


class Holdings(Record, frozen=True, kw_only=True):
    """What is held under a number, which is masked here."""

    subject: str
    pseudonym: str
    portraits: tuple[PortraitRecord, ...]
    review_ids: tuple[str, ...]
    imports_waiting: int


class HolderExport(Record, frozen=True, kw_only=True):
    """Everything that is held about a person, to be handed to them as it is."""

    registry: dict[str, Any]
    imports_waiting: int
    transactions: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        return "HolderExport(...)"


class Erasure(Record, frozen=True, kw_only=True):
    """What was erased; `fvs registry verify-proof` checks the proof, kept to the byte."""

    record_ids: tuple[str, ...]
    revision: int
    proof: str | None


class ImportJob(Record, frozen=True, kw_only=True):
    """An import and how far it is."""

    id: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    rows: int
    waiting: int
    enrolled: int
    unchanged: int
    refused: int
    cancelled: int
    refused_by_code: dict[str, int]


class ImportRefusal(Advice, frozen=True, kw_only=True):
    """A row, from 1, that was not enrolled."""

    row: int


class ImportRefusals(Record, frozen=True, kw_only=True):
    """A page of refusals; `next` is `after` of the next one."""

    refusals: tuple[ImportRefusal, ...]
    next: int | None


class Review(Record, frozen=True, kw_only=True):
    """A pair of people who look alike: a question, not a finding."""

    id: str
    state: str
    similarity: float
    threshold: float
    target_fmr: float
    fpir: float
    gallery_size: int
    purpose: str
    legal_basis: str
    created_at: datetime
    resolved_at: datetime | None
    note: str
    record_ids: tuple[str, str]
    pseudonyms: tuple[str, str] | None


class Reviews(Record, frozen=True, kw_only=True):
    """Reviews in one state, oldest first."""

    reviews: tuple[Review, ...]


class Resolution(Record, frozen=True, kw_only=True):
    """How a review was closed."""

    id: str
    state: str
    resolved_at: datetime
