"""A PostgreSQL server of our own for benchmarks and tests: a temporary folder, a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEBIAN_SERVERS = Path("/usr/lib/postgresql")

SERVER_USERS = ("postgres", "nobody")
"""Whom root starts it as: PostgreSQL refuses to run as root."""

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}
"""Fast, and safe only where nobody minds losing the data."""


DURABLE = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_connections": "20",
}
"""As a server is run, for benchmarks."""


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    programs = [name for name in ("initdb", "pg_ctl") if not _program(name)]
    return f"needs {' and '.join(programs)} of PostgreSQL in PATH" if programs else ""


def _program(name: str) -> str | None:
    """Where a program of the server is: in PATH, or where Debian keeps it, the newest version."""
    folders = sorted(DEBIAN_SERVERS.glob("*/bin"), key=lambda path: int(path.parent.name))
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, reversed(folders))])
    return shutil.which(name, path=path)


@contextmanager
def running_postgres(settings: Mapping[str, str] = SETTINGS) -> Iterator[str]:
    """The connection string of a new, empty server."""
    folder = Path(tempfile.mkdtemp(prefix="fvs-pg-"))  # short: a socket's path has 107 bytes
    data = folder / "data"
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    identity = _identity(folder)
    try:
        _run(
            [_program("initdb"), "-D", data, "-U", "fvs", "-A", "trust", "-E", "UTF8", "-N"],
            identity,
        )
        serve = [_program("pg_ctl"), "-D", data, "-w", "-l", folder / "log"]
        _run([*serve, "-o", f"{options} -k {folder}", "start"], identity)
        try:
            yield f"host={folder} user=fvs dbname=postgres"
        finally:
            _run([*serve, "-m", "immediate", "stop"], identity)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {"cwd": folder}
    names = {user.pw_name for user in pwd.getpwall()}
    name = next(name for name in SERVER_USERS if name in names)
    account = pwd.getpwnam(name)
    os.chown(folder, account.pw_uid, account.pw_gid)
    ids = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return {"cwd": folder, **ids}


def _run(command: list[object], identity: dict[str, object]) -> None:
    subprocess.run(  # noqa: S603 - PostgreSQL's own programs, and our own words
        [str(word) for word in command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **identity,
    )
