"""Turns: what only one replica may do at a time waits here, until its transaction ends."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Turn", "take_turn", "take_turn_of"]

# Built once: building a statement costs several times what running it does.
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_KEY_BYTES = 8


class Turn(IntEnum):
    """What is taken in turns; the numbers are keys of PostgreSQL's advisory locks."""

    RECORDS = 0x66767361
    """`fvsa`: appending to the audit log, and what reckons with all that was appended."""
    MIGRATIONS = 0x6676736D
    """`fvsm`: replicas that migrate at once wait for one another."""


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait until no other transaction has this turn; on SQLite whoever writes is alone anyway."""
    _take(connection, int(turn))


def take_turn_of(connection: Connection, name: bytes) -> None:
    """The same for one of many, by the first 8 bytes of a name that is evenly spread.

    Two of one beginning wait for each other for nothing, which does no harm.
    """
    _take(connection, int.from_bytes(name[:_KEY_BYTES], "big", signed=True))


def _take(connection: Connection, key: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": key})
