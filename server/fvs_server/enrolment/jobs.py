"""Bulk imports as their senders see them: sent, followed, cancelled."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from fvs_server.details import Detail
from fvs_server.enrolment.acts import Act, Action, Actor
from fvs_server.enrolment.tables import import_jobs, import_rows
from fvs_server.enrolment.uploads import open_upload
from fvs_server.enrolment.waiting import EMPTIED, REFUSED
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from fvs.subjects import Pseudonymiser
    from fvs_server.database import Database
    from fvs_server.enrolment.acts import ActNotes
    from fvs_server.enrolment.portraits import Portrait
    from fvs_server.enrolment.rows import RowSeal
    from fvs_server.enrolment.settings import ImportSettings
    from fvs_server.enrolment.uploads import Upload
    from fvs_server.identity import Principal

__all__ = ["CANCELLED", "ImportJob", "ImportJobs", "JobState", "RefusedRow", "forget_jobs"]

CANCELLED = "cancelled"
_JOB_ID_BYTES = 16
_ROWS_A_TRANSACTION = 64


class JobState(StrEnum):
    """Where a job is."""

    RECEIVING = "receiving"
    """Its rows are being written; a server that dies now leaves nothing to be done."""
    WAITING = "waiting"
    RUNNING = "running"
    """Waiting in the table, and leased by a process."""
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class ImportJob:
    """A job and how far it is.

    Attributes:
        job_id: 32 hex digits.
        state: where it is.
        created_at: UTC.
        finished_at: UTC; None while it is not.
        counts: of rows, by outcome: waiting, enrolled, unchanged, refused, cancelled.
        refused_by_code: of refused rows.
    """

    job_id: str
    state: JobState
    created_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    refused_by_code: Mapping[str, int]


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not enrolled: its place in the body, from 1, and why."""

    row: int
    code: str


