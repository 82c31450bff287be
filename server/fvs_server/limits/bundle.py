"""All limits of a server, made from its settings and secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fvs_server.limits.attempts import Attempts
from fvs_server.limits.captures import Captures
from fvs_server.limits.concurrency import Concurrency
from fvs_server.limits.idempotency import Idempotency
from fvs_server.limits.rates import RateLimits
from fvs_server.limits.sessions import LivenessSessions
from fvs_server.limits.tidying import tidy

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.limits.settings import LimitsSettings
    from fvs_server.secrets import ServerSecrets

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits; safe to share by threads.

    Attributes:
        settings: their numbers.
        rates: how often a key may ask.
        concurrency: how much of this process it may hold.
        attempts: how often a person may be tried.
        idempotency: answers to repeated requests.
        sessions: of liveness.
        captures: that were sent before.
    """

    settings: LimitsSettings
    rates: RateLimits
    concurrency: Concurrency
    attempts: Attempts
    idempotency: Idempotency
    sessions: LivenessSessions
    captures: Captures

    @classmethod
    def create(cls, settings: LimitsSettings, secrets: ServerSecrets) -> Self:
        """Make them; each has a key of its own."""
        return cls(
            settings=settings,
            rates=RateLimits(settings),
            concurrency=Concurrency(settings),
            attempts=Attempts(settings),
            idempotency=Idempotency(settings, secrets.derive("idempotency")),
            sessions=LivenessSessions(settings, secrets.derive("liveness sessions")),
            captures=Captures(settings, secrets.derive("captures")),
        )

    def tidy(self, connection: Connection, now: datetime) -> int:
        """Delete a bounded number of rows that nobody needs; to be called once a minute."""
        return tidy(connection, self.settings, now)
