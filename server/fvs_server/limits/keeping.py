"""Tidies the limits once a minute, in a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs_server.background import BackgroundLoop

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.limits.bundle import Limits

__all__ = ["LimitsKeeper"]

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
        self._loop = BackgroundLoop("limits", self.tidy, _EVERY_S)

    def running(self) -> AbstractContextManager[None]:
        """Tidy for as long as the block runs."""
        return self._loop.running()

    def tidy(self) -> int:
        """Once, until nothing is left or enough was done; how many rows went."""
        gone = 0
        for _ in range(_MOST_ROUNDS):
            with self._database.writing() as connection:
                round_gone = self._limits.tidy(connection, self._clock())
            gone += round_gone
            if not round_gone or self._loop.stopping:
                break
        return gone
