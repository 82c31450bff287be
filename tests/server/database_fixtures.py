"""Databases of both kinds, one of its own for each test."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from fvs_server.database import Database


def postgres_url(dsn: str) -> str:
    """The address of a new, empty database on that server."""
    parts = dict(part.split("=", 1) for part in dsn.split())
    name = f"server_{uuid.uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://{parts['user']}@/{name}?host={parts['host']}"


def migrate(url: str) -> tuple[str | None, str]:
    """Make the tables, as a replica does before it serves; versions before and after."""
    database = Database.open(url)
    try:
        return database.migrate()
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path) -> str:
    """The address of a database without tables, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'server.db'}"
    return postgres_url(request.getfixturevalue("postgres_dsn"))
