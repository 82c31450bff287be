"""Statements that SQLite and PostgreSQL spell alike and SQLAlchemy does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table

__all__ = ["delete_some", "insert_into"]


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do on conflict."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def delete_some(
    connection: Connection, table: Table, condition: ColumnElement[bool], at_most: int
) -> int:
    """Delete that many rows of those that meet the condition; how many there were.

    Rows that a request holds are left for the next time: nobody waits, and nothing deadlocks.
    """
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(condition).limit(at_most)
    some = some.with_for_update(skip_locked=True)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
