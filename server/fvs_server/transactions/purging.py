"""Forgets what was answered, and keeps the log provable: the commitment to an event stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from fvs_server.audit.tables import entries
from fvs_server.transactions.tables import transactions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

__all__ = ["purge_before", "purge_subject"]

_ROWS_AT_ONCE = 500


def purge_before(connection: Connection, before: datetime) -> int:
    """Forget some of what was answered before a moment; call it until it returns 0.

    Args:
        connection: of `Database.writing`.
        before: UTC.

    Returns:
        How many events were purged.
    """
    return _purge(connection, (entries.c.at < before) & entries.c.event.is_not(None))


def purge_subject(connection: Connection, subject: bytes) -> int:
    """Likewise of one subject, by pseudonym, whether named as such or acted on behalf of."""
    of_subject = select(transactions.c.transaction_id).where(
        (transactions.c.subject == subject) | (transactions.c.on_behalf_of == subject)
    )
    return _purge(
        connection, entries.c.transaction_id.in_(of_subject) & entries.c.event.is_not(None)
    )


def _purge(connection: Connection, which: ColumnElement[bool]) -> int:
    found = connection.execute(
        select(entries.c.sequence, entries.c.transaction_id).where(which).limit(_ROWS_AT_ONCE)
    ).all()
    if not found:
        return 0
    sequences = [row.sequence for row in found]
    ids = [row.transaction_id for row in found]
    connection.execute(
        update(entries).where(entries.c.sequence.in_(sequences)).values(event=None, salt=None)
    )
    connection.execute(delete(transactions).where(transactions.c.transaction_id.in_(ids)))
    return len(found)
