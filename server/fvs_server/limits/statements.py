"""Statements that SQLite and PostgreSQL spell alike and SQLAlchemy does not.

What runs in every request is built once, with parameters: building a statement costs several times
what running it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import BindParameter, ColumnElement, Connection, Table

__all__ = ["bound", "delete_some", "insert_into", "insert_of", "parameters_of"]

_NEW = "new_"
"""A parameter must not be named like the column that it fills."""


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do on conflict."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """The same, for statements that are built once for each dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def bound(columns: Iterable[str]) -> dict[str, BindParameter[Any]]:
    """Columns, and parameters for their new values; `parameters_of` fills them."""
    return {name: bindparam(f"{_NEW}{name}") for name in columns}


def parameters_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by column -> parameters of a statement with `bound` columns."""
    return {f"{_NEW}{name}": value for name, value in values.items()}


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
