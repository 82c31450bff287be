"""A server for tests: in this process, and as a process of its own on a real socket."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest
from litestar.testing import TestClient

from fvs.cli.registry.making import Plan, make
from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs.deployment.registry_file import EnrolmentSpec, SqliteSpec
from fvs_server.app import create_app
from fvs_server.database import Database
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import (
    DatabaseSettings,
    EngineSettings,
    RegistrySettings,
    SecretsSettings,
    Settings,
)
from fvs_server.wiring import open_services
from tests.registry_desk import enrol_made_up
from tests.server.database_fixtures import empty_url  # noqa: F401 - a fixture
from tests.server.enrol_fixtures import (  # noqa: F401 - fixtures
    any_office,
    authority_settings,
    office,
    own_registry,
    paused_threads,
)
from tests.server.identity_fixtures import (  # noqa: F401 - fixtures
    clock,
    own_database,
    postgres_database,
)
from tests.server.identity_tokens import published  # noqa: F401 - a fixture
from tests.server.light_engine import LightEngine

if TYPE_CHECKING:
    from pathlib import Path

ENROLLED = range(1, 61)
"""People in the registry of `registry_folder`; each has the face of the same number."""


@pytest.fixture
def server_secrets() -> ServerSecrets:
    """Secrets of a server."""
    return ServerSecrets.generate()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory) -> Path:
    """An empty, migrated SQLite database, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "server.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def server_settings(tmp_path, server_secrets, migrated_sqlite) -> Settings:
    """Settings of a server with an empty, migrated SQLite database and a file of secrets."""
    shutil.copy(migrated_sqlite, tmp_path / "server.db")
    url = f"sqlite:///{tmp_path / 'server.db'}"
    server_secrets.write(tmp_path / "secrets.json")
    return Settings(
        database=DatabaseSettings(url=url),
        engine=EngineSettings(processes=False),
        secrets=SecretsSettings(file=str(tmp_path / "secrets.json")),
    )


@pytest.fixture(scope="session")
def light_engine() -> LightEngine:
    """An engine without networks; its pictures are those of `tests.server.light_engine`."""
    return LightEngine(open_pack(DEFAULT_PACK))


@pytest.fixture(scope="session")
def registry_folder(tmp_path_factory) -> Path:
    """A registry on SQLite in which `ENROLLED` are enrolled; not to be changed."""
    folder = new_registry(tmp_path_factory.mktemp("registry"))
    enrol_made_up(folder, ENROLLED)
    return folder


def new_registry(home: Path, pack: str = DEFAULT_PACK) -> Path:
    """The folder of an empty registry on SQLite."""
    plan = Plan(
        folder=home / "people",
        pack=pack,
        store=SqliteSpec(),
        key_ring=home / "keys.json",
        enrolment=EnrolmentSpec(legal_basis="made up"),
        duplicates=None,
    )
    make(plan)
    return plan.folder


@pytest.fixture
def services(server_settings, server_secrets, light_engine):
    """All services, opened, with an engine without networks and no registry."""
    with open_services(server_settings, server_secrets, engine=light_engine) as opened:
        yield opened


@pytest.fixture
def client(services):
    """The application in this process; what it raises is answered, not thrown at the test."""
    with TestClient(create_app(services), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def registry_settings(server_settings, registry_folder) -> Settings:
    """The same settings, with the registry."""
    registry = RegistrySettings(folder=str(registry_folder))
    return msgspec.structs.replace(server_settings, registry=registry)


@pytest.fixture
def registry_services(registry_settings, server_secrets, light_engine):
    """All services, opened, with the registry."""
    with open_services(registry_settings, server_secrets, engine=light_engine) as opened:
        yield opened


@pytest.fixture
def registry_client(registry_services):
    """The application with the registry."""
    with TestClient(create_app(registry_services), raise_server_exceptions=False) as opened:
        yield opened
