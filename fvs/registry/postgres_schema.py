"""Schemas of the PostgreSQL store: connecting, migrating, and what refusals of the server mean."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql
from psycopg_pool import PoolClosed, PoolTimeout

from fvs.registry.errors import StoreError
from fvs.registry.migrate import migrate, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

__all__ = [
    "CONNECT_TIMEOUT_S",
    "connect",
    "create_schema",
    "migrate_schema",
    "postgres_errors",
    "prepare",
    "schema_version",
]

CONNECT_TIMEOUT_S = 30
"""How long to wait for a connection, and for a lock that another change holds."""

_MIGRATION_LOCK = 0x6676735F
"""`fvs_`: any number that other programs are unlikely to lock."""

_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (PoolClosed, "the store is closed", ""),
    (PoolTimeout, "no connection within half a minute", "Is the server up, or overloaded?"),
    (errors.DiskFull, "the server's disk is full, nothing was changed", "Free some room."),
    (errors.ReadOnlySqlTransaction, "the server is read-only", "Connect to the primary."),
    (errors.LockNotAvailable, "another change takes too long", "Try again; look for a stuck one."),
    (
        (errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification),
        "the server denies access",
        "Grant the role its rights on the schema.",
    ),
    ((errors.DataCorrupted, errors.IndexCorrupted), "data is damaged", "Restore a backup."),
)


@contextmanager
def postgres_errors() -> Iterator[None]:
    """Speak of the server's refusals as `StoreError`.

    Its own words are left out and the exception is not chained: they quote rows.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _refusal(error) from None


def _refusal(error: psycopg.Error) -> StoreError:
    state = error.sqlstate or "no SQLSTATE"
    for kinds, reason, advice in _REASONS:
        if isinstance(error, kinds):
            return StoreError(f"PostgreSQL: {reason} ({state})", advice=advice)
    if isinstance(error, psycopg.OperationalError):
        return StoreError(
            f"PostgreSQL: it cannot be reached, or the connection broke ({state})",
            advice="Check the server and the connection string.",
        )
    return StoreError(f"PostgreSQL refuses: {type(error).__name__} ({state})")


def connect(dsn: str, schema: str) -> Connection[tuple[Any, ...]]:
    """A connection that finds the tables of `schema`."""
    connection = psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S)
    prepare(connection, schema)
    return connection


def prepare(connection: Connection[Any], schema: str) -> None:
    """Settings of every connection of a store.

    A generic plan knows no keys, so that it would look into every partition for each lookup.
    """
    settings = sql.SQL(
        "SET search_path TO {}; SET TimeZone TO 'UTC'; SET lock_timeout TO {}; "
        "SET plan_cache_mode TO force_custom_plan"
    )
    connection.execute(settings.format(sql.Identifier(schema), f"{CONNECT_TIMEOUT_S}s"))
    connection.commit()


def create_schema(dsn: str, schema: str) -> None:
    """Make a schema with the newest tables, whole or not at all.

    Raises:
        StoreError: it is there already, or the server refuses.
    """
    with postgres_errors(), connect(dsn, schema) as connection:
        try:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        except errors.DuplicateSchema:
            raise StoreError(
                f"the schema {schema} is there already", advice="Choose another name."
            ) from None
        migrate(_PostgresSchema(connection), shipped("postgres"))


def migrate_schema(dsn: str, schema: str, version: int | None = None) -> int:
    """Bring a schema to `version`, by default the newest.

    Returns:
        The version before.

    Raises:
        StoreError: the server refuses, the schema is newer, or there is no such version.
    """
    with postgres_errors(), connect(dsn, schema) as connection:
        return migrate(_PostgresSchema(connection), shipped("postgres"), version)


def schema_version(connection: Connection[tuple[Any, ...]]) -> int:
    """The highest number in the version table; 0 where the table is empty or missing."""
    with connection.transaction():
        (known,) = connection.execute("SELECT to_regclass('schema_versions')").fetchone() or (None,)
        if known is None:
            return 0
        (newest,) = connection.execute("SELECT max(number) FROM schema_versions").fetchone() or (0,)
    return int(newest or 0)


@dataclass(frozen=True)
class _PostgresSchema:
    """A connection that migrations run on."""

    connection: Connection[tuple[Any, ...]]

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        with self.connection.transaction():
            self.connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
            yield

    def run(self, script: str) -> None:
        self.connection.execute(script.encode())

    def version(self) -> int:
        return schema_version(self.connection)
