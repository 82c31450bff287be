"""Files of the SQLite store: how they are made, migrated, checked and copied."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.registry.errors import StoreError
from fvs.registry.migrate import migrate, require_current, shipped
from fvs.registry.sqlite_connections import SqliteErrors, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "StoreSummary",
    "check_file",
    "copy_checked",
    "create_file",
    "migrate_file",
    "schema_version",
]

OWNER_ONLY = 0o600


@dataclass(frozen=True)
class StoreSummary:
    """What a checked file holds.

    Attributes:
        records: of any status.
        active: those of them with a key and a template.
        revision: the store's counter.
    """

    records: int
    active: int
    revision: int


def create_file(path: Path) -> None:
    """Make an empty store that only its owner can read; none is left where this fails.

    Raises:
        StoreError: something is there already, or it cannot be written.
    """
    _claim(path)
    try:
        migrate_file(path)
    except BaseException:
        path.unlink()
        raise


def _claim(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError as error:
        raise StoreError(f"{path}: is there already", advice="Choose another path.") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from error


def migrate_file(path: Path, version: int | None = None) -> int:
    """Bring the schema of a store's file to `version`, by default the newest.

    Returns:
        The version before.

    Raises:
        StoreError: the file refuses, its schema is newer, or there is no such version.
    """
    with SqliteErrors(path), closing(connect(path)) as connection:
        return migrate(_SqliteSchema(connection), shipped("sqlite"), version)


def schema_version(connection: sqlite3.Connection) -> int:
    """The highest number in the version table; 0 where the table is empty or missing."""
    tables = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_versions'"
    if connection.execute(tables).fetchone() is None:
        return 0
    (version,) = connection.execute("SELECT max(number) FROM schema_versions").fetchone()
    return int(version or 0)


@dataclass(frozen=True)
class _SqliteSchema:
    """A connection that migrations run on."""

    connection: sqlite3.Connection

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        finally:
            self.connection.rollback()

    def run(self, script: str) -> None:
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self.connection.execute(statement)
                statement = ""

    def version(self) -> int:
        return schema_version(self.connection)


def check_file(path: Path) -> StoreSummary:
    """Read all of a store's file: pages, indexes, and whether records and secrets agree.

    Raises:
        StoreError: it is damaged, or holds no registry of this version of fvs.
    """
    with SqliteErrors(path), closing(connect(path)) as connection:
        connection.execute("BEGIN")
        require_current(schema_version(connection), shipped("sqlite"))
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        summary = _summary(connection)
        if faults != ["ok"] or _disagree(connection, summary):
            raise StoreError(f"{path}: its content is damaged", advice="Restore a backup.")
        return summary


def _summary(connection: sqlite3.Connection) -> StoreSummary:
    row = connection.execute(
        "SELECT count(*), count(slot), (SELECT value FROM revision) FROM records"
    ).fetchone()
    return StoreSummary(*row)


def _disagree(connection: sqlite3.Connection, summary: StoreSummary) -> bool:
    """Each active record has one slot, each other slot is empty, no row is of the future."""
    filled = "wrapped_key <> zeroblob(length(wrapped_key))"
    (secrets, used, newest) = connection.execute(
        f"""SELECT (SELECT count(*) FROM secrets WHERE {filled}),
            (SELECT count(DISTINCT slot) FROM records JOIN secrets USING (slot) WHERE {filled}),
            (SELECT coalesce(max(revision), 0) FROM records)"""  # noqa: S608 - a constant
    ).fetchone()
    return not (secrets == used == summary.active and newest <= summary.revision)


def copy_checked(source: Path, target: Path) -> StoreSummary:
    """Copy a store, in use or not, to a new file: backup and restore are this one operation.

    The copy is of one instant, is checked whole, and is readable by its owner only. Restoring an
    old copy brings back what was erased since: erase it again, from the erasure proofs.

    Raises:
        StoreError: something is at `target`, either file refuses, or the copy is damaged.
    """
    _claim(target)
    part = target.with_name(target.name + ".part")
    try:
        _claim(part)
        try:
            with SqliteErrors(target):
                _copy(source, part)
            summary = check_file(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except BaseException:
        target.unlink()
        raise
    _flush_folder(target.parent)
    return summary


def _copy(source: Path, part: Path) -> None:
    with closing(connect(source)) as reading, closing(connect(part)) as writing:
        require_current(schema_version(reading), shipped("sqlite"))
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")  # so that the copy is a single file


def _flush_folder(folder: Path) -> None:
    """Make a file's name as durable as its content; some file systems know no such thing."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
