"""Appends to the log, inside the transaction of what it records."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select

from fvs_server.audit.hashing import GENESIS, SALT_BYTES, ChainedEntry, commitment_to
from fvs_server.audit.merkle import completed_nodes, left_siblings
from fvs_server.audit.nodes import StoredNodes
from fvs_server.audit.tables import entries, nodes
from fvs_server.database.turns import Turn, take_turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.audit.events import AuditEvent

__all__ = ["AuditEntry", "AuditLog", "event_bytes", "log_size"]

# Built once: building a statement costs several times what running it does.
_LAST = (
    select(entries.c.sequence, entries.c.entry_hash).order_by(entries.c.sequence.desc()).limit(1)
)
_INSERT_ENTRY = insert(entries)
_INSERT_NODES = insert(nodes)


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
        take_turn(connection, Turn.RECORDS)
        sequence, previous_hash = _next(connection)
        content, salt = event_bytes(event), secrets.token_bytes(SALT_BYTES)
        chained = ChainedEntry(
            sequence=sequence,
            transaction_id=event.transaction_id,
            at=event.at,
            commitment=commitment_to(content, salt),
            previous_hash=previous_hash,
        )
        row = {
            "sequence": sequence,
            "transaction_id": chained.transaction_id,
            "at": chained.at,
            "event": content,
            "salt": salt,
            "commitment": chained.commitment,
            "previous_hash": previous_hash,
            "entry_hash": chained.hash,
        }
        connection.execute(_INSERT_ENTRY, row)
        _grow_tree(connection, sequence, chained.hash)
        return AuditEntry(sequence=sequence, entry_hash=chained.hash)


def log_size(connection: Connection) -> int:
    """Entries in the log."""
    return _next(connection)[0]


def _next(connection: Connection) -> tuple[int, bytes]:
    """The sequence of the next entry, and the hash that it names."""
    last = connection.execute(_LAST).first()
    return (0, GENESIS) if last is None else (last.sequence + 1, bytes(last.entry_hash))


def _grow_tree(connection: Connection, sequence: int, leaf: bytes) -> None:
    stored = StoredNodes(connection)
    siblings = [stored(level, position) for level, position in left_siblings(sequence)]
    made = completed_nodes(sequence, leaf, siblings)
    connection.execute(
        _INSERT_NODES,
        [{"level": level, "position": i, "hash": value} for (level, i), value in made.items()],
    )
