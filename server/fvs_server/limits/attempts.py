"""Attempts for one person, wherever they are made: the rules over rows that replicas share."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, literal, null, select, union_all

from fvs_server.database.turns import take_turn_of
from fvs_server.limits.attempt_rules import AttemptRules, IdpTally, PeriodTally
from fvs_server.limits.clock import not_ahead
from fvs_server.limits.statements import bound, insert_of, parameters_of
from fvs_server.limits.tables import attempts, subject_attempts
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Insert, Row, Table

    from fvs_server.limits.settings import LimitsSettings

__all__ = ["AttemptOutcome", "Attempts"]


_IS_SUBJECT = attempts.c.subject == bindparam("of_subject")
_IS_OVERALL = subject_attempts.c.subject == bindparam("of_subject")
# All counts of a subject in one statement; those of all IdPs together are under no IdP's name.
_COUNTS = union_all(
    select(
        attempts.c.idp,
        attempts.c.in_period,
        attempts.c.period_started_at,
        attempts.c.in_a_row,
        attempts.c.last_failed_at,
        attempts.c.pending,
        attempts.c.pending_at,
    ).where(_IS_SUBJECT),
    select(
        null(),
        subject_attempts.c.in_period,
        subject_attempts.c.period_started_at,
        literal(0),
        null(),
        literal(0),
        null(),
    ).where(_IS_OVERALL),
)
_FORGET = delete(attempts).where(_IS_SUBJECT, attempts.c.idp == bindparam("of_idp"))
_FORGET_OVERALL = delete(subject_attempts).where(_IS_OVERALL)


class AttemptOutcome(StrEnum):
    """How an attempt ended, as far as it is counted."""

    ACCEPTED = "accepted"
    """The person was verified."""
    REFUSED = "refused"
    """A live person was compared with the subject and is not it."""
    NOT_COUNTED = "not_counted"
    """Nothing was compared, or nothing live: a fault, a poor picture, a presentation attack."""


class Attempts:
    """Admits attempts and counts how they end.

    An attempt is held as under way between the two, so that many at once are not let through where
    one is. Known and unknown numbers are pseudonyms alike here, and counted alike.
    """

    def __init__(self, settings: LimitsSettings) -> None:
        self._rules = AttemptRules(settings)

    def admit(
        self, connection: Connection, subject: bytes, idp: str, now: datetime, *, pad: bool = True
    ) -> None:
        """Let an attempt begin; `record` must end it.

        Args:
            connection: of a writing transaction.
            subject: pseudonym.
            idp: that asks.
            now: the time.
            pad: whether attacks are detected in it.

        Raises:
            ServiceError: ATTEMPTS_EXHAUSTED, with the time to wait.
        """
        overall, tallies = _locked(connection, subject, now)
        here = tallies.pop(idp, IdpTally())
        elsewhere = sum(tally.running(now) for tally in tallies.values())
        wait = self._rules.wait(here, overall, elsewhere, now, pad=pad)
        if wait:
            raise ServiceError(Problem.ATTEMPTS_EXHAUSTED, retry_after_s=wait.total_seconds())
        _store(connection, subject, idp, here.begun(now), now)

    def record(
        self, connection: Connection, subject: bytes, idp: str, now: datetime, outcome: str
    ) -> None:
        """End an attempt that `admit` let begin.

        Args:
            connection: of a writing transaction.
            subject: pseudonym.
            idp: that asked.
            now: the time.
            outcome: a value of `AttemptOutcome`.
        """
        ending = AttemptOutcome(outcome)
        before, tallies = _locked(connection, subject, now)
        here, overall = tallies.get(idp, IdpTally()).ended(), before
        if ending is AttemptOutcome.ACCEPTED:
            here, overall = (
                IdpTally(pending=here.pending, pending_at=here.pending_at),
                PeriodTally(),
            )
        elif ending is AttemptOutcome.REFUSED:
            here, overall = self._rules.failed_here(here, now), self._rules.failed(overall, now)
        _store(connection, subject, idp, here, now)
        if overall != before:
            _store_overall(connection, subject, overall, now)


def _locked(
    connection: Connection, subject: bytes, now: datetime
) -> tuple[PeriodTally, dict[str, IdpTally]]:
    """All counts of a subject; until the transaction ends nobody else changes them."""
    take_turn_of(connection, subject)
    overall, tallies = PeriodTally(), {}
    for row in connection.execute(_COUNTS, {"of_subject": subject}):
        if row.idp is None:
            overall = _period(row, now)
        else:
            tallies[row.idp] = _tally(row, now)
    return overall, tallies


def _period(row: Row[Any], now: datetime) -> PeriodTally:
    return PeriodTally(count=row.in_period, started_at=not_ahead(row.period_started_at, now))


def _tally(row: Row[Any], now: datetime) -> IdpTally:
    return IdpTally(
        in_a_row=row.in_a_row,
        last_failed_at=not_ahead(row.last_failed_at, now),
        period=_period(row, now),
        pending=row.pending,
        pending_at=row.pending_at,
    )


def _store(
    connection: Connection, subject: bytes, idp: str, tally: IdpTally, now: datetime
) -> None:
    if tally.is_blank:
        connection.execute(_FORGET, {"of_subject": subject, "of_idp": idp})
        return
    counted = {
        "subject": subject,
        "idp": idp,
        "in_a_row": tally.in_a_row,
        "last_failed_at": tally.last_failed_at,
        "in_period": tally.period.count,
        "period_started_at": tally.period.started_at,
        "pending": tally.pending,
        "pending_at": tally.pending_at,
        "touched_at": now,
    }
    connection.execute(_keep(connection.dialect.name, attempts), parameters_of(counted))


def _store_overall(
    connection: Connection, subject: bytes, overall: PeriodTally, now: datetime
) -> None:
    if not overall.count:
        connection.execute(_FORGET_OVERALL, {"of_subject": subject})
        return
    counted = {
        "subject": subject,
        "in_period": overall.count,
        "period_started_at": overall.started_at,
        "touched_at": now,
    }
    keep = _keep(connection.dialect.name, subject_attempts)
    connection.execute(keep, parameters_of(counted))


@cache
def _keep(dialect: str, table: Table) -> Insert:
    """Counts in place of those that are there."""
    statement = insert_of(dialect, table).values(bound(table.c.keys()))
    keys = table.primary_key.columns.keys()
    counted = {column.name: column for column in statement.excluded if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=counted)
