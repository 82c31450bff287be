"""The embedded store: one SQLite file.

Readers never wait: each thread has its own connection and sees the last committed change, while one
writer at a time appends to the write-ahead log. An acknowledged change is on the disk
(`synchronous = FULL`).

Erasure overwrites keys and templates with zeros where they lie and empties the log, so no byte of
either stays in the store's files. What it cannot reach: blocks that the file system or the drive
copied away earlier (keep the file on an encrypted disk), and backups. A backup's wrapped keys die
with the key that wraps them: rotate the key ring and destroy the old key.

Threads may share a store; a process opens its own, after a fork and not before.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from fvs.registry.errors import DuplicateRecordError, StoreError
from fvs.registry.migrate import require_current, shipped
from fvs.registry.records import RecordStatus
from fvs.registry.rows import check_keys, check_limit, check_records, oldest, tally_of
from fvs.registry.sqlite_connections import SqliteErrors, ThreadConnections, connect
from fvs.registry.sqlite_files import StoreSummary, copy_checked, create_file, schema_version
from fvs.registry.sqlite_reviews import insert_reviews, resolve, reviews_in, reviews_of
from fvs.registry.sqlite_rows import (
    BY_IDS,
    CHANGED,
    EXPIRED,
    OF_SUBJECTS,
    READ,
    READ_CHUNK,
    Change,
    erase_rows,
    insert,
    record_of,
    revision_of,
    rewrap_row,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from fvs.registry.records import StoredRecord, Tally, WrappedKey
    from fvs.registry.reviews import Review, ReviewState

__all__ = ["SqliteStore"]


class SqliteStore:
    """A `RecordStore` in one file; see the module for what it promises."""

    def __init__(self, path: Path) -> None:
        """Use `SqliteStore.open`, which also checks the file."""
        self.path = path
        self._connections = ThreadConnections(lambda: connect(path))
        self._writing = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> SqliteStore:
        """Open the store at `path`, or make an empty one (mode 0600).

        Raises:
            StoreError: with `create`, something is there already; without, nothing is there, it is
                no store, is damaged or read-only, or its schema is of another version.
        """
        if create:
            create_file(path)
        store = cls(path)
        try:
            with SqliteErrors(path):
                store._prepare(store._connections.get())
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self, connection: sqlite3.Connection) -> None:
        require_current(schema_version(connection), shipped("sqlite"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")  # so that a read-only file is refused now
        connection.rollback()
        # An erasure that was cut off may have left its log behind; a reader may hinder it here.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def add(self, records: Sequence[StoredRecord]) -> int:
        """See `RecordStore.add`."""
        check_records(records)
        with self._change() as change:
            try:
                insert(change, records)
            except sqlite3.IntegrityError as error:
                raise DuplicateRecordError(
                    "a record of the batch has an id that is there"
                ) from error
        return change.revision

    def of_subjects(self, subjects: Sequence[bytes]) -> list[list[StoredRecord]]:
        """See `RecordStore.of_subjects`."""
        found: dict[bytes, list[StoredRecord]] = {subject: [] for subject in subjects}
        with SqliteErrors(self.path), self._view(found) as connection:
            for row in select(connection, OF_SUBJECTS, list(found)):
                found[row[1]].append(record_of(row))
        return [oldest(found[subject]) for subject in subjects]

    def history(self, subject: bytes) -> list[StoredRecord]:
        """See `RecordStore.history`."""
        with self._snapshot() as connection:
            rows = connection.execute(f"{READ} WHERE subject = ?", (subject,))
            return oldest([record_of(row) for row in rows])

    def by_ids(self, record_ids: Sequence[bytes]) -> list[StoredRecord | None]:
        """See `RecordStore.by_ids`."""
        with SqliteErrors(self.path), self._view(record_ids) as connection:
            found = {row[0]: record_of(row) for row in select(connection, BY_IDS, record_ids)}
        return [found.get(record_id) for record_id in record_ids]

    def changed_since(self, revision: int, limit: int) -> list[StoredRecord]:
        """See `RecordStore.changed_since`."""
        check_limit(limit)
        with self._snapshot() as connection:
            rows = connection.execute(CHANGED, {"after": revision, "rest": limit - 1})
            return [record_of(row) for row in rows]

    def revision(self) -> int:
        """See `RecordStore.revision`."""
        with SqliteErrors(self.path):
            return revision_of(self._connections.get())

    def erase(self, record_ids: Sequence[bytes]) -> int:
        """See `RecordStore.erase`.

        Raises:
            StoreError: also where the records are erased but a reader, in all of half a minute,
                did not let go of the log that still holds them; then erase the same ids again.
        """
        with self._change() as change:
            erase_rows(change, record_ids)
        self._empty_log()
        return change.revision

    def _empty_log(self) -> None:
        with self._writing, SqliteErrors(self.path):
            connection = self._connections.get()
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(
                f"{self.path}: the records are erased, but a long reader keeps the log that holds "
                "them from being emptied",
                advice="End the backup or the program that reads, then erase the same ids again.",
            )

    def rewrap(self, keys: Sequence[WrappedKey]) -> int:
        """See `RecordStore.rewrap`."""
        check_keys(keys)
        with self._change() as change:
            for key in keys:
                change.written |= rewrap_row(change, key)
        return change.revision

    def expired(self, today: date, limit: int) -> list[StoredRecord]:
        """See `RecordStore.expired`."""
        check_limit(limit)
        with self._snapshot() as connection:
            rows = connection.execute(EXPIRED, (today.isoformat(), limit))
            return [record_of(row) for row in rows]

    def add_reviews(self, reviews: Sequence[Review]) -> int:
        """See `RecordStore.add_reviews`."""
        with self._writing, self._transaction("IMMEDIATE") as connection:
            added = insert_reviews(connection, reviews)
            connection.execute("COMMIT")
        return added

    def reviews(self, state: ReviewState, limit: int) -> list[Review]:
        """See `RecordStore.reviews`."""
        check_limit(limit)
        with self._snapshot() as connection:
            return reviews_in(connection, state, limit)

    def reviews_of(self, subject: bytes) -> list[Review]:
        """See `RecordStore.reviews_of`."""
        with self._snapshot() as connection:
            return reviews_of(connection, subject)

    def resolve_review(
        self, review_id: bytes, state: ReviewState, note: str, now: datetime
    ) -> bool:
        """See `RecordStore.resolve_review`."""
        with self._writing, self._transaction("IMMEDIATE") as connection:
            known = resolve(connection, review_id, state, note, now)
            connection.execute("COMMIT")
        return known

    def counts(self) -> Mapping[str, int]:
        """See `RecordStore.counts`."""
        by_status = "SELECT status, count(*) FROM records GROUP BY status"
        subjects = "SELECT count(DISTINCT subject) FROM records WHERE status = 'active'"
        with self._snapshot() as connection:
            counts = dict.fromkeys((status.value for status in RecordStatus), 0)
            counts.update(connection.execute(by_status))
            (counts["subjects"],) = connection.execute(subjects).fetchone()
        return counts

    def tallies(self) -> list[Tally]:
        """See `RecordStore.tallies`."""
        query = """SELECT status, kind,
            CAST(strftime('%Y', enrolled_at_us / 1000000, 'unixepoch') AS INTEGER) AS year,
            count(*) FROM records GROUP BY status, kind, year"""
        with self._snapshot() as connection:
            return sorted(tally_of(row) for row in connection.execute(query))

    def metadata(self) -> Mapping[str, str]:
        """See `RecordStore.metadata`."""
        with self._snapshot() as connection:
            return dict(connection.execute("SELECT name, value FROM metadata ORDER BY name"))

    def set_metadata(self, entries: Mapping[str, str]) -> None:
        """See `RecordStore.set_metadata`."""
        insert = "INSERT INTO metadata (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        with self._transaction("IMMEDIATE") as connection:
            connection.executemany(insert, entries.items())
            kept = dict(connection.execute("SELECT name, value FROM metadata"))
            differing = [name for name, value in entries.items() if kept[name] != value]
            if differing:
                raise StoreError(f"{self.path}: metadata differs: {', '.join(sorted(differing))}")
            connection.execute("COMMIT")

    def backup(self, target: Path) -> StoreSummary:
        """Copy the store as it is now to a new file, while it is in use; see `copy_checked`."""
        return copy_checked(self.path, target)

    def close(self) -> None:
        """See `RecordStore.close`."""
        self._connections.close()

    def _view(self, keys: Collection[bytes]) -> AbstractContextManager[sqlite3.Connection]:
        """Reads of `select` with these keys that all see one state, as a single statement does."""
        if len(keys) > READ_CHUNK:
            return self._snapshot()
        return nullcontext(self._connections.get())

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """Reads that all see one state."""
        with self._transaction("DEFERRED") as connection:
            yield connection

    @contextmanager
    def _change(self) -> Iterator[Change]:
        """One change, committed with its revision if rows were written."""
        with self._writing, self._transaction("IMMEDIATE") as connection:
            change = Change(connection, revision_of(connection))
            yield change
            if change.written:
                connection.execute("UPDATE revision SET value = ?", (change.next,))
                connection.execute("COMMIT")

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """What is not committed inside is rolled back."""
        with SqliteErrors(self.path):
            connection = self._connections.get()
            connection.execute(f"BEGIN {kind}")
            try:
                yield connection
            finally:
                connection.rollback()
