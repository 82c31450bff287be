"""The store for many machines: one schema of a PostgreSQL database, 15 or later.

Every change locks the one row of the counter until it commits. So revisions become visible in
their order, and `changed_since` never misses a change that was slow to commit. Reads take no lock.

Erasure replaces keys and templates, but PostgreSQL keeps old versions of rows until VACUUM, pages
may hold their bytes until they are used again, and the write-ahead log, its archive, replicas and
base backups hold them as long as the operator keeps those. What makes all of these worthless is the
key ring: rotate it and destroy the old wrapping key, and every key that was wrapped with it is
gone wherever it lies. `PostgresStore.vacuum` clears what VACUUM can.

The table of records is partitioned by subject (see the migration `partitions`): a lookup by subject
touches one partition for each subject, one by record id an index of each partition. All SQL here is
plain enough for Citus and YugabyteDB, on which it was not tested. Threads may share a store; a
process opens its own, after a fork and not before.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool

from fvs.registry.errors import DuplicateRecordError, StoreError
from fvs.registry.migrate import require_current, shipped
from fvs.registry.postgres_reviews import (
    forget_reviews,
    insert_reviews,
    resolve,
    reviews_in,
    reviews_of,
)
from fvs.registry.postgres_schema import (
    CONNECT_TIMEOUT_S,
    connect,
    create_schema,
    postgres_errors,
    prepare,
    schema_version,
)
from fvs.registry.records import RecordStatus, StoredRecord, TemplateKind
from fvs.registry.rows import check_keys, check_limit, check_records, chunks, oldest, tally_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from psycopg import Connection, Cursor

    from fvs.registry.records import Tally, WrappedKey
    from fvs.registry.reviews import Review, ReviewState

__all__ = ["PostgresStore"]

READ_CHUNK = 10_000
"""Keys of one statement: some hundred kilobytes."""

MAX_CONNECTIONS = 8
"""Of one process; PostgreSQL's own default limit is 100 for all."""