@dataclass(frozen=True, kw_only=True)
class ImportJobs:
    """Jobs of all IdPs; each sees its own. Safe to use from many threads.

    Attributes:
        settings: bounds.
        database: of the server.
        seal: of rows.
        notes: the audit log.
        pseudonyms: of subjects, in the server's tables.
        clock: the time, UTC.
    """

    settings: ImportSettings
    database: Database
    seal: RowSeal
    notes: ActNotes
    pseudonyms: Pseudonymiser
    clock: Callable[[], datetime]

    def create(self, principal: Principal, media_type: str, body: bytes) -> ImportJob:
        """Take in a body; its rows are enrolled later.

        Raises:
            ServiceError: UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST or IMPORT_QUEUE_FULL; nothing
                was taken.
        """
        upload = open_upload(media_type, body, self.settings)
        job_id = secrets.token_hex(_JOB_ID_BYTES)
        with self.database.writing() as connection:
            self._begin(connection, principal, job_id)
        for rows in self._sealed(upload, job_id):
            with self.database.writing() as connection:
                connection.execute(insert(import_rows), rows)
        with self.database.writing() as connection:
            ready = update(import_jobs).where(import_jobs.c.id == job_id)
            connection.execute(ready.values(state=JobState.WAITING.value))
            act = Act(
                actor=Actor.of(principal), action=Action.IMPORT, outcome="accepted", about=job_id
            )
            self.notes.note(connection, act)
        return self.get(principal, job_id)

    def get(self, principal: Principal, job_id: str) -> ImportJob:
        """A job of the caller's IdP.

        Raises:
            ServiceError: NOT_FOUND.
        """
        with self.database.reading() as connection:
            return self._job(connection, self._found(connection, principal, job_id))

    def refusals(
        self, principal: Principal, job_id: str, after: int, limit: int
    ) -> list[RefusedRow]:
        """Up to `limit` refused rows behind row `after`, in order.

        Raises:
            ServiceError: NOT_FOUND.
        """
        columns = import_rows.c
        with self.database.reading() as connection:
            self._found(connection, principal, job_id)
            found = connection.execute(
                select(columns.row, columns.code)
                .where(columns.job_id == job_id, columns.outcome == REFUSED, columns.row > after)
                .order_by(columns.row)
                .limit(limit)
            )
            return [RefusedRow(row.row, row.code) for row in found]

    def cancel(self, principal: Principal, job_id: str) -> ImportJob:
        """Enrol no further row; what is enrolled stays. Done again it changes nothing.

        Raises:
            ServiceError: NOT_FOUND.
        """
        with self.database.writing() as connection:
            found = self._found(connection, principal, job_id)
            if found.finished_at is None:
                self._cancel(connection, job_id)
                act = Act(
                    actor=Actor.of(principal),
                    action=Action.IMPORT,
                    outcome=CANCELLED,
                    about=job_id,
                )
                self.notes.note(connection, act)
            return self._job(connection, self._found(connection, principal, job_id))

    def _begin(self, connection: Connection, principal: Principal, job_id: str) -> None:
        columns = import_jobs.c
        waiting = select(func.count()).where(
            columns.idp == principal.idp, columns.finished_at.is_(None)
        )
        if connection.execute(waiting).scalar_one() >= self.settings.max_waiting_jobs:
            words = Detail.WAITING_IMPORTS.with_(most=self.settings.max_waiting_jobs)
            raise ServiceError(Problem.IMPORT_QUEUE_FULL, words, retry_after_s=60.0)
        connection.execute(
            insert(import_jobs).values(
                id=job_id,
                idp=principal.idp,
                key_id=principal.key_id,
                state=JobState.RECEIVING.value,
                created_at=self.clock(),
            )
        )

    def _sealed(self, upload: Upload, job_id: str) -> Iterator[list[dict[str, Any]]]:
        """Rows as the table has them, some at a time: their pictures are in memory."""
        numbered = enumerate(upload.portraits, 1)
        while some := list(islice(numbered, _ROWS_A_TRANSACTION)):
            yield [self._row(job_id, row, portrait) for row, portrait in some]

    def _row(self, job_id: str, row: int, portrait: Portrait | str) -> dict[str, Any]:
        place = {"job_id": job_id, "row": row}
        if isinstance(portrait, str):
            return {**place, **EMPTIED, "outcome": REFUSED, "code": portrait}
        (subject,) = self.pseudonyms.of([portrait.subject])
        sealed = self.seal.seal(portrait, job_id, row)
        return {**place, "subject": subject, "sealed": sealed, "outcome": None, "code": None}

    def _found(self, connection: Connection, principal: Principal, job_id: str) -> Row[Any]:
        mine = select(import_jobs).where(
            import_jobs.c.id == job_id, import_jobs.c.idp == principal.idp
        )
        found = connection.execute(mine).one_or_none()
        if found is None:
            raise ServiceError(Problem.NOT_FOUND)
        return found

    def _cancel(self, connection: Connection, job_id: str) -> None:
        connection.execute(
            update(import_rows)
            .where(import_rows.c.job_id == job_id, import_rows.c.outcome.is_(None))
            .values(**EMPTIED, outcome=CANCELLED)
        )
        connection.execute(
            update(import_jobs)
            .where(import_jobs.c.id == job_id)
            .values(state=JobState.CANCELLED.value, finished_at=self.clock(), lease_until=None)
        )

    def _job(self, connection: Connection, found: Row[Any]) -> ImportJob:
        columns = import_rows.c
        grouped = connection.execute(
            select(columns.outcome, columns.code, func.count().label("rows"))
            .where(columns.job_id == found.id)
            .group_by(columns.outcome, columns.code)
        ).all()
        counts = dict.fromkeys(("waiting", "enrolled", "unchanged", REFUSED, CANCELLED), 0)
        for group in grouped:
            counts[group.outcome or "waiting"] += group.rows
        leased = found.lease_until is not None and found.lease_until > self.clock()
        state = JobState(found.state)
        return ImportJob(
            job_id=found.id,
            state=JobState.RUNNING if leased and state is JobState.WAITING else state,
            created_at=found.created_at,
            finished_at=found.finished_at,
            counts=counts,
            refused_by_code={g.code: g.rows for g in grouped if g.outcome == REFUSED},
        )


def forget_jobs(connection: Connection, older_than: datetime, stale_since: datetime) -> int:
    """Delete jobs that finished long ago, and those whose body never came to its end.

    Returns:
        How many.
    """
    columns = import_jobs.c
    old = select(columns.id).where(columns.finished_at < older_than)
    stale = select(columns.id).where(
        columns.state == JobState.RECEIVING.value, columns.created_at < stale_since
    )
    ids = [*connection.execute(old).scalars(), *connection.execute(stale).scalars()]
    if ids:
        connection.execute(delete(import_rows).where(import_rows.c.job_id.in_(ids)))
        connection.execute(delete(import_jobs).where(columns.id.in_(ids)))
    return len(ids)
