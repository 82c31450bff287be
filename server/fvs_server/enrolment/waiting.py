"""Rows of imports that still hold something of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from fvs_server.enrolment.tables import import_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["EMPTIED", "ERASED_MEANWHILE", "REFUSED", "forget_waiting", "waiting_rows"]

REFUSED = "refused"
ERASED_MEANWHILE = "erased_meanwhile"

EMPTIED = {"sealed": None, "subject": None}
"""What a settled row holds of the person."""


def waiting_rows(connection: Connection, subject: bytes) -> int:
    """How many portraits of a subject wait in imports."""
    count = select(func.count()).where(import_rows.c.subject == subject)
    return int(connection.execute(count).scalar_one())


def forget_waiting(connection: Connection, subject: bytes) -> int:
    """Refuse the portraits of a subject that wait in imports; returns how many.

    One that is being enrolled at this moment is found refused by its import, which takes it back.
    """
    forgotten = (
        update(import_rows)
        .where(import_rows.c.subject == subject)
        .values(**EMPTIED, outcome=REFUSED, code=ERASED_MEANWHILE)
    )
    return connection.execute(forgotten).rowcount
