"""What the registry keeps of one template: all that a store sees, and never a number or a face.

A store holds `StoredRecord`s. The subject is a pseudonym (a keyed HMAC of the identifier), the
template is sealed under a key of its own, and that key is wrapped under a key of the key ring.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - msgspec reads them
from enum import StrEnum

import msgspec

__all__ = ["RecordStatus", "StoredRecord", "Tally", "TemplateKind", "WrappedKey"]


class TemplateKind(StrEnum):
    """What a template was made from."""

    CARD = "card"
    PASSPORT = "passport"
    CAPTURE = "capture"


class RecordStatus(StrEnum):
    """Whether a record takes part in comparisons."""

    ACTIVE = "active"
    ERASED = "erased"
    """Its key is destroyed; the row stays as the proof that it was there and went."""


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One template at rest.

    Attributes:
        record_id: 16 random bytes.
        subject: 32 bytes, HMAC-SHA-256 of the identifier (`fvs.subjects.SubjectId.pseudonym`).
        model_id: the embedder that made the template.
        kind: what it was made from.
        sealed_template: see `fvs.registry.sealing`; empty once erased.
        wrapped_key: the record's own key, wrapped; empty once erased.
        key_id: the key of the key ring that wraps it; empty once erased.
        portrait_date: when the portrait was taken, as far as the register knows.
        quality: 0 to 100, None where it was not assessed.
        enrolled_at: UTC.
        source: where the picture came from, in the operator's words.
        legal_basis: reference to the consent or the law that allows keeping it.
        retain_until: day after which the record expires; None is no limit.
        status: whether it takes part.
        revision: the store's counter when this row was last written; 0 before it is stored.
    """

    record_id: bytes
    subject: bytes
    model_id: str
    kind: TemplateKind
    sealed_template: bytes
    wrapped_key: bytes
    key_id: str
    portrait_date: date | None = None
    quality: float | None = None
    enrolled_at: datetime
    source: str = ""
    legal_basis: str
    retain_until: date | None = None
    status: RecordStatus = RecordStatus.ACTIVE
    revision: int = 0


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A record's key, wrapped anew under another key of the key ring."""

    record_id: bytes
    old_key_id: str
    key_id: str
    wrapped_key: bytes


class Tally(msgspec.Struct, frozen=True, order=True):
    """How many records are alike.

    Attributes:
        status: whether they take part.
        kind: what their templates were made from.
        year: of their enrolment, in UTC.
        records: how many.
    """

    status: RecordStatus
    kind: TemplateKind
    year: int
    records: int
