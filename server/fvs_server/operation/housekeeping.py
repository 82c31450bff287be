"""What the service does by the clock: checkpoints, hourly counts, forgetting."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from fvs_server.background import BackgroundLoop
from fvs_server.statistics.statistics import hour_of
from fvs_server.transactions.purging import Purger, purge_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from fvs_server.audit.checkpoints import Checkpoints
    from fvs_server.database import Database
    from fvs_server.operation.settings import AuditSettings
    from fvs_server.statistics.statistics import Statistics

__all__ = ["Housekeeping"]

_S_PER_MINUTE = 60.0
_BY = "housekeeping"


class Housekeeping:
    """A thread of its own. Replicas may all have one: each step is done once."""

    def __init__(
        self,
        database: Database,
        checkpoints: Checkpoints,
        statistics: Statistics,
        settings: AuditSettings,
        clock: Callable[[], datetime],
    ) -> None:
        """Do nothing yet."""
        self._database = database
        self._checkpoints = checkpoints
        self._statistics = statistics
        self._settings = settings
        self._clock = clock
        pause_s = settings.checkpoint_minutes * _S_PER_MINUTE
        self._loop = BackgroundLoop("housekeeping", self.tidy, pause_s)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Work for as long as the block runs, and make a last checkpoint at its end."""
        try:
            with self._loop.running():
                yield
        finally:
            self._loop.try_step()

    def tidy(self) -> None:
        """All steps, once."""
        now = self._clock()
        with self._database.writing() as connection:
            self._checkpoints.make(connection, now)
        with self._database.writing() as connection:
            self._statistics.keep_past_hours(connection, now)
        while self._settings.retention_days and not self._loop.stopping:
            # Whole hours, so that a log gets one entry of it an hour at most, not one each time.
            before = hour_of(now - timedelta(days=self._settings.retention_days))
            with self._database.writing() as connection:
                if not purge_before(connection, before, Purger(by=_BY, at=now)):
                    return
