"""Appends to the log, inside the transaction of what it records."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, insert, select, text, tuple_

from fvs_server.audit.hashing import GENESIS, ChainedEntry, commitment_to
from fvs_server.audit.merkle import completed_nodes, left_siblings
from fvs_server.audit.tables import entries, nodes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.audit.events import AuditEvent

__all__ = ["AuditEntry", "AuditLog", "event_bytes"]

_SALT_BYTES = 16
_ADVISORY_LOCK = 0x66767361
"""Of PostgreSQL, `fvsa`: whoever appends waits for the append before to be committed."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Where an event stands in the log.

    Attributes:
        sequence: from 0, without gaps.
        entry_hash: that the next entry names.
    """

    sequence: int
    entry_hash: bytes


def event_bytes(event: AuditEvent) -> bytes:
    """Canonical: JSON with sorted keys, bytes in base64, defaults left out."""
    return msgspec.json.encode(event, order="sorted")


class AuditLog:
    """Appends events; holds no state, so that replicas share one log."""

    def append(self, connection: Connection, event: AuditEvent) -> AuditEntry:
        """Chain an event to the log, in the caller's transaction: both are kept or neither.

        Append last: from here to the commit no other replica can.

        Args:
            connection: of `Database.writing`.
            event: whose transaction id is in no entry yet.
        """
        _wait_for_turn(connection)
        sequence, previous_hash = _next(connection)
        content, salt = event_bytes(event), secrets.token_bytes(_SALT_BYTES)
        chained = ChainedEntry(
            sequence=sequence,
            transaction_id=event.transaction_id,
            at=event.at,
            commitment=commitment_to(content, salt),
            previous_hash=previous_hash,
        )
        connection.execute(
            insert(entries).values(
                sequence=sequence,
                transaction_id=chained.transaction_id,
                at=chained.at,
                event=content,
                salt=salt,
                commitment=chained.commitment,
                previous_hash=previous_hash,
                entry_hash=chained.hash,
            )
        )
        _grow_tree(connection, sequence, chained.hash)
        return AuditEntry(sequence=sequence, entry_hash=chained.hash)


def log_size(connection: Connection) -> int:
    """Entries in the log."""
    last = connection.scalar(select(func.max(entries.c.sequence)))
    return 0 if last is None else int(last) + 1


def _wait_for_turn(connection: Connection) -> None:
    """Serialise appends; on SQLite whoever writes has the database alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _next(connection: Connection) -> tuple[int, bytes]:
    last = connection.execute(
        select(entries.c.sequence, entries.c.entry_hash)
        .order_by(entries.c.sequence.desc())
        .limit(1)
    ).first()
    return (0, GENESIS) if last is None else (last.sequence + 1, bytes(last.entry_hash))


def _grow_tree(connection: Connection, sequence: int, leaf: bytes) -> None:
    needed = left_siblings(sequence)
    found: dict[tuple[int, int], bytes] = {}
    if needed:
        rows = connection.execute(
            select(nodes).where(tuple_(nodes.c.level, nodes.c.position).in_(needed))
        )
        found = {(row.level, row.position): bytes(row.hash) for row in rows}
    made = completed_nodes(sequence, leaf, [found[node] for node in needed])
    connection.execute(
        insert(nodes),
        [{"level": level, "position": i, "hash": value} for (level, i), value in made.items()],
    )
