"""Rows that nobody needs any more go; times from a clock that was set back are set right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import case, literal, update

from fvs_server.database import UtcTime
from fvs_server.limits import tables
from fvs_server.limits.clock import SKEW
from fvs_server.limits.statements import delete_some

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from fvs_server.limits.settings import LimitsSettings

__all__ = ["tidy"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def tidy(
    connection: Connection, settings: LimitsSettings, now: datetime, *, at_most: int = 1000
) -> int:
    """Delete up to `at_most` rows of each table, and end bans that a clock's jump lengthened.

    Args:
        connection: of a writing transaction, which does nothing else.
        settings: how long things are kept.
        now: the time.
        at_most: a bound on how long others wait.

    Returns:
        How many rows are gone; call again while it is not 0 to be done sooner.
    """
    _set_right(connection, tables.attempts, now)
    _set_right(connection, tables.subject_attempts, now)
    period = timedelta(hours=settings.period_h)
    forgotten = max(timedelta(days=settings.forget_days), period)
    window = timedelta(days=settings.replay_days)
    conditions = (
        (tables.rates, tables.rates.c.arrival_us < (now - SKEW - _EPOCH) // _MICROSECOND),
        (tables.attempts, tables.attempts.c.touched_at < now - forgotten),
        (tables.subject_attempts, tables.subject_attempts.c.touched_at < now - period),
        (tables.idempotency_keys, tables.idempotency_keys.c.expires_at < now),
        (tables.liveness_sessions, tables.liveness_sessions.c.expires_at < now),
        (tables.captures, tables.captures.c.seen_at < now - window),
    )
    return sum(
        delete_some(connection, table, condition, at_most) for table, condition in conditions
    )


def _set_right(connection: Connection, table: Table, now: datetime) -> None:
    """Every time of a row is no later than `touched_at`, which is indexed."""
    present = literal(now, UtcTime())
    times = [name for name in table.c.keys() if name.endswith("_at")]  # noqa: SIM118 - no dict
    connection.execute(
        update(table)
        .where(table.c.touched_at > now + SKEW)
        .values(
            {name: case((table.c[name] > present, present), else_=table.c[name]) for name in times}
        )
    )
