"""A registry of its own for each test, and a server of the authority over it."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from fvs.cli.registry.making import Plan, make
from fvs.deployment.packs import DEFAULT_PACK
from fvs.deployment.registry_file import EnrolmentSpec, SqliteSpec
from fvs_server.app import create_app
from fvs_server.audit.events import AuditEvent
from fvs_server.audit.tables import entries
from fvs_server.enrolment.keeper import RegistryKeeper
from fvs_server.enrolment.worker import ImportWorker
from fvs_server.identity import Scope
from fvs_server.limits.settings import LimitsSettings
from fvs_server.settings import DatabaseSettings, RegistrySettings
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.database_fixtures import migrate, postgres_url
from tests.server.identity_fixtures import bearer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs_server.wiring import Services

AUTHORITY = "dopa.example"
ZIP, NDJSON = {"Content-Type": "application/zip"}, {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def own_registry(tmp_path):
    """An empty registry on SQLite."""
    plan = Plan(
        folder=tmp_path / "people",
        pack=DEFAULT_PACK,
        store=SqliteSpec(),
        key_ring=tmp_path / "keys.json",
        enrolment=EnrolmentSpec(legal_basis="made up", retain_days=3650),
        duplicates=None,
    )
    make(plan)
    return plan.folder


@pytest.fixture
def authority_settings(server_settings, own_registry):
    """Settings of a server of the authority; its keys are not slowed down."""
    return msgspec.structs.replace(
        server_settings,
        registry=RegistrySettings(folder=str(own_registry)),
        limits=LimitsSettings(rate_per_s=1e4, burst=10**4),
    )


@pytest.fixture
def paused_threads(monkeypatch):
    """No thread works on imports or follows the registry: a test does, when it wants."""
    for kind in (ImportWorker, RegistryKeeper):
        monkeypatch.setattr(kind, "running", lambda _self: nullcontext())


@pytest.fixture
def office(authority_settings, server_secrets, light_engine, paused_threads):  # noqa: ARG001 - effect
    """A client of the authority, with the services behind it."""
    with open_services(authority_settings, server_secrets, engine=light_engine) as services:
        yield from _office(services)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_office(request, authority_settings, server_secrets, light_engine, paused_threads):  # noqa: ARG001 - effect
    """The same, with the server's tables on either database."""
    settings = authority_settings
    if request.param == "postgresql":
        url = postgres_url(request.getfixturevalue("postgres_dsn"))
        settings = msgspec.structs.replace(settings, database=DatabaseSettings(url=url))
        migrate(url)
    with open_services(settings, server_secrets, engine=light_engine) as services:
        yield from _office(services)


def _office(services: Services):
    with TestClient(create_app(services), raise_server_exceptions=False) as client:
        yield SimpleNamespace(
            client=client,
            services=services,
            authority=services.authority,
            headers=bearer(services, Scope.ENROL, Scope.REVIEW, idp=AUTHORITY),
        )


def subject(person: int) -> dict[str, str]:
    """As requests name a person."""
    return {"kind": "citizen_id", "number": number(person)}


def portrait(person: int, content: bytes, **changes: object) -> dict[str, object]:
    """A body of a portrait."""
    picture = base64.b64encode(content).decode()
    return {"subject": subject(person), "picture": picture, **changes}


def ndjson(rows: Sequence[Mapping[str, object]]) -> bytes:
    """A body of an import."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def archive(
    rows: Sequence[Mapping[str, str]],
    pictures: Mapping[str, bytes],
    columns: Sequence[str] = ("number", "picture"),
) -> bytes:
    """Another one."""
    table = io.StringIO()
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows(rows)
    return zipped({"portraits.csv": table.getvalue().encode(), **pictures})


def events(services: Services) -> list[AuditEvent]:
    """The audit log, oldest first."""
    with services.database.reading() as connection:
        rows = connection.execute(select(entries.c.event).order_by(entries.c.sequence))
        return [msgspec.json.decode(row.event, type=AuditEvent) for row in rows]


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """An archive of anything."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()
