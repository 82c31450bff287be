"""Connections to SQLite: their settings, one for each thread, and what its refusals mean."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING

from fvs.registry.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteErrors", "ThreadConnections", "connect"]

OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables came with it, in November 2021."""

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another process; longer than any batch of ours takes."""

CACHE_KIB = 16 * 1024
"""Pages that a connection keeps: the upper levels of the indexes of some million records."""

_SETTINGS = (
    "PRAGMA synchronous = FULL",  # an acknowledged change survives a power cut
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",  # no sealed template goes to a temporary file
    f"PRAGMA cache_size = -{CACHE_KIB}",
)

_REASONS = {
    "SQLITE_BUSY": ("another process holds it locked", "Close the other program, then try again."),
    "SQLITE_CANTOPEN": ("it cannot be opened", "Check the path and its permissions."),
    "SQLITE_CORRUPT": ("its content is damaged", "Restore a backup."),
    "SQLITE_FULL": ("the disk is full, nothing was changed", "Free some room, then try again."),
    "SQLITE_IOERR": ("reading or writing it failed", "Check the disk and its free room."),
    "SQLITE_NOTADB": ("it is not an SQLite database", "Check the path, or restore a backup."),
    "SQLITE_PERM": ("access is denied", "Check the permissions of the file and its folder."),
    "SQLITE_READONLY": (
        "it is read-only, or its folder is",
        "Check the permissions of the file and its folder.",
    ),
}


class SqliteErrors:
    """Speaks of SQLite's refusals as `StoreError`, by their code alone.

    A class, because one made by `contextmanager` takes longer than a small query.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        """Of the file at `path`."""
        self._path = path

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise a StoreError in place of one of SQLite's."""
        if isinstance(error, sqlite3.Error):
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            primary = "_".join(name.split("_")[:2])
            reason, advice = _REASONS.get(primary, ("SQLite refuses", ""))
            raise StoreError(f"{self._path}: {reason} ({name})", advice=advice) from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that is there, without Python's own transactions.

    It may be closed by another thread than the one that uses it.

    Raises:
        StoreError: it is not there, not a database, or cannot be opened.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: needs {OLDEST_SQLITE}")
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file", advice="Check the path, or create it.")
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with SqliteErrors(path):
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
        except BaseException:
            connection.close()
            raise
    return connection


class _Held:
    """A thread's connection, closed when the thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class ThreadConnections:
    """A connection for each thread that asks for one."""

    def __init__(self, open_one: Callable[[], sqlite3.Connection]) -> None:
        """Open none yet."""
        self._open_one = open_one
        self._own = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False

    def get(self) -> sqlite3.Connection:
        """The calling thread's connection.

        Raises:
            StoreError: they were closed, or the file refuses.
        """
        if self._closed:
            raise StoreError("the store is closed")
        held: _Held | None = getattr(self._own, "held", None)
        if held is None:
            held = _Held(self._open_one())
            with self._lock:
                self._all.add(held)
            self._own.held = held
        return held.connection

    def close(self) -> None:
        """Close every thread's connection."""
        self._closed = True
        with self._lock:
            for held in self._all:
                held.connection.close()
