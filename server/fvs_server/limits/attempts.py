"""Attempts for one person, wherever they are made: the rules over rows that replicas share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from fvs_server.limits.attempt_rules import AttemptRules, IdpTally, PeriodTally
from fvs_server.limits.clock import not_ahead
from fvs_server.limits.statements import insert_into
from fvs_server.limits.tables import attempts, subject_attempts
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from fvs_server.limits.settings import LimitsSettings

__all__ = ["AttemptOutcome", "Attempts"]


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
        overall, tallies = _locked(connection, subject, now)
        here = tallies.get(idp, IdpTally()).ended()
        if ending is AttemptOutcome.ACCEPTED:
            here, overall = (
                IdpTally(pending=here.pending, pending_at=here.pending_at),
                PeriodTally(),
            )
        elif ending is AttemptOutcome.REFUSED:
            here, overall = self._rules.failed_here(here, now), self._rules.failed(overall, now)
        _store(connection, subject, idp, here, now)
        _store_overall(connection, subject, overall, now)


def _locked(
    connection: Connection, subject: bytes, now: datetime
) -> tuple[PeriodTally, dict[str, IdpTally]]:
    """All counts of a subject; until the transaction ends nobody else changes them."""
    lock = (
        insert_into(connection, subject_attempts)
        .values(subject=subject, in_period=0, touched_at=now)
        .on_conflict_do_update(
            # Changes nothing: it takes the row's lock.
            index_elements=[subject_attempts.c.subject],
            set_={"subject": subject},
        )
        .returning(subject_attempts.c.in_period, subject_attempts.c.period_started_at)
    )
    row = connection.execute(lock).one()
    rows = connection.execute(select(attempts).where(attempts.c.subject == subject))
    return _period(row, now), {row.idp: _tally(row, now) for row in rows}


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
        same = (attempts.c.subject == subject) & (attempts.c.idp == idp)
        connection.execute(delete(attempts).where(same))
        return
    counted = {
        "in_a_row": tally.in_a_row,
        "last_failed_at": tally.last_failed_at,
        "in_period": tally.period.count,
        "period_started_at": tally.period.started_at,
        "pending": tally.pending,
        "pending_at": tally.pending_at,
        "touched_at": now,
    }
    connection.execute(
        insert_into(connection, attempts)
        .values(subject=subject, idp=idp, **counted)
        .on_conflict_do_update(index_elements=[attempts.c.subject, attempts.c.idp], set_=counted)
    )


def _store_overall(
    connection: Connection, subject: bytes, overall: PeriodTally, now: datetime
) -> None:
    same = subject_attempts.c.subject == subject
    if not overall.count:
        connection.execute(delete(subject_attempts).where(same))
        return
    connection.execute(
        subject_attempts.update()
        .where(same)
        .values(in_period=overall.count, period_started_at=overall.started_at, touched_at=now)
    )
