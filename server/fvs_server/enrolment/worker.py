"""The thread that enrols the rows of imports, while the cores have nothing better to do.

A picture is begun only while a thread of the pool is idle, so that a verification waits for one
picture at most. Before a row is settled its template is in the registry; a process that dies
between the two leaves a row that the next one finds enrolled: `unchanged`, and nothing is twice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.errors import FvsError
from fvs_server.background import BackgroundLoop
from fvs_server.enrolment.queue import SettledRow
from fvs_server.enrolment.service import PortraitOutcome
from fvs_server.enrolment.waiting import REFUSED
from fvs_server.inference import Deadline
from fvs_server.problems import ServiceError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from fvs.bulk.portraits import Portraits
    from fvs_server.enrolment.portraits import Portrait
    from fvs_server.enrolment.queue import ImportQueue, LeasedJob, WaitingRow
    from fvs_server.enrolment.rows import RowSeal
    from fvs_server.enrolment.service import Enrolment

__all__ = ["ImportWorker"]

logger = logging.getLogger(__name__)

_ROWS_A_STEP = 8
"""Settled in one transaction."""
_LOOK_S = 1.0
"""Between looks for a job."""
_BUSY_S = 0.05
"""Between looks for an idle thread."""
_TIDY_S = 60.0
_STEPS_A_LEASE = 4


@dataclass(frozen=True)
class _Pace:
    """When a step must end, so that the lease is renewed in time."""

    until_s: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until_s


class ImportWorker:
    """One thread of a process."""

    def __init__(self, queue: ImportQueue, seal: RowSeal, enrolment: Enrolment) -> None:
        """Take what it works with."""
        self._queue = queue
        self._seal = seal
        self._enrolment = enrolment
        self._loop = BackgroundLoop("imports", self.work, _LOOK_S)
        self._tidied_s = -_TIDY_S

    def running(self) -> AbstractContextManager[None]:
        """Work for as long as the block runs.

        It ends after the picture that is being looked at; what was begun is left to others.
        """
        return self._loop.running()

    def work(self) -> None:
        """Work on all jobs that wait, or until the worker is stopped.

        Raises:
            Exception: as of `work_once`.
        """
        self._tidy()
        while not self._loop.stopping and self.work_once():
            self._tidy()

    def work_once(self) -> bool:
        """Work on one job until it is at its end, or the worker is stopped.

        Returns:
            Whether there was one.

        Raises:
            Exception: the registry or the database refuses; the lease of the job ends by itself.
        """
        job = self._queue.take()
        if job is None:
            return False
        while not self._loop.stopping:
            rows = self._queue.waiting(job, _ROWS_A_STEP)
            if not rows:
                self._queue.finish(job)
                return True
            self._settle(job, self._step(job, rows))
            if not self._queue.keep(job):
                return True  # cancelled, or another's
        self._queue.release(job)
        return True

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_s >= _TIDY_S:
            self._tidied_s = time.monotonic()
            self._queue.tidy()

    def _step(self, job: LeasedJob, rows: list[WaitingRow]) -> list[SettledRow]:
        """Enrol rows in order, as many as there is time for."""
        pace = _Pace(time.monotonic() + self._queue.settings.lease_s / _STEPS_A_LEASE)
        settled = []
        for row in rows:
            done = self._enrol(job, row, pace)
            if done is None:
                break
            settled.append(done)
        return settled

    def _enrol(self, job: LeasedJob, row: WaitingRow, pace: _Pace) -> SettledRow | None:
        """One row; None where no thread was idle in time."""
        try:
            portrait = self._seal.open(row.sealed, job.job_id, row.row)
        except FvsError:
            return SettledRow(row=row.row, subject=row.subject, outcome=_failed())
        outcome = self._enrolment.known(portrait)
        if outcome is None:
            seen = self._looked_at(portrait, pace)
            if seen is None:
                return None
            outcome = seen if isinstance(seen, PortraitOutcome) else self._kept(portrait, seen)
        stated = portrait.legal_basis or self._enrolment.defaults.legal_basis
        return SettledRow(row=row.row, subject=row.subject, outcome=outcome, legal_basis=stated)

    def _kept(self, portrait: Portrait, seen: Portraits) -> PortraitOutcome:
        return self._enrolment.keep(portrait, seen)

    def _looked_at(self, portrait: Portrait, pace: _Pace) -> Portraits | PortraitOutcome | None:
        pool = self._enrolment.extractor.pool
        while not (pace.is_over or self._loop.stopping):
            if pool.depth < pool.workers:
                try:
                    deadline = Deadline.after(self._queue.settings.lease_s)
                    seen = self._enrolment.look_at(portrait.picture, deadline)
                except ServiceError:
                    pass  # no room after all
                except Exception as error:  # noqa: BLE001 - one picture must not stop the others
                    logger.warning("a picture of an import failed: %s", type(error).__name__)
                    return _failed()
                else:
                    return seen
            self._loop.wait(_BUSY_S)
        return None

    def _settle(self, job: LeasedJob, rows: list[SettledRow]) -> None:
        for row in self._queue.settle(job, rows):
            if row.outcome.record_id is not None:
                self._enrolment.registry.erase_record(row.outcome.record_id)


def _failed() -> PortraitOutcome:
    return PortraitOutcome(outcome=REFUSED, codes=("failed",))
