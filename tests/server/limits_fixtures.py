"""Databases of both kinds, callers and a clock, for tests of the limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from fvs_server.database import Database
from fvs_server.identity import Principal, Scope
from fvs_server.identity.principal import AuthenticationMethod
from fvs_server.limits import tables
from fvs_server.problems import ServiceError
from tests.server.database_fixtures import migrate, postgres_url

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))
SUBJECT, OTHER_SUBJECT = b"s" * 32, b"t" * 32
SECOND = timedelta(seconds=1)


def caller(idp: str = "bank-a", key_id: str = "0011223344556677") -> Principal:
    """A principal who may verify."""
    return Principal(
        idp=idp,
        key_id=key_id,
        scopes=frozenset({Scope.VERIFY}),
        method=AuthenticationMethod.API_KEY,
    )


@cache
def _migrated_once(dsn: str) -> str:
    url = postgres_url(dsn)
    migrate(url)
    return url


def _empty(url: str) -> None:
    opened = Database.open(url)
    with opened.writing() as connection:
        names = ", ".join(getattr(tables, name).name for name in tables.__all__)
        connection.exec_driver_sql(f"TRUNCATE {names}")
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> str:
    """The address of a migrated database without rows, of each kind."""
    if request.param == "postgresql":
        url = _migrated_once(request.getfixturevalue("postgres_dsn"))
        _empty(url)
        return url
    url = f"sqlite:///{tmp_path / 'limits.db'}"
    migrate(url)
    return url


@pytest.fixture
def database(database_url):
    """A migrated database, of each kind."""
    opened = Database.open(database_url)
    yield opened
    opened.close()


def refusal(database: Database, act) -> ServiceError:
    """What `act(connection)` is refused with; its transaction is rolled back."""
    with pytest.raises(ServiceError) as caught, database.writing() as connection:
        act(connection)
    return caught.value
