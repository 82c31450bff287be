"""Forgets what was answered, and keeps the log provable: the commitment to an event stays.

Each purge is an entry of the log, in the transaction that purges; these entries name nobody, and
no purge takes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, select, update

from fvs_server.audit import Action, AuditEvent, AuditLog
from fvs_server.audit.events import PURGE_ID_PREFIX
from fvs_server.audit.tables import entries
from fvs_server.transactions.tables import transactions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

__all__ = ["Purger", "purge_before", "purge_subject"]

_ROWS_AT_ONCE = 500
_PURGEABLE = entries.c.event.is_not(None) & ~entries.c.transaction_id.startswith(
    PURGE_ID_PREFIX, autoescape=True
)


@dataclass(frozen=True, kw_only=True)
class Purger:
    """Who purges.

    Attributes:
        by: the command, or the part of the service.
        at: when, UTC.
    """

    by: str
    at: datetime


def purge_before(connection: Connection, before: datetime, purger: Purger) -> int:
    """Forget some of what was answered before a moment; call it until it returns 0.

    Args:
        connection: of `Database.writing`.
        before: UTC.
        purger: who does it, as the log is told.

    Returns:
        How many events were purged.
    """
    purged = _purge(connection, entries.c.at < before)
    _tell(connection, purger, Action.PURGE, purged, before)
    return purged


def purge_subject(connection: Connection, subject: bytes, purger: Purger) -> int:
    """Likewise of one subject, by pseudonym, whether named as such or acted on behalf of."""
    of_subject = select(transactions.c.transaction_id).where(
        (transactions.c.subject == subject) | (transactions.c.on_behalf_of == subject)
    )
    purged = _purge(connection, entries.c.transaction_id.in_(of_subject))
    _tell(connection, purger, Action.PURGE_SUBJECT, purged)
    return purged


def _purge(connection: Connection, which: ColumnElement[bool]) -> int:
    sequences = connection.scalars(
        select(entries.c.sequence).where(which & _PURGEABLE).limit(_ROWS_AT_ONCE)
    ).all()
    if not sequences:
        return 0
    # What another replica purged meanwhile is not returned, so that each event is counted once.
    ids = connection.scalars(
        update(entries)
        .where(entries.c.sequence.in_(sequences) & _PURGEABLE)
        .values(event=None, salt=None)
        .returning(entries.c.transaction_id)
    ).all()
    connection.execute(delete(transactions).where(transactions.c.transaction_id.in_(ids)))
    return len(ids)


def _tell(
    connection: Connection,
    purger: Purger,
    action: Action,
    purged: int,
    before: datetime | None = None,
) -> None:
    """Say how many events are gone, and of whom never."""
    if not purged:
        return
    event = AuditEvent(
        transaction_id=f"{PURGE_ID_PREFIX}{uuid4()}",
        at=purger.at,
        idp="",
        key_id=purger.by,
        action=action,
        decision="done",
        purged=purged,
        before=before,
    )
    AuditLog().append(connection, event)
