"""What the commands of the audit log read and write."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fvs.errors import UsageError
from fvs_server.cli.opening import open_database, open_settings, read_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from fvs_server.audit.checkpoints import Checkpoints, SignedCheckpoint
    from fvs_server.database import Database

__all__ = [
    "OutOption",
    "PublicKeyOption",
    "newest_checkpoint",
    "open_log",
    "opened",
    "public_key_of",
    "read_file",
    "read_text",
]

PublicKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--public-key",
        help="Of `fvs audit public-key`, to check without the server's secrets.",
        metavar="FILE",
    ),
]

OutOption = Annotated[Path, typer.Option("--out", help="Where to write it; - is here.")]


@contextmanager
def open_log(settings: Path | None) -> Iterator[tuple[Database, Checkpoints]]:
    """The database and the checkpoints of a server."""
    from fvs_server.audit.checkpoints import CheckpointKey, Checkpoints  # noqa: PLC0415 - heavy

    opened = open_settings(settings)
    checkpoints = Checkpoints(CheckpointKey(read_secrets(opened)))
    with open_database(opened) as database:
        yield database, checkpoints


def newest_checkpoint(checkpoints: Checkpoints, connection: Connection) -> SignedCheckpoint | None:
    """A checkpoint over the whole log, made where there is none yet."""
    return checkpoints.make(connection, datetime.now(UTC)) or checkpoints.last(connection)


def public_key_of(path: Path | None, settings: Path | None) -> dict[str, str]:
    """Of a file, else of the server's secrets."""
    if path is None:
        from fvs_server.audit.checkpoints import CheckpointKey  # noqa: PLC0415 - heavy

        return CheckpointKey(read_secrets(open_settings(settings))).public
    try:
        return msgspec.json.decode(read_file(path), type=dict[str, str])
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path} holds no public key", advice="`fvs audit public-key` writes one."
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield iter(file)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def read_file(path: Path) -> bytes:
    """All of a file.

    Raises:
        UsageError: it cannot be read.
    """
    with opened(path) as lines:
        return b"".join(lines)


def read_text(path: Path) -> str:
    """A checkpoint, as text that may be none."""
    return read_file(path).decode("ascii", "replace").strip()
