"""Schemas go up and down whole, and no program works on one it does not know."""

import secrets
import sqlite3
from contextlib import closing
from importlib.resources import files

import psycopg
import pytest

from fvs.registry.errors import StoreError
from fvs.registry.migrate import migrate, read_migrations, require_current, shipped
from fvs.registry.postgres_schema import create_schema, migrate_schema
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.sqlite_files import _SqliteSchema, create_file, migrate_file
from fvs.registry.sqlite_store import SqliteStore

NEWEST = {"sqlite": len(shipped("sqlite")), "postgres": len(shipped("postgres"))}


class Sqlite:
    """A schema in a file."""

    dialect = "sqlite"

    def __init__(self, path):
        self.path = path
        create_file(path)

    def migrate(self, version=None):
        """To a version."""
        return migrate_file(self.path, version)

    def open(self):
        """As a store."""
        return SqliteStore.open(self.path)

    def run(self, statement):
        """Any SQL; its rows."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def shape(self):
        """All that the schema consists of."""
        return self.run("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")


class Postgres:
    """A schema in a server."""

    dialect = "postgres"

    def __init__(self, dsn):
        self.dsn, self.schema = dsn, f"m{secrets.token_hex(8)}"
        create_schema(dsn, self.schema)

    def migrate(self, version=None):
        """To a version."""
        return migrate_schema(self.dsn, self.schema, version)

    def open(self):
        """As a store."""
        return PostgresStore.open(self.dsn, schema=self.schema)

    def run(self, statement):
        """Any SQL; its rows."""
        with psycopg.connect(self.dsn, options=f"-c search_path={self.schema}") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def shape(self):
        """All that the schema consists of."""
        return self.run(
            f"SELECT c.relname, a.attname, format_type(atttypid, atttypmod), attnotnull, "  # noqa: S608 - its own name
            f"pg_get_constraintdef(k.oid) FROM pg_class c "
            f"LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 "
            f"LEFT JOIN pg_constraint k ON k.conrelid = c.oid "
            f"WHERE relnamespace = '{self.schema}'::regnamespace ORDER BY 1, 2, 5"
        )


@pytest.fixture(params=["sqlite", "postgres"])
def schema(request, tmp_path):
    """A new schema of each kind."""
    if request.param == "sqlite":
        return Sqlite(tmp_path / "s.db")
    return Postgres(request.getfixturevalue("postgres_dsn"))


def test_up_down_up(schema):
    """Down to nothing and up again gives the same schema; going nowhere changes nothing."""
    new = schema.shape()
    assert schema.migrate(0) == NEWEST[schema.dialect]
    assert schema.run("SELECT * FROM schema_versions") == []
    assert {"records", "metadata"}.isdisjoint({row[0] for row in schema.shape()})
    assert len(schema.shape()) < len(new)
    assert schema.migrate() == 0
    assert schema.shape() == new
    assert schema.migrate() == NEWEST[schema.dialect]
    schema.open().close()


def test_a_newer_schema_is_refused(schema):
    """Nobody opens or migrates what a later version of fvs wrote."""
    schema.run("INSERT INTO schema_versions (number, name) VALUES (99, 'future')")
    for use in (schema.open, schema.migrate, lambda: schema.migrate(0)):
        with pytest.raises(StoreError, match="99") as caught:
            use()
        assert "newer" in caught.value.advice
    assert schema.run("SELECT count(*) FROM records") == [(0,)]


def test_no_registry_is_refused(schema):
    """A database whose schema was taken down holds no registry."""
    schema.migrate(0)
    with pytest.raises(StoreError, match="no registry"):
        schema.open()


def test_unknown_version(schema):
    """There is no version that nobody wrote."""
    for version in (-1, 99):
        with pytest.raises(StoreError, match="no schema version"):
            schema.migrate(version)


def test_an_older_schema_is_refused():
    """It has to be migrated first, and the message says so."""
    with pytest.raises(StoreError, match="version 1") as caught:
        require_current(1, shipped("sqlite") * 2)
    assert "migrate" in caught.value.advice


def scripts(folder, **content):
    """Migration files; `_up` and `_down` end their names."""
    for name, text in content.items():
        stem, _, way = name[1:].rpartition("_")
        (folder / f"{stem}.{way}.sql").write_text(text)
    return folder.iterdir()


def test_a_failing_step_leaves_the_schema(tmp_path):
    """Steps that run together stay or go together."""
    (tmp_path / "sql").mkdir()
    steps = read_migrations(
        scripts(
            tmp_path / "sql",
            _0001_one_up="CREATE TABLE one (x INTEGER);",
            _0001_one_down="DROP TABLE one;",
            _0002_two_up="CREATE TABLE two (x INTEGER);\nCREATE TABLE two (x INTEGER);",
            _0002_two_down="DROP TABLE two;",
        )
    )
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        target = _SqliteSchema(connection)
        assert migrate(target, steps, 1) == 0
        with pytest.raises(sqlite3.OperationalError, match="two already exists"):
            migrate(target, steps)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema")]
        assert "one" in names
        assert "two" not in names
        assert migrate(target, steps, 0) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"_0001_one_up": ""},
        {"_0001_one_down": ""},
        {"_0002_two_up": "", "_0002_two_down": ""},
        {"_1_one_up": "", "_1_one_down": ""},
        {"_0001_one_up": "", "_0001_one_down": "", "_0001_won_up": "", "_0001_won_down": ""},
    ],
)
def test_misnamed_steps(tmp_path, content):
    """Steps are numbered from 1 without a gap, each with its way back."""
    with pytest.raises(StoreError, match="migration"):
        read_migrations(scripts(tmp_path, **content))


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_shipped(dialect):
    """What ships is all that lies in the folder."""
    folder = files("fvs.registry") / "migrations" / dialect
    assert 2 * len(shipped(dialect)) == len(list(folder.iterdir())) > 0
