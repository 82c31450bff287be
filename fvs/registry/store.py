"""The interface of stores. A store is the truth; every index is made from it and disposable.

Every change is one transaction that raises the store's revision by one; rows that it wrote carry
the new revision, so whoever has seen all up to revision r catches up by `changed_since(r)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from fvs.registry.records import StoredRecord, Tally, WrappedKey
    from fvs.registry.reviews import Review, ReviewState

__all__ = ["RecordStore"]


class RecordStore(Protocol):
    """Durable records. Safe to use from many threads and, for servers, from many processes.

    Raises in every method:
        StoreError: the database refuses (read-only, full, corrupt, unreachable).
    """

    def add(self, records: Sequence[StoredRecord]) -> int:
        """Keep all of them or none; returns the new revision (the present one for no records).

        Raises:
            DuplicateRecordError: a record id is there already.
        """
        ...

    def of_subjects(self, subjects: Sequence[bytes]) -> list[list[StoredRecord]]:
        """The active records of each subject, oldest first; an unknown subject has none."""
        ...

    def history(self, subject: bytes) -> list[StoredRecord]:
        """All records of one subject, erased ones included, oldest first."""
        ...

    def by_ids(self, record_ids: Sequence[bytes]) -> list[StoredRecord | None]:
        """The record of each id, whatever its status; None where there is none."""
        ...

    def changed_since(self, revision: int, limit: int) -> list[StoredRecord]:
        """Up to `limit` records written after `revision`, by revision and then id.

        Rows of one revision are never split: a page may exceed `limit` by the rest of its last
        revision.
        """
        ...

    def revision(self) -> int:
        """The number of changes so far."""
        ...

    def erase(self, record_ids: Sequence[bytes]) -> int:
        """Destroy keys and templates of these records and mark them erased, in one change.

        Nothing of either remains in the database file or its journals. Unknown and erased ids
        are left out. Reviews that name a record go with it. Returns the new revision.
        """
        ...

    def rewrap(self, keys: Sequence[WrappedKey]) -> int:
        """Replace the wrapped keys of active records, in one change; returns the new revision.

        Only where the record still has the key id that was read (`old_key_id`), so that rotation
        and erasure may run side by side.
        """
        ...

    def expired(self, today: date, limit: int) -> list[StoredRecord]:
        """Up to `limit` active records whose `retain_until` is before `today`, oldest first."""
        ...

    def add_reviews(self, reviews: Sequence[Review]) -> int:
        """List pairs of active records; returns how many were new.

        A pair that is on the list, in whatever state, is left as it is.
        """
        ...

    def reviews(self, state: ReviewState, limit: int) -> list[Review]:
        """Up to `limit` reviews in that state, oldest first."""
        ...

    def reviews_of(self, subject: bytes) -> list[Review]:
        """All reviews that name a subject, oldest first."""
        ...

    def resolve_review(
        self, review_id: bytes, state: ReviewState, note: str, now: datetime
    ) -> bool:
        """Close a review, or change how it was closed; whether there is such a review."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Records by status, and `subjects`: the number of subjects with an active record."""
        ...

    def tallies(self) -> list[Tally]:
        """Records by status, kind and year of enrolment, in that order."""
        ...

    def metadata(self) -> Mapping[str, str]:
        """What `fvs.registry` keeps about itself: registry id, format, model."""
        ...

    def set_metadata(self, entries: Mapping[str, str]) -> None:
        """Add entries; an entry that is there must be equal.

        Raises:
            StoreError: an entry is there with another value.
        """
        ...

    def close(self) -> None:
        """Give back connections; using the store afterwards is a mistake."""
        ...
