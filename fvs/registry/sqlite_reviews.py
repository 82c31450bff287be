"""Statements of the SQLite store about reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fvs.registry.reviews import Review, ReviewState
from fvs.registry.sqlite_rows import instant_of, microseconds_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["insert_reviews", "resolve", "reviews_in", "reviews_of"]

_FIELDS = Review.__struct_fields__
_INSTANTS = ("created_at", "resolved_at")
_COLUMNS = ", ".join(f"{name}_us" if name in _INSTANTS else name for name in _FIELDS)
_MARKS = ", ".join(f":{name}" for name in _FIELDS)

_READ = f"SELECT {_COLUMNS} FROM reviews"  # noqa: S608 - constants, here and below
_INSERT = f"""
INSERT INTO reviews ({_COLUMNS}) SELECT {_MARKS} WHERE 2 = (
    SELECT count(*) FROM records
    WHERE status = 'active' AND record_id IN (:first_record, :second_record))
ON CONFLICT DO NOTHING"""  # noqa: S608
_ORDER = "ORDER BY created_at_us, review_id"


def insert_reviews(connection: sqlite3.Connection, reviews: Sequence[Review]) -> int:
    """Those that are new and whose records are active."""
    before = connection.total_changes
    connection.executemany(_INSERT, map(_row_of, reviews))
    return connection.total_changes - before


def reviews_in(connection: sqlite3.Connection, state: ReviewState, limit: int) -> list[Review]:
    """The oldest of a state."""
    rows = connection.execute(f"{_READ} WHERE state = ? {_ORDER} LIMIT ?", (state.value, limit))
    return [_review_of(row) for row in rows]


def reviews_of(connection: sqlite3.Connection, subject: bytes) -> list[Review]:
    """Those that name a subject."""
    named = f"{_READ} WHERE first_subject = :it OR second_subject = :it {_ORDER}"
    return [_review_of(row) for row in connection.execute(named, {"it": subject})]


def resolve(
    connection: sqlite3.Connection, review_id: bytes, state: ReviewState, note: str, now: datetime
) -> bool:
    """Write the outcome; whether there is such a review."""
    change = "UPDATE reviews SET state = ?, note = ?, resolved_at_us = ? WHERE review_id = ?"
    at = microseconds_of(now)
    return connection.execute(change, (state.value, note, at, review_id)).rowcount > 0


def _row_of(review: Review) -> dict[str, Any]:
    row = msgspec.structs.asdict(review)
    row["state"] = review.state.value
    for name in _INSTANTS:
        row[name] = None if row[name] is None else microseconds_of(row[name])
    return row


def _review_of(row: tuple[Any, ...]) -> Review:
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = ReviewState(values["state"])
    for name in _INSTANTS:
        values[name] = None if values[name] is None else instant_of(values[name])
    return Review(**values)