_COLUMNS = (
    ("record_id", "bytea"),
    ("subject", "bytea"),
    ("model_id", "text"),
    ("kind", "text"),
    ("sealed_template", "bytea"),
    ("wrapped_key", "bytea"),
    ("key_id", "text"),
    ("portrait_date", "date"),
    ("quality", "float8"),
    ("enrolled_at", "timestamptz"),
    ("source", "text"),
    ("legal_basis", "text"),
    ("retain_until", "date"),
    ("status", "text"),
    ("revision", "int8"),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_TYPES = [sql_type for _, sql_type in _COLUMNS]

_READ = f"SELECT {_NAMES} FROM records"  # noqa: S608 - constants, here and below
_OF_SUBJECTS = f"{_READ} WHERE status = 'active' AND subject = ANY(%b)"
_HISTORY = f"{_READ} WHERE subject = ANY(%b)"
_BY_IDS = f"{_READ} WHERE record_id = ANY(%b)"
_EXPIRED = f"""{_READ} WHERE status = 'active' AND retain_until < %s
ORDER BY retain_until, record_id LIMIT %s"""
_LAST_OF_PAGE = """coalesce(
    (SELECT revision FROM records WHERE revision > %(after)s ORDER BY revision
     LIMIT 1 OFFSET %(rest)s),
    (SELECT value FROM revision))"""
_CHANGED = f"""{_READ} WHERE revision > %(after)s AND revision <= {_LAST_OF_PAGE}
ORDER BY revision, record_id"""

_REVISION = "SELECT value FROM revision"
_KNOWN = "SELECT EXISTS (SELECT FROM records WHERE record_id = ANY(%b))"
_COPY = f"COPY records ({_NAMES}) FROM STDIN (FORMAT BINARY)"
_ERASE = """
UPDATE records SET status = 'erased', sealed_template = '', wrapped_key = '', key_id = '',
    revision = %s
WHERE record_id = ANY(%b) AND status = 'active'"""
_REWRAP = """
UPDATE records SET wrapped_key = %b, key_id = %s, revision = %s
WHERE record_id = %b AND key_id = %s AND status = 'active'"""


class PostgresStore:
    """A `RecordStore` in one schema; see the module for what it promises."""

    def __init__(self, pool: ConnectionPool[Connection[tuple[Any, ...]]]) -> None:
        """Use `PostgresStore.open`, which also checks the schema."""
        self._pool = pool

    @classmethod
    def open(cls, dsn: str, *, schema: str = "fvs", create: bool = False) -> PostgresStore:
        """Open the store in `schema`, or make an empty one.

        Args:
            dsn: a libpq connection string or URI.
            schema: its name in the database.
            create: make it; the role needs the right to create schemas.

        Raises:
            StoreError: the server cannot be reached or refuses, with `create` the schema is there
                already, without it there is none, or it is of another version.
        """
        if create:
            create_schema(dsn, schema)
        with postgres_errors():
            with connect(dsn, schema) as connection:
                require_current(schema_version(connection), shipped("postgres"))
            pool = ConnectionPool(
                dsn,
                min_size=1,
                max_size=MAX_CONNECTIONS,
                timeout=CONNECT_TIMEOUT_S,
                configure=lambda connection: prepare(connection, schema),
                check=ConnectionPool.check_connection,
                kwargs={"row_factory": tuple_row},
                open=True,
            )
        return cls(pool)

    def add(self, records: Sequence[StoredRecord]) -> int:
        """See `RecordStore.add`."""
        check_records(records)
        if not records:
            return self.revision()
        with self._change() as (cursor, revision):
            ids = [record.record_id for record in records]
            if _first(cursor.execute(_KNOWN, [ids])):
                raise DuplicateRecordError("a record of the batch has an id that is there")
            with cursor.copy(_COPY) as copy:
                copy.set_types(_TYPES)
                for record in records:
                    copy.write_row(_row_of(record, revision))
            _count(cursor, revision)
        return revision

    def of_subjects(self, subjects: Sequence[bytes]) -> list[list[StoredRecord]]:
        """See `RecordStore.of_subjects`."""
        found: dict[bytes, list[StoredRecord]] = {subject: [] for subject in subjects}
        for record in self._read(_OF_SUBJECTS, list(found)):
            found[record.subject].append(record)
        return [oldest(found[subject]) for subject in subjects]

    def history(self, subject: bytes) -> list[StoredRecord]:
        """See `RecordStore.history`."""
        return oldest(list(self._read(_HISTORY, [subject])))

    def by_ids(self, record_ids: Sequence[bytes]) -> list[StoredRecord | None]:
        """See `RecordStore.by_ids`."""
        found = {record.record_id: record for record in self._read(_BY_IDS, record_ids)}
        return [found.get(record_id) for record_id in record_ids]

    def _read(self, query: str, keys: Sequence[bytes]) -> Iterator[StoredRecord]:
        with self._cursor() as cursor:
            for chunk in chunks(keys, READ_CHUNK):
                yield from map(_record_of, cursor.execute(query, [list(chunk)]))

    def changed_since(self, revision: int, limit: int) -> list[StoredRecord]:
        """See `RecordStore.changed_since`."""
        check_limit(limit)
        with self._cursor() as cursor:
            rows = cursor.execute(_CHANGED, {"after": revision, "rest": limit - 1})
            return [_record_of(row) for row in rows]

    def revision(self) -> int:
        """See `RecordStore.revision`."""
        with self._cursor() as cursor:
            return int(_first(cursor.execute(_REVISION)))

    def erase(self, record_ids: Sequence[bytes]) -> int:
        """See `RecordStore.erase`, and the module for what PostgreSQL itself keeps."""
        with self._change() as (cursor, revision):
            erased = cursor.execute(_ERASE, [revision, list(record_ids)]).rowcount
            forget_reviews(cursor, record_ids)
            return _count(cursor, revision) if erased else revision - 1

    def rewrap(self, keys: Sequence[WrappedKey]) -> int:
        """See `RecordStore.rewrap`."""
        check_keys(keys)
        with self._change() as (cursor, revision):
            cursor.executemany(
                _REWRAP,
                [(k.wrapped_key, k.key_id, revision, k.record_id, k.old_key_id) for k in keys],
            )
            return _count(cursor, revision) if cursor.rowcount > 0 else revision - 1

    def expired(self, today: date, limit: int) -> list[StoredRecord]:
        """See `RecordStore.expired`."""
        check_limit(limit)
        with self._cursor() as cursor:
            return [_record_of(row) for row in cursor.execute(_EXPIRED, [today, limit])]

    def add_reviews(self, reviews: Sequence[Review]) -> int:
        """See `RecordStore.add_reviews`."""
        with self._change() as (cursor, _):  # so that no record is erased meanwhile
            return insert_reviews(cursor, reviews)

    def reviews(self, state: ReviewState, limit: int) -> list[Review]:
        """See `RecordStore.reviews`."""
        check_limit(limit)
        with self._cursor() as cursor:
            return reviews_in(cursor, state, limit)

    def reviews_of(self, subject: bytes) -> list[Review]:
        """See `RecordStore.reviews_of`."""
        with self._cursor() as cursor:
            return reviews_of(cursor, subject)

    def resolve_review(
        self, review_id: bytes, state: ReviewState, note: str, now: datetime
    ) -> bool:
        """See `RecordStore.resolve_review`."""
        with self._cursor() as cursor:
            return resolve(cursor, review_id, state, note, now)

    def counts(self) -> Mapping[str, int]:
        """See `RecordStore.counts`."""
        counts = dict.fromkeys((status.value for status in RecordStatus), 0)
        query = """
            SELECT status, count(*) FROM records GROUP BY status
            UNION ALL
            SELECT 'subjects', count(DISTINCT subject) FROM records WHERE status = 'active'"""
        with self._cursor() as cursor:
            counts.update(cursor.execute(query))
        return counts

    def tallies(self) -> list[Tally]:
        """See `RecordStore.tallies`."""
        query = """
            SELECT status, kind, extract(year FROM enrolled_at)::int8 AS year, count(*)
            FROM records GROUP BY status, kind, year"""
        with self._cursor() as cursor:
            return sorted(tally_of(row) for row in cursor.execute(query))

    def metadata(self) -> Mapping[str, str]:
        """See `RecordStore.metadata`."""
        with self._cursor() as cursor:
            return dict(cursor.execute("SELECT name, value FROM metadata ORDER BY name"))

    def set_metadata(self, entries: Mapping[str, str]) -> None:
        """See `RecordStore.set_metadata`."""
        insert = "INSERT INTO metadata (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        with self._cursor() as cursor:
            cursor.executemany(insert, sorted(entries.items()))  # sorted: two writers never cross
            kept = dict(cursor.execute("SELECT name, value FROM metadata"))
            differing = [name for name, value in entries.items() if kept[name] != value]
            if differing:
                raise StoreError(f"metadata differs: {', '.join(sorted(differing))}")

    def vacuum(self) -> None:
        """Give the room of old row versions back; see the module for what that does not erase."""
        with self._cursor() as cursor:
            cursor.connection.commit()
            cursor.connection.autocommit = True
            try:
                cursor.execute("VACUUM records")
            finally:
                cursor.connection.autocommit = False

    def close(self) -> None:
        """See `RecordStore.close`."""
        self._pool.close()

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[tuple[Any, ...]]]:
        """One transaction, committed unless an exception leaves it."""
        with (
            postgres_errors(),
            self._pool.connection() as connection,
            connection.cursor(binary=True) as cursor,
        ):
            yield cursor

    @contextmanager
    def _change(self) -> Iterator[tuple[Cursor[tuple[Any, ...]], int]]:
        """A transaction that holds the counter, and the revision that it may raise it to."""
        with self._cursor() as cursor:
            yield cursor, int(_first(cursor.execute(f"{_REVISION} FOR UPDATE"))) + 1


def _first(cursor: Cursor[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - a value of any SQL type
    row = cursor.fetchone()
    if row is None:
        raise StoreError("the schema lacks a row that every registry has")
    return row[0]


def _count(cursor: Cursor[tuple[Any, ...]], revision: int) -> int:
    cursor.execute("UPDATE revision SET value = %s", [revision])
    return revision


def _row_of(record: StoredRecord, revision: int) -> tuple[Any, ...]:
    return (
        record.record_id,
        record.subject,
        record.model_id,
        record.kind.value,
        record.sealed_template,
        record.wrapped_key,
        record.key_id,
        record.portrait_date,
        record.quality,
        record.enrolled_at,
        record.source,
        record.legal_basis,
        record.retain_until,
        record.status.value,
        revision,
    )


def _record_of(row: tuple[Any, ...]) -> StoredRecord:
    values = dict(zip((name for name, _ in _COLUMNS), row, strict=True))
    values["kind"] = TemplateKind(values["kind"])
    values["status"] = RecordStatus(values["status"])
    return StoredRecord(**values)
