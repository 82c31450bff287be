"""Made-up records of the registry, and a slow, obvious store to compare the real ones with."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from fvs.registry.errors import DuplicateRecordError
from fvs.registry.records import RecordStatus, StoredRecord, Tally, TemplateKind, WrappedKey
from fvs.registry.reviews import Review, ReviewState, review_id_of

ENROLLED = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def a_record(subject: int | None = None, **changes: object) -> StoredRecord:
    """An active record with random secrets; `subject` is a small number that stands for one."""
    values = {
        "record_id": secrets.token_bytes(16),
        "subject": secrets.token_bytes(32) if subject is None else a_subject(subject),
        "model_id": "embed-test",
        "kind": TemplateKind.CARD,
        "sealed_template": secrets.token_bytes(200),
        "wrapped_key": secrets.token_bytes(60),
        "key_id": "k1",
        "enrolled_at": ENROLLED,
        "legal_basis": "section 26",
    }
    return StoredRecord(**{**values, **changes})


def a_subject(number: int) -> bytes:
    """The pseudonym that stands for `number`; like real ones these are spread evenly."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def rewrapped(record: StoredRecord, key_id: str = "k2", length: int = 60) -> WrappedKey:
    """A new wrapped key for `record`."""
    return WrappedKey(
        record_id=record.record_id,
        old_key_id=record.key_id,
        key_id=key_id,
        wrapped_key=secrets.token_bytes(length),
    )


def a_review(first: StoredRecord, second: StoredRecord, **changes: object) -> Review:
    """An open review of two records."""
    values = {
        "review_id": review_id_of(first.record_id, second.record_id),
        "first_subject": first.subject,
        "second_subject": second.subject,
        "first_record": first.record_id,
        "second_record": second.record_id,
        "similarity": 0.75,
        "rank": 1,
        "threshold": 0.5,
        "target_fmr": 1e-6,
        "gallery_size": 100,
        "fpir": 1e-4,
        "purpose": "duplicates",
        "legal_basis": "section 26",
        "created_at": ENROLLED,
    }
    return Review(**{**values, **changes})


def erased(record: StoredRecord, revision: int) -> StoredRecord:
    """What is left of `record`."""
    return msgspec.structs.replace(
        record,
        sealed_template=b"",
        wrapped_key=b"",
        key_id="",
        status=RecordStatus.ERASED,
        revision=revision,
    )


class DictStore:
    """The rules of `RecordStore`, in one dictionary."""

    def __init__(self) -> None:
        self.rows: dict[bytes, StoredRecord] = {}
        self.at = 0
        self.notes: dict[str, str] = {}
        self.listed: dict[bytes, Review] = {}

    def add(self, records: Sequence[StoredRecord]) -> int:
        """All or none."""
        ids = [record.record_id for record in records]
        if len(set(ids)) < len(ids) or any(i in self.rows for i in ids):
            raise DuplicateRecordError("twice")
        return self._write([msgspec.structs.replace(r, revision=self.at + 1) for r in records])

    def _write(self, records: list[StoredRecord]) -> int:
        self.rows.update({record.record_id: record for record in records})
        self.at += bool(records)
        return self.at

    def _active(self) -> list[StoredRecord]:
        return [row for row in self.rows.values() if row.status == RecordStatus.ACTIVE]

    def of_subjects(self, subjects: Sequence[bytes]) -> list[list[StoredRecord]]:
        """Active, oldest first."""
        rows = sorted(self._active(), key=lambda row: (row.enrolled_at, row.record_id))
        return [[row for row in rows if row.subject == subject] for subject in subjects]

    def history(self, subject: bytes) -> list[StoredRecord]:
        """Of any status."""
        rows = [row for row in self.rows.values() if row.subject == subject]
        return sorted(rows, key=lambda row: (row.enrolled_at, row.record_id))

    def by_ids(self, record_ids: Sequence[bytes]) -> list[StoredRecord | None]:
        """Whatever the status."""
        return [self.rows.get(record_id) for record_id in record_ids]

    def changed_since(self, revision: int, limit: int) -> list[StoredRecord]:
        """Whole revisions."""
        rows = sorted(self.rows.values(), key=lambda row: (row.revision, row.record_id))
        rows = [row for row in rows if row.revision > revision]
        page = rows[:limit]
        return page + [row for row in rows[limit:] if row.revision == page[-1].revision]

    def revision(self) -> int:
        """Changes so far."""
        return self.at

    def erase(self, record_ids: Sequence[bytes]) -> int:
        """What was active is changed."""
        wanted = [row for row in self._active() if row.record_id in record_ids]
        for review in list(self.listed.values()):
            if {review.first_record, review.second_record} & set(record_ids):
                del self.listed[review.review_id]
        return self._write([erased(row, self.at + 1) for row in wanted])

    def add_reviews(self, reviews: Sequence[Review]) -> int:
        """New ones of active records."""
        active = {row.record_id for row in self._active()}
        before = len(self.listed)
        for review in reviews:
            if {review.first_record, review.second_record} <= active:
                self.listed.setdefault(review.review_id, review)
        return len(self.listed) - before

    def reviews(self, state: ReviewState, limit: int) -> list[Review]:
        """Oldest first."""
        rows = [review for review in self.listed.values() if review.state == state]
        return sorted(rows, key=lambda row: (row.created_at, row.review_id))[:limit]

    def reviews_of(self, subject: bytes) -> list[Review]:
        """Either side."""
        rows = [r for r in self.listed.values() if subject in (r.first_subject, r.second_subject)]
        return sorted(rows, key=lambda row: (row.created_at, row.review_id))

    def resolve_review(self, review_id: bytes, state: ReviewState, note: str, now) -> bool:
        """Whether it is there."""
        if review_id not in self.listed:
            return False
        changes = {"state": state, "note": note, "resolved_at": now}
        self.listed[review_id] = msgspec.structs.replace(self.listed[review_id], **changes)
        return True

    def rewrap(self, keys: Sequence[WrappedKey]) -> int:
        """Where the old key id still holds."""
        written = []
        active = {row.record_id: row for row in self._active()}
        for key in keys:
            row = active.get(key.record_id)
            if row is not None and row.key_id == key.old_key_id:
                new = {"wrapped_key": key.wrapped_key, "key_id": key.key_id}
                written.append(msgspec.structs.replace(row, revision=self.at + 1, **new))
        return self._write(written)

    def expired(self, today: date, limit: int) -> list[StoredRecord]:
        """Longest expired first."""
        due = [row for row in self._active() if row.retain_until and row.retain_until < today]
        return sorted(due, key=lambda row: (row.retain_until, row.record_id))[:limit]

    def counts(self) -> Mapping[str, int]:
        """By status, and subjects."""
        active = self._active()
        subjects = len({row.subject for row in active})
        return {
            "active": len(active),
            "erased": len(self.rows) - len(active),
            "subjects": subjects,
        }

    def tallies(self) -> list[Tally]:
        """Counted one by one."""
        alike = Counter((row.status, row.kind, row.enrolled_at.year) for row in self.rows.values())
        return sorted(Tally(*key, records) for key, records in alike.items())

    def metadata(self) -> Mapping[str, str]:
        """What was set."""
        return dict(self.notes)

    def set_metadata(self, entries: Mapping[str, str]) -> None:
        """Never another value."""
        assert all(self.notes.get(name, value) == value for name, value in entries.items())
        self.notes.update(entries)

    def close(self) -> None:
        """Nothing to give back."""
