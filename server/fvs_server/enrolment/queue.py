"""Bulk imports as those see them who work on them: taken under a lease, settled row by row."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from fvs_server.enrolment.acts import Act, Action, Actor
from fvs_server.enrolment.jobs import CANCELLED, JobState, forget_jobs
from fvs_server.enrolment.tables import import_jobs, import_rows
from fvs_server.enrolment.waiting import EMPTIED, ERASED_MEANWHILE, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from fvs_server.database import Database
    from fvs_server.enrolment.acts import ActNotes
    from fvs_server.enrolment.service import PortraitOutcome
    from fvs_server.enrolment.settings import ImportSettings

__all__ = ["ImportQueue", "LeasedJob", "SettledRow", "WaitingRow"]

_HOLDER_BYTES = 16
_RECEIVING_AT_MOST = timedelta(hours=1)


@dataclass(frozen=True)
class LeasedJob:
    """A job that this process works on.

    Attributes:
        job_id: its id.
        actor: who sent it.
    """

    job_id: str
    actor: Actor


@dataclass(frozen=True, repr=False)
class WaitingRow:
    """A row that is to be enrolled.

    Attributes:
        row: its number.
        subject: pseudonym.
        sealed: see `RowSeal`.
    """

    row: int
    subject: bytes
    sealed: bytes


@dataclass(frozen=True, kw_only=True)
class SettledRow:
    """What became of a row.

    Attributes:
        row: its number.
        subject: pseudonym.
        outcome: of its portrait.
        legal_basis: that was stated.
    """

    row: int
    subject: bytes
    outcome: PortraitOutcome
    legal_basis: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportQueue:
    """Jobs that wait; several processes share them.

    Attributes:
        settings: bounds.
        database: of the server.
        notes: the audit log.
        clock: the time, UTC.
        holder: this process, by bytes that nobody else has.
    """

    settings: ImportSettings
    database: Database
    notes: ActNotes
    clock: Callable[[], datetime]
    holder: bytes

    @staticmethod
    def new_holder() -> bytes:
        """A name for this process."""
        return os.urandom(_HOLDER_BYTES)

    def take(self) -> LeasedJob | None:
        """The oldest job that nobody works on; None where there is none."""
        columns, now = import_jobs.c, self.clock()
        free = (
            select(columns.id, columns.idp, columns.key_id)
            .where(
                columns.state == JobState.WAITING.value,
                or_(columns.lease_until.is_(None), columns.lease_until <= now),
            )
            .order_by(columns.created_at, columns.id)
            .limit(1)
        )
        with self.database.reading() as connection:  # so that idle servers write nothing
            if connection.execute(free).one_or_none() is None:
                return None
        with self.database.writing() as connection:
            found = connection.execute(free.with_for_update(skip_locked=True)).one_or_none()
            if found is None:
                return None
            taken = update(import_jobs).where(columns.id == found.id)
            connection.execute(taken.values(holder=self.holder, lease_until=self._lease_end()))
        return LeasedJob(found.id, Actor(found.idp, found.key_id))

    def waiting(self, job: LeasedJob, limit: int) -> list[WaitingRow]:
        """Up to `limit` rows that are to be enrolled, in order."""
        columns = import_rows.c
        rows = (
            select(columns.row, columns.subject, columns.sealed)
            .where(columns.job_id == job.job_id, columns.outcome.is_(None))
            .order_by(columns.row)
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [WaitingRow(*row) for row in connection.execute(rows)]

    def settle(self, job: LeasedJob, rows: Sequence[SettledRow]) -> list[SettledRow]:
        """Write down what became of rows.

        Returns:
            Those whose subject was erased meanwhile: what was enrolled of them must go.
        """
        settled, too_late = [], []
        with self.database.writing() as connection:
            for row in rows:
                if self._settled(connection, job, row):
                    settled.append(row)
                elif self._erased(connection, job, row):
                    too_late.append(row)
            # Last: whoever appends to the log holds up all others.
            for row in settled:
                self.notes.note(connection, _act_of(job, row))
        return too_late

    def keep(self, job: LeasedJob) -> bool:
        """Renew the lease; False where the job is another's or at its end."""
        with self.database.writing() as connection:
            return self._hold(connection, job, self._lease_end())

    def release(self, job: LeasedJob) -> None:
        """Leave a job to others."""
        with self.database.writing() as connection:
            self._hold(connection, job, None)

    def finish(self, job: LeasedJob) -> None:
        """All rows of a job are settled."""
        with self.database.writing() as connection:
            connection.execute(
                update(import_jobs)
                .where(*self._mine(job))
                .values(state=JobState.DONE.value, finished_at=self.clock(), lease_until=None)
            )

    def tidy(self) -> int:
        """Forget jobs that ended long ago; returns how many."""
        now = self.clock()
        with self.database.writing() as connection:
            older_than = now - timedelta(days=self.settings.keep_days)
            return forget_jobs(connection, older_than, now - _RECEIVING_AT_MOST)

    def _settled(self, connection: Connection, job: LeasedJob, row: SettledRow) -> bool:
        """Whether the row is settled by this: it waited, or was cancelled while it was enrolled."""
        outcome, codes = row.outcome, row.outcome.codes
        refused = bool(codes)
        columns = import_rows.c
        open_still: ColumnElement[bool] = columns.outcome.is_(None)
        if not refused:
            open_still = or_(open_still, columns.outcome == CANCELLED)
        settled = (
            update(import_rows)
            .where(columns.job_id == job.job_id, columns.row == row.row, open_still)
            .values(
                **EMPTIED,
                outcome=REFUSED if refused else outcome.outcome,
                code=codes[0] if refused else None,
            )
        )
        return connection.execute(settled).rowcount > 0

    def _erased(self, connection: Connection, job: LeasedJob, row: SettledRow) -> bool:
        columns = import_rows.c
        kept = select(columns.code).where(columns.job_id == job.job_id, columns.row == row.row)
        return connection.execute(kept).scalar_one_or_none() == ERASED_MEANWHILE

    def _hold(self, connection: Connection, job: LeasedJob, until: datetime | None) -> bool:
        held = update(import_jobs).where(*self._mine(job)).values(lease_until=until)
        return connection.execute(held).rowcount > 0

    def _mine(self, job: LeasedJob) -> tuple[Any, ...]:
        columns = import_jobs.c
        waiting = columns.state == JobState.WAITING.value
        return (columns.id == job.job_id, columns.holder == self.holder, waiting)

    def _lease_end(self) -> datetime:
        return self.clock() + timedelta(seconds=self.settings.lease_s)


def _act_of(job: LeasedJob, row: SettledRow) -> Act:
    record_id = row.outcome.record_id
    return Act(
        actor=job.actor,
        action=Action.ENROL,
        subject=row.subject,
        legal_basis=row.legal_basis,
        outcome=row.outcome.outcome,
        codes=row.outcome.codes,
        about="" if record_id is None else record_id.hex(),
    )
