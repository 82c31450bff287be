"""A server for tests: in this process, and as a process of its own on a real socket."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from fvs_server.app import create_app
from fvs_server.database import Database
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import DatabaseSettings, SecretsSettings, Settings
from fvs_server.wiring import open_services
from tests.server.identity_fixtures import (  # noqa: F401 - fixtures
    clock,
    own_database,
    postgres_database,
)


@pytest.fixture
def server_secrets() -> ServerSecrets:
    """Secrets of a server."""
    return ServerSecrets.generate()


@pytest.fixture
def server_settings(tmp_path, server_secrets) -> Settings:
    """Settings of a server with an empty, migrated SQLite database and a file of secrets."""
    url = f"sqlite:///{tmp_path / 'server.db'}"
    database = Database.open(url)
    database.migrate()
    database.close()
    server_secrets.write(tmp_path / "secrets.json")
    return Settings(
        database=DatabaseSettings(url=url),
        secrets=SecretsSettings(file=str(tmp_path / "secrets.json")),
    )


@pytest.fixture
def services(server_settings, server_secrets):
    """All services, opened."""
    with open_services(server_settings, server_secrets) as opened:
        yield opened


@pytest.fixture
def client(services):
    """The application in this process; what it raises is answered, not thrown at the test."""
    with TestClient(create_app(services), raise_server_exceptions=False) as opened:
        yield opened
