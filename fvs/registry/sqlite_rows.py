"""Statements of the SQLite store, and how records and their rows become each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from fvs.registry.records import RecordStatus, StoredRecord, TemplateKind
from fvs.registry.rows import chunks

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from fvs.registry.records import WrappedKey

__all__ = [
    "BY_IDS",
    "CHANGED",
    "EXPIRED",
    "OF_SUBJECTS",
    "READ",
    "READ_CHUNK",
    "Change",
    "erase_rows",
    "insert",
    "instant_of",
    "microseconds_of",
    "record_of",
    "revision_of",
    "rewrap_row",
    "select",
]

READ_CHUNK = 512
"""Keys of one statement: far below SQLite's limit, and the cost of a statement is spread thin."""

_KINDS = {kind.value: kind for kind in TemplateKind}
_STATUSES = {status.value: status for status in RecordStatus}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_COLUMNS = """records.record_id, subject, model_id, kind, sealed_template, wrapped_key, key_id,
    portrait_date, quality, enrolled_at_us, source, legal_basis, retain_until, status, revision"""
READ = f"SELECT {_COLUMNS} FROM records LEFT JOIN secrets USING (slot)"  # noqa: S608 - a constant
OF_SUBJECTS = f"{READ} WHERE status = 'active' AND subject IN"
BY_IDS = f"{READ} WHERE record_id IN"

_INSERT_SECRET = "INSERT INTO secrets (slot, wrapped_key, sealed_template) VALUES (?, ?, ?)"  # noqa: S105 - SQL
_INSERT_RECORD = """
INSERT INTO records (number, slot, record_id, subject, model_id, kind, key_id, portrait_date,
    quality, enrolled_at_us, source, legal_basis, retain_until, status, revision)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

_WIPE = """
UPDATE secrets SET wrapped_key = zeroblob(length(wrapped_key)),
    sealed_template = zeroblob(length(sealed_template)) WHERE slot = ?"""
_MARK_ERASED = """
UPDATE records SET status = 'erased', key_id = '', slot = NULL, revision = ? WHERE number = ?"""

_LAST_OF_PAGE = """coalesce(
    (SELECT revision FROM records WHERE revision > :after ORDER BY revision LIMIT 1 OFFSET :rest),
    (SELECT value FROM revision))"""
CHANGED = (
    f"{READ} WHERE revision > :after AND revision <= {_LAST_OF_PAGE} ORDER BY revision, record_id"
)

EXPIRED = f"""{READ}
WHERE status = 'active' AND retain_until < ? ORDER BY retain_until, record_id LIMIT ?"""


@dataclass
class Change:
    """One transaction in the making; it counts as a change once rows were written."""

    connection: sqlite3.Connection
    before: int
    written: bool = False

    @property
    def next(self) -> int:
        """The revision that written rows carry."""
        return self.before + 1

    @property
    def revision(self) -> int:
        """The store's revision after this change."""
        return self.next if self.written else self.before


def revision_of(connection: sqlite3.Connection) -> int:
    """The store's counter."""
    (revision,) = connection.execute("SELECT value FROM revision").fetchone()
    return int(revision)


def select(
    connection: sqlite3.Connection, query: str, keys: Sequence[bytes]
) -> list[tuple[Any, ...]]:
    """Rows of `query`, which ends in IN.

    A chunk is filled up with its first key to a power of two, so that few statements are prepared.
    """
    rows = []
    for chunk in chunks(keys, READ_CHUNK):
        room = 1 << (len(chunk) - 1).bit_length()
        filled = [*chunk, *[chunk[0]] * (room - len(chunk))]
        rows += connection.execute(_with_marks(query, room), filled).fetchall()
    return rows


@cache
def _with_marks(query: str, room: int) -> str:
    """One object for each statement, so that Python's sqlite3 finds it prepared without hashing."""
    return f"{query} ({','.join('?' * room)})"


def erase_rows(change: Change, record_ids: Sequence[bytes]) -> None:
    """Overwrite the secrets of active records with zeros, mark the records, drop their reviews."""
    query = "SELECT slot, number FROM records WHERE status = 'active' AND record_id IN"
    rows = select(change.connection, query, record_ids)
    change.connection.executemany(_WIPE, [(slot,) for slot, _ in rows])
    change.connection.executemany(_MARK_ERASED, [(change.next, number) for _, number in rows])
    for column in ("first_record", "second_record"):
        forget = f"DELETE FROM reviews WHERE {column} = ?"  # noqa: S608 - one of two names
        change.connection.executemany(forget, [(record_id,) for record_id in record_ids])
    change.written = bool(rows)


def insert(change: Change, records: Sequence[StoredRecord]) -> None:
    """Write new rows; a secret goes to the slot after the last."""
    last = (
        "SELECT coalesce(max(number), 0), (SELECT coalesce(max(slot), 0) FROM secrets) FROM records"
    )
    (number, slot) = change.connection.execute(last).fetchone()
    secrets, rows = [], []
    for record in records:
        number += 1
        taken = None
        if record.status == RecordStatus.ACTIVE:
            taken = slot = slot + 1
            secrets.append((slot, record.wrapped_key, record.sealed_template))
        rows.append((number, taken, *_row_of(record), change.next))
    change.connection.executemany(_INSERT_SECRET, secrets)
    change.connection.executemany(_INSERT_RECORD, rows)
    change.written = bool(rows)


def rewrap_row(change: Change, key: WrappedKey) -> bool:
    """Replace one key in place, or move its secrets to a new slot where its length differs."""
    row = change.connection.execute(
        "SELECT number, slot, length(wrapped_key) FROM records JOIN secrets USING (slot) "
        "WHERE record_id = ? AND key_id = ?",
        (key.record_id, key.old_key_id),
    ).fetchone()
    if row is None:
        return False
    number, slot, length = row
    if length == len(key.wrapped_key):
        overwrite = "UPDATE secrets SET wrapped_key = ? WHERE slot = ?"
        change.connection.execute(overwrite, (key.wrapped_key, slot))
    else:
        move = (
            "INSERT INTO secrets (wrapped_key, sealed_template) "
            "SELECT ?, sealed_template FROM secrets WHERE slot = ?"
        )
        moved = change.connection.execute(move, (key.wrapped_key, slot))
        change.connection.execute(_WIPE, (slot,))
        slot = moved.lastrowid
    mark = "UPDATE records SET key_id = ?, slot = ?, revision = ? WHERE number = ?"
    change.connection.execute(mark, (key.key_id, slot, change.next, number))
    return True


def _row_of(record: StoredRecord) -> tuple[bytes | str | float | int | None, ...]:
    return (
        record.record_id,
        record.subject,
        record.model_id,
        record.kind.value,
        record.key_id,
        _iso(record.portrait_date),
        record.quality,
        microseconds_of(record.enrolled_at),
        record.source,
        record.legal_basis,
        _iso(record.retain_until),
        record.status.value,
    )


def record_of(row: tuple[Any, ...]) -> StoredRecord:
    """The record of a row of `READ`."""
    return StoredRecord(
        record_id=row[0],
        subject=row[1],
        model_id=row[2],
        kind=_KINDS[row[3]],
        sealed_template=row[4] or b"",
        wrapped_key=row[5] or b"",
        key_id=row[6],
        portrait_date=_day(row[7]),
        quality=row[8],
        enrolled_at=instant_of(row[9]),
        source=row[10],
        legal_basis=row[11],
        retain_until=_day(row[12]),
        status=_STATUSES[row[13]],
        revision=row[14],
    )


def microseconds_of(instant: datetime) -> int:
    """Since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    """In UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
