"""Callers for tests: keys, headers, tokens, certificates."""

from __future__ import annotations

import shutil
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import uvicorn
from sqlalchemy import delete

from fvs_server.database import Database
from fvs_server.identity.api_keys import ApiKeys, IssuedKey, KeyOrder
from fvs_server.identity.principal import Scope
from fvs_server.identity.tables import api_keys, request_nonces
from tests.server.database_fixtures import postgres_url

if TYPE_CHECKING:
    from fvs_server.wiring import Services

BANK, TELCO = "bank.example", "telco.example"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands, and is set forward."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def monotonic(self) -> float:
        """The same, as seconds."""
        return self.now.timestamp()

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture(scope="session")
def postgres_database(postgres_dsn):
    """A migrated PostgreSQL database."""
    opened = Database.open(postgres_url(postgres_dsn), connections=4)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def own_database(request, tmp_path):
    """A database of each kind, migrated; there are no keys in it."""
    if request.param == "postgres":
        opened = request.getfixturevalue("postgres_database")
        with opened.writing() as connection:
            for table in (api_keys, request_nonces):
                connection.execute(delete(table))
        yield opened
        return
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "own.db")
    opened = Database.open(f"sqlite:///{tmp_path / 'own.db'}")
    yield opened
    opened.close()


@contextmanager
def served(app):
    """The port of a server on the loopback, in a thread of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, http="httptools", proxy_headers=False, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def order(*scopes: Scope, idp: str = BANK, **others: object) -> KeyOrder:
    """For a key with those scopes, or with all."""
    return KeyOrder(idp=idp, scopes=frozenset(scopes or Scope), **others)


def issue(services: Services, *scopes: Scope, idp: str = BANK, **others: object) -> IssuedKey:
    """A new key of a server."""
    return create(services.database, services.api_keys, order(*scopes, idp=idp, **others))


def create(database: Database, keys: ApiKeys, wanted: KeyOrder, now: datetime = NOW) -> IssuedKey:
    """A new key, committed."""
    with database.writing() as connection:
        return keys.create(connection, wanted, now)


def bearer(services: Services, *scopes: Scope, idp: str = BANK) -> dict[str, str]:
    """Headers of a caller with a new key."""
    return {"Authorization": f"Bearer {issue(services, *scopes, idp=idp).text.reveal()}"}
