"""The one place where services are made of settings and of one another."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fvs.subjects import Private, Pseudonymiser
from fvs_server.database import Database
from fvs_server.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fvs_server.secrets import ServerSecrets
    from fvs_server.settings import Settings

__all__ = ["Services", "open_services", "utc_now"]


@dataclass(frozen=True, kw_only=True)
class Services:
    """All that routes may call; a field a service.

    Attributes:
        settings: of the server.
        database: for handlers that join several services in one transaction.
        clock: the time, UTC.
        pseudonyms: of subjects, as the server's own tables hold them.
        limits: of callers and of attempts.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    pseudonyms: Pseudonymiser
    limits: Limits


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@contextmanager
def open_services(
    settings: Settings,
    secrets: ServerSecrets,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Services]:
    """Open everything, and close it at the end of the block in reverse order.

    Args:
        settings: of the server.
        secrets: of the server.
        clock: the time, UTC.

    Raises:
        DeploymentError: something that the settings name is not there or not right.
    """
    database = Database.open(settings.database.url, connections=settings.database.connections)
    try:
        database.require_current()
        yield Services(
            settings=settings,
            database=database,
            clock=clock,
            pseudonyms=Pseudonymiser(Private(secrets.derive("subjects"))),
            limits=Limits.create(settings.limits, secrets),
        )
    finally:
        database.close()
