"""Enrolment: templates of subjects become records, each once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from fvs.errors import UsageError
from fvs.registry.errors import DuplicateRecordError
from fvs.registry.records import RecordStatus, StoredRecord, TemplateKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault
    from fvs.subjects import SubjectId

__all__ = ["Enrolment", "EnrolmentOutcome", "EnrolmentReceipt", "enrol"]

_ATTEMPTS = 10
"""How often others may enrol the same portraits at the same moment."""


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A template to be kept, and what must be known of it.

    Attributes:
        subject: whose it is.
        template: `fvs.template` bytes of the embedder's own vector.
        kind: what it was made from.
        legal_basis: reference to the consent or the law that allows keeping it; never empty.
        source: where the picture came from, in the operator's words; no path of a picture.
        portrait_date: when the portrait was taken.
        quality: 0 to 100.
        retain_until: day after which it expires; None is no limit.
        portrait_sha256: of the picture's bytes, so that the same picture is known again before it
            is embedded; without it the template itself is what is known again.
    """

    subject: SubjectId
    template: bytes
    kind: TemplateKind
    legal_basis: str
    source: str = ""
    portrait_date: date | None = None
    quality: float | None = None
    retain_until: date | None = None
    portrait_sha256: bytes = b""


class EnrolmentOutcome(StrEnum):
    """What became of one enrolment."""

    ENROLLED = "enrolled"
    UNCHANGED = "unchanged"
    """This portrait of this subject is there already."""
    ERASED_BEFORE = "erased_before"
    """It was there and was erased; it is not brought back."""


@dataclass(frozen=True, kw_only=True)
class EnrolmentReceipt:
    """What became of a batch; durable once it is in hand.

    Attributes:
        record_ids: N ids of 16 bytes.
        outcomes: N.
        revision: of the store, with the batch in it.
    """

    record_ids: tuple[bytes, ...]
    outcomes: tuple[EnrolmentOutcome, ...]
    revision: int

    def of(self, outcome: EnrolmentOutcome) -> tuple[bytes, ...]:
        """The record ids of that outcome."""
        pairs = zip(self.record_ids, self.outcomes, strict=True)
        return tuple(record_id for record_id, given in pairs if given is outcome)


def enrol(
    store: RecordStore, vault: Vault, enrolments: Sequence[Enrolment], now: datetime
) -> EnrolmentReceipt:
    """Keep templates, in one change of the store.

    Raises:
        ModelMismatchError: a template is damaged or of another model.
        UsageError: an enrolment names no legal basis.
        StoreError: the store refuses; nothing was kept.
    """
    for place, enrolment in enumerate(enrolments):
        if not enrolment.legal_basis.strip():
            raise UsageError(
                f"enrolment {place} of {len(enrolments)} names no legal basis",
                advice="Name the consent or the section of the law that allows keeping it.",
            )
    records = _sealed(vault, enrolments, now)
    ids = tuple(record.record_id for record in records)
    for _ in range(_ATTEMPTS):
        outcomes = _outcomes(store, ids)
        new = [
            record
            for record, outcome in zip(records, outcomes, strict=True)
            if outcome is EnrolmentOutcome.ENROLLED
        ]
        try:
            revision = store.add(new)
        except DuplicateRecordError:
            continue  # someone else enrolled one of them since `_outcomes`
        return EnrolmentReceipt(record_ids=ids, outcomes=outcomes, revision=revision)
    raise DuplicateRecordError("others keep enrolling the same portraits", advice="Try again.")


def _outcomes(store: RecordStore, ids: Sequence[bytes]) -> tuple[EnrolmentOutcome, ...]:
    outcomes = []
    seen: set[bytes] = set()
    for record_id, kept in zip(ids, store.by_ids(ids), strict=True):
        if kept is not None and kept.status == RecordStatus.ERASED:
            outcomes.append(EnrolmentOutcome.ERASED_BEFORE)
        elif kept is not None or record_id in seen:
            outcomes.append(EnrolmentOutcome.UNCHANGED)
        else:
            outcomes.append(EnrolmentOutcome.ENROLLED)
        seen.add(record_id)
    return tuple(outcomes)


def _sealed(
    vault: Vault, enrolments: Sequence[Enrolment], now: datetime
) -> tuple[StoredRecord, ...]:
    templates = vault.rotated_templates([enrolment.template for enrolment in enrolments])
    pseudonyms = vault.pseudonyms.of(enrolment.subject for enrolment in enrolments)
    rows = zip(enrolments, templates, pseudonyms, strict=True)
    return tuple(_record(vault, *row, now) for row in rows)


def _record(
    vault: Vault, enrolment: Enrolment, rotated: bytes, subject: bytes, now: datetime
) -> StoredRecord:
    portrait = enrolment.portrait_sha256 or hashlib.sha256(enrolment.template).digest()
    record_id = vault.record_id(subject, portrait, enrolment.kind)
    sealed = vault.seal(rotated, record_id, subject, enrolment.kind)
    return StoredRecord(
        record_id=record_id,
        subject=subject,
        model_id=vault.model.id,
        kind=enrolment.kind,
        **msgspec.structs.asdict(sealed),
        portrait_date=enrolment.portrait_date,
        quality=enrolment.quality,
        enrolled_at=now.astimezone(UTC),
        source=enrolment.source,
        legal_basis=enrolment.legal_basis,
        retain_until=enrolment.retain_until,
    )
