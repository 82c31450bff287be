"""What becomes of records after enrolment: they are erased, expire, are exported, get new keys."""

from __future__ import annotations

import base64
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - msgspec reads them
from typing import TYPE_CHECKING

import msgspec

from fvs.registry.erasure import Erasure, sign_erasure
from fvs.registry.records import RecordStatus
from fvs.registry.sealing import rewrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fvs.registry.records import StoredRecord
    from fvs.registry.reviews import Review
    from fvs.registry.store import RecordStore
    from fvs.registry.vault import Vault

__all__ = [
    "ErasureReceipt",
    "RecordExport",
    "ReviewExport",
    "SubjectExport",
    "erase_record",
    "erase_subject",
    "expire",
    "export_subject",
    "rewrap_all",
]

_PAGE = 1024
"""Records that are erased or rewrapped in one change, which holds up others for an instant."""


@dataclass(frozen=True, kw_only=True)
class ErasureReceipt:
    """What was erased of one subject.

    Attributes:
        record_ids: the subject's erased records, those that were erased before included.
        revision: of the store, with the erasure in it.
        proof: signed statement for the subject (`fvs.registry.erasure`); None where the subject
            never had a record, so that there is nothing to state.
    """

    record_ids: tuple[bytes, ...]
    revision: int
    proof: bytes | None


class RecordExport(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as its subject may see it.

    Attributes:
        record_id: 32 hex digits.
        status: active or erased.
        kind: what the template was made from.
        model_id: the embedder.
        enrolled_at: UTC.
        source: where the picture came from.
        legal_basis: what allows keeping it.
        portrait_date: when the portrait was taken.
        quality: 0 to 100.
        retain_until: day after which it expires.
        template: `fvs.template` bytes in base64, of active records and on request only.
    """

    record_id: str
    status: RecordStatus
    kind: str
    model_id: str
    enrolled_at: datetime
    source: str
    legal_basis: str
    portrait_date: date | None
    quality: float | None
    retain_until: date | None
    template: str | None


class ReviewExport(msgspec.Struct, frozen=True, kw_only=True):
    """One duplicate review that names the subject; whom else it names is not theirs to know.

    Attributes:
        review_id: 32 hex digits.
        similarity: of the two templates.
        purpose: why anybody looked.
        legal_basis: what allows it.
        created_at: UTC.
        state: open, confirmed or dismissed.
    """

    review_id: str
    similarity: float
    purpose: str
    legal_basis: str
    created_at: datetime
    state: str


class SubjectExport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a registry keeps about one person; `msgspec.json.encode` writes it.

    Attributes:
        registry_id: of the registry.
        subject: the number, masked.
        pseudonym: under which it is kept, hex.
        records: oldest first, erased ones included.
        reviews: oldest first.
    """

    registry_id: str
    subject: str
    pseudonym: str
    records: tuple[RecordExport, ...]
    reviews: tuple[ReviewExport, ...]


def erase_subject(
    store: RecordStore, vault: Vault, subject: bytes, now: datetime
) -> ErasureReceipt:
    """Erase all that is kept of a subject, and state it.

    Doing it again erases what came since and states all of it again, so that a proof that was lost
    on the way can be had once more.

    Raises:
        StoreError: the store refuses; see `RecordStore.erase` of the store.
    """
    records = store.history(subject)
    if not records:
        return ErasureReceipt(record_ids=(), revision=store.revision(), proof=None)
    ids = tuple(record.record_id for record in records)
    revision = store.erase(ids)
    return _stated(vault, subject, ids, revision, now)


def erase_record(
    store: RecordStore, vault: Vault, record_id: bytes, now: datetime
) -> ErasureReceipt:
    """Erase one record, and state it; the subject's others stay.

    Raises:
        StoreError: the store refuses; see `RecordStore.erase` of the store.
    """
    (record,) = store.by_ids([record_id])
    if record is None:
        return ErasureReceipt(record_ids=(), revision=store.revision(), proof=None)
    revision = store.erase([record_id])
    return _stated(vault, record.subject, [record_id], revision, now)


def _stated(
    vault: Vault, subject: bytes, ids: Sequence[bytes], revision: int, now: datetime
) -> ErasureReceipt:
    erasure = Erasure(
        registry_id=vault.registry_id,
        subject=subject,
        record_ids=ids,
        erased_at=now,
        revision=revision,
    )
    return ErasureReceipt(
        record_ids=tuple(ids), revision=revision, proof=sign_erasure(erasure, vault.keys)
    )


def expire(
    store: RecordStore, vault: Vault, today: date, now: datetime
) -> Iterator[ErasureReceipt]:
    """Erase records whose retention ended before `today`; a receipt for each subject and page."""
    while page := store.expired(today, _PAGE):
        of_subject: dict[bytes, list[bytes]] = defaultdict(list)
        for record in page:
            of_subject[record.subject].append(record.record_id)
        revision = store.erase([record.record_id for record in page])
        for subject, ids in of_subject.items():
            yield _stated(vault, subject, ids, revision, now)


def export_subject(
    store: RecordStore, vault: Vault, subject: bytes, shown: str, *, templates: bool
) -> SubjectExport:
    """All about one subject; `shown` is the masked number.

    Raises:
        SealError: with `templates`, a record does not open.
    """
    records = store.history(subject)
    active = [record for record in records if record.status == RecordStatus.ACTIVE]
    opened = vault.restored_templates(active) if templates else ()
    in_base64 = {
        record.record_id: base64.b64encode(template).decode()
        for record, template in zip(active, opened, strict=bool(templates))
    }
    return SubjectExport(
        registry_id=vault.registry_id,
        subject=shown,
        pseudonym=subject.hex(),
        records=tuple(_exported(record, in_base64.get(record.record_id)) for record in records),
        reviews=tuple(_exported_review(review) for review in store.reviews_of(subject)),
    )


def _exported_review(review: Review) -> ReviewExport:
    return ReviewExport(
        review_id=review.review_id.hex(),
        similarity=review.similarity,
        purpose=review.purpose,
        legal_basis=review.legal_basis,
        created_at=review.created_at,
        state=review.state,
    )


def _exported(record: StoredRecord, template: str | None) -> RecordExport:
    return RecordExport(
        record_id=record.record_id.hex(),
        status=record.status,
        kind=record.kind,
        model_id=record.model_id,
        enrolled_at=record.enrolled_at,
        source=record.source,
        legal_basis=record.legal_basis,
        portrait_date=record.portrait_date,
        quality=record.quality,
        retain_until=record.retain_until,
        template=template,
    )


def rewrap_all(store: RecordStore, vault: Vault, on_progress: Callable[[int, int], None]) -> int:
    """Wrap every record's key under the ring's current key, while others go on working.

    What it did stays done: after an interruption it goes on where it was. Records that others
    enrol meanwhile under an older key are met as well, as each is a later change.

    Args:
        store: of the registry.
        vault: with a ring that holds old keys and new.
        on_progress: told how many records were looked at, of how many.

    Returns:
        How many keys were wrapped anew; once it is 0 the old keys may leave the ring.

    Raises:
        SealError: a record does not open under the key that it names.
    """
    total, seen, wrapped, revision = store.counts()["active"], 0, 0, 0
    while page := store.changed_since(revision, _PAGE):
        revision = page[-1].revision
        keys = [rewrap(record, vault.keys, vault.registry_id) for record in page]
        due = [key for key in keys if key is not None]
        store.rewrap(due)
        wrapped += len(due)
        seen = min(total, seen + len(due))
        on_progress(seen, total)
    on_progress(total, total)
    return wrapped
