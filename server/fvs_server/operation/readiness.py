"""Whether the service can decide anything now, and if not, why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.services.faces import Faces

__all__ = ["Readiness", "ReadinessReport"]

logger = logging.getLogger(__name__)

_PING = text("SELECT 1")


class ReadinessReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at; true is well.

    Attributes:
        ready: whether all are.
        models: that the networks are loaded.
        database: that the server's own answers.
        registry: that its store answers; true where there is none.
        certificate: that its time is not over.
    """

    ready: bool
    models: bool
    database: bool
    registry: bool
    certificate: bool


class Readiness:
    """Looks each time it is asked."""

    def __init__(self, database: Database, faces: Faces, clock: Callable[[], datetime]) -> None:
        """Look at these."""
        self._database = database
        self._faces = faces
        self._clock = clock

    def look(self) -> ReadinessReport:
        """Now."""
        looked = {
            "models": True,  # else the process would not run
            "database": self._answers(self._ask_database),
            "registry": self._answers(self._ask_registry),
            "certificate": self._clock() < self._faces.levels.certificate.expires_at,
        }
        return ReadinessReport(ready=all(looked.values()), **looked)

    def _ask_database(self) -> None:
        with self._database.reading() as connection:
            connection.execute(_PING)

    def _ask_registry(self) -> None:
        if self._faces.registry is not None:
            self._faces.registry.store_revision()

    def _answers(self, ask: Callable[[], None]) -> bool:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is not ready
            logger.warning("not ready: %s", type(error).__name__)
            return False
        return True
