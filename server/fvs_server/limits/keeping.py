"""Tidies the limits once a minute, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.limits.bundle import Limits

__all__ = ["LimitsKeeper"]

logger = logging.getLogger(__name__)

_EVERY_S = 60.0
_MOST_ROUNDS = 20
"""In a minute: what is left then is done in the next, and requests are not held up."""


class LimitsKeeper:
    """Replicas may all have one: rows that one deletes the others no longer find."""

    def __init__(self, database: Database, limits: Limits, clock: Callable[[], datetime]) -> None:
        """Do nothing yet."""
        self._database = database
        self._limits = limits
        self._clock = clock
        self._stopping = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tidy for as long as the block runs."""
        thread = threading.Thread(target=self._run, name="limits", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()

    def tidy(self) -> int:
        """Once, until nothing is left or enough was done; how many rows went."""
        gone = 0
        for _ in range(_MOST_ROUNDS):
            with self._database.writing() as connection:
                round_gone = self._limits.tidy(connection, self._clock())
            gone += round_gone
            if not round_gone or self._stopping.is_set():
                break
        return gone

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                self.tidy()
            except Exception as error:  # noqa: BLE001 - tried again in a minute
                logger.warning("limits were not tidied: %s", type(error).__name__)
