"""What the service does by the clock: checkpoints, hourly counts, forgetting."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from fvs.errors import DeploymentError
from fvs_server.transactions.purging import purge_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.audit.checkpoints import Checkpoints
    from fvs_server.database import Database
    from fvs_server.operation.settings import AuditSettings
    from fvs_server.statistics.statistics import Statistics

__all__ = ["Housekeeping"]

logger = logging.getLogger(__name__)

_S_PER_MINUTE = 60.0


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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a last checkpoint."""
        self._stopping.set()
        self._thread.join()

    def tidy(self) -> None:
        """All steps, once."""
        now = self._clock()
        with self._database.writing() as connection:
            self._checkpoints.make(connection, now)
        with self._database.writing() as connection:
            self._statistics.keep_past_hours(connection, now)
        while self._settings.retention_days and not self._stopping.is_set():
            before = now - timedelta(days=self._settings.retention_days)
            with self._database.writing() as connection:
                if not purge_before(connection, before):
                    return

    def _run(self) -> None:
        wait_s = self._settings.checkpoint_minutes * _S_PER_MINUTE
        while not self._stopping.wait(wait_s):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.tidy()
        except DeploymentError as error:  # ours, so it quotes nothing
            logger.error("housekeeping failed: %s", error)  # noqa: TRY400 - no trace
        except Exception as error:  # noqa: BLE001 - tried again at the next time
            logger.warning("housekeeping failed: %s", type(error).__name__)
