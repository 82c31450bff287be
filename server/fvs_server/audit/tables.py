"""Tables of the audit log; migration 0001 makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from fvs_server.database import UtcTime, metadata

__all__ = ["checkpoints", "entries", "nodes"]

entries = Table(
    "audit_entries",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction_id", String, nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    # The event and its salt go when it is purged; what commits to them stays.
    Column("event", LargeBinary),
    Column("salt", LargeBinary),
    Column("commitment", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("entry_hash", LargeBinary, nullable=False),
)
_KEPT = entries.c.event.is_not(None)
Index("ix_audit_entries_kept_at", entries.c.at, sqlite_where=_KEPT, postgresql_where=_KEPT)
# What is purged leaves the index, so that the next purge need not pass over it.

nodes = Table(
    "audit_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Complete subtrees of the Merkle tree, see `fvs_server.audit.merkle`."""

checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("entries", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("signed", String, nullable=False),
)
