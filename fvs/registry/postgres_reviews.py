"""Statements of the PostgreSQL store about reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fvs.registry.reviews import Review, ReviewState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from psycopg import Cursor

__all__ = ["forget_reviews", "insert_reviews", "resolve", "reviews_in", "reviews_of"]

_FIELDS = Review.__struct_fields__
_BYTES = ("review_id", "first_subject", "second_subject", "first_record", "second_record")
_COLUMNS = ", ".join(_FIELDS)
_MARKS = ", ".join(f"%({name})b" if name in _BYTES else f"%({name})s" for name in _FIELDS)

_READ = f"SELECT {_COLUMNS} FROM reviews"  # noqa: S608 - constants, here and below
_INSERT = f"""
INSERT INTO reviews ({_COLUMNS}) SELECT {_MARKS} WHERE 2 = (
    SELECT count(*) FROM records
    WHERE status = 'active' AND record_id IN (%(first_record)b, %(second_record)b))
ON CONFLICT DO NOTHING"""  # noqa: S608
_ORDER = "ORDER BY created_at, review_id"


def insert_reviews(cursor: Cursor[tuple[Any, ...]], reviews: Sequence[Review]) -> int:
    """Those that are new and whose records are active."""
    if not reviews:
        return 0
    cursor.executemany(_INSERT, [_row_of(review) for review in reviews])
    return cursor.rowcount


def reviews_in(cursor: Cursor[tuple[Any, ...]], state: ReviewState, limit: int) -> list[Review]:
    """The oldest of a state."""
    query = f"{_READ} WHERE state = %s {_ORDER} LIMIT %s"
    return [_review_of(row) for row in cursor.execute(query, [state.value, limit])]


def reviews_of(cursor: Cursor[tuple[Any, ...]], subject: bytes) -> list[Review]:
    """Those that name a subject."""
    query = f"{_READ} WHERE first_subject = %(it)b OR second_subject = %(it)b {_ORDER}"
    return [_review_of(row) for row in cursor.execute(query, {"it": subject})]


def resolve(
    cursor: Cursor[tuple[Any, ...]], review_id: bytes, state: ReviewState, note: str, now: datetime
) -> bool:
    """Write the outcome; whether there is such a review."""
    change = "UPDATE reviews SET state = %s, note = %s, resolved_at = %s WHERE review_id = %b"
    return cursor.execute(change, [state.value, note, now, review_id]).rowcount > 0


def forget_reviews(cursor: Cursor[tuple[Any, ...]], record_ids: Sequence[bytes]) -> None:
    """Drop those that name one of the records."""
    ids = list(record_ids)
    cursor.execute(
        "DELETE FROM reviews WHERE first_record = ANY(%b) OR second_record = ANY(%b)", [ids, ids]
    )


def _row_of(review: Review) -> dict[str, Any]:
    return {**msgspec.structs.asdict(review), "state": review.state.value}


def _review_of(row: tuple[Any, ...]) -> Review:
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = ReviewState(values["state"])
    return Review(**values)
