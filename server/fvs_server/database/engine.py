"""Opens the database of the server: one set of tables, SQLite or PostgreSQL."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, event
from sqlalchemy.exc import ArgumentError, DBAPIError

from fvs.errors import DeploymentError
from fvs_server.database.turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ["Database", "metadata"]

metadata = MetaData()
"""Every table of the server; each module that owns tables declares them here."""

_MIGRATIONS = Path(__file__).with_name("migrations")
_SQLITE, _POSTGRES = "sqlite", "postgresql"
_BUSY_TIMEOUT_MS = 10_000
# How a transaction begins that writes; by whether it is hurried. What SQLite is told of waiting
# lasts as long as the connection, and what PostgreSQL is told as long as the transaction.
_SQLITE_WRITES = {
    False: ("PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"),
    True: ("PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE"),
}
_POSTGRES_WRITES = {False: (), True: ("SET LOCAL synchronous_commit = off",)}


class Database:
    """Transactions on the server's tables. Threads may share it; a process opens its own."""

    def __init__(self, engine: Engine) -> None:
        """Use `Database.open`."""
        self._engine = engine
        # Threads of one process queue here, not in SQLite's polling.
        self._turn = threading.Lock() if engine.dialect.name == _SQLITE else nullcontext()

    @classmethod
    def open(cls, url: str, *, connections: int = 8) -> Self:
        """Open `sqlite:///FILE` or `postgresql://USER@HOST/DATABASE`; nothing is migrated.

        Args:
            url: where it is; an error never repeats it, for it may hold a password.
            connections: to PostgreSQL at most, of this process.

        Raises:
            DeploymentError: it is neither.
        """
        try:
            parsed = sqlalchemy.make_url(url)
        except ArgumentError:
            raise _not_a_url() from None
        if parsed.get_backend_name() == _SQLITE:
            engine = sqlalchemy.create_engine(parsed, connect_args={"check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
        elif parsed.get_backend_name() == _POSTGRES:
            engine = sqlalchemy.create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_size=connections,
                max_overflow=0,
                pool_pre_ping=True,
            )
        else:
            raise _not_a_url()
        return cls(engine)

    @property
    def is_postgres(self) -> bool:
        """Whether several machines may share it."""
        return self._engine.dialect.name == _POSTGRES

    @contextmanager
    def writing(self, *, hurried: bool = False) -> Iterator[Connection]:
        """One transaction that writes: committed at the end, rolled back by an exception.

        On SQLite it holds the only write lock from its first moment, so keep it short.

        Args:
            hurried: it does not wait for the disk. A machine that loses its power may lose it, but
                never a later one that did wait without this one; a server that dies loses nothing.
        """
        begins = _POSTGRES_WRITES if self.is_postgres else _SQLITE_WRITES
        with self._turn, self._begun(*begins[hurried]) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        begins = () if self.is_postgres else ("BEGIN",)
        with self._begun(*begins) as connection:
            yield connection

    def migrate(self) -> tuple[str | None, str]:
        """Bring the tables to this version's; returns the versions before and after.

        Raises:
            DeploymentError: the database refuses, or is newer than this version of fvs.
        """
        before, newest = self._versions()
        if before is not None and before not in _known_versions():
            raise DeploymentError(
                "the server's database is newer than this version of fvs",
                advice="Run the version that migrated it, or restore its backup.",
            )
        config = _alembic_config()
        try:
            with self.writing() as connection:
                take_turn(connection, Turn.MIGRATIONS)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DBAPIError as error:
            raise _refused("migrated", error) from None
        return before, newest

    def require_current(self) -> None:
        """Refuse tables of another version.

        Raises:
            DeploymentError: they are, or the database cannot be reached.
        """
        found, newest = self._versions()
        if found != newest:
            raise DeploymentError(
                "the server's database has no tables or those of another version",
                advice="Run `fvs server migrate`.",
            )

    @contextmanager
    def _begun(self, *statements: str) -> Iterator[Connection]:
        """A transaction that begins with these; SQLite's driver begins none by itself."""
        # Not as SQLAlchemy's event `begin`: with one listener it runs its events for every
        # statement, which costs a fifth of each.
        with self._engine.connect() as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
            yield connection

    def _versions(self) -> tuple[str | None, str]:
        try:
            with self._engine.connect() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
        except DBAPIError as error:
            raise _refused("opened", error) from None
        return found, _newest_version()

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def _refused(done: str, error: DBAPIError) -> DeploymentError:
    """Not to be chained: drivers quote hosts, users and paths."""
    return DeploymentError(
        f"the server's database cannot be {done} ({type(error.orig).__name__})",
        advice="Look at [database] url in the settings, and whether the database runs, "
        "has room on its disk, and lets this user do it.",
    )


def _not_a_url() -> DeploymentError:
    return DeploymentError(
        "the database's URL is neither of SQLite nor of PostgreSQL",
        advice="Write sqlite:///FILE or postgresql://USER@HOST/DATABASE.",
    )


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # `Database` begins transactions, not the driver: a write must be one from its first moment.
    raw: Any = connection
    raw.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _known_versions() -> set[str]:
    script = ScriptDirectory.from_config(_alembic_config())
    return {revision.revision for revision in script.walk_revisions()}


def _newest_version() -> str:
    return ScriptDirectory.from_config(_alembic_config()).get_current_head() or ""
