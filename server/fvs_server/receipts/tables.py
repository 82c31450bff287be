"""The table of signing keys; migration 0005 makes it. It holds nothing secret."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from fvs_server.database import UtcTime, metadata

__all__ = ["signing_keys"]

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", UtcTime, nullable=False),
    Column("signs_from", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
)
"""Key `number` is derived from the server's secrets; a withdrawn one is published no more."""
