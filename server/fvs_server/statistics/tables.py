"""The table of hourly counts; migration 0001 makes it."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from fvs_server.database import UtcTime, metadata

__all__ = ["hours"]

hours = Table(
    "statistics_hours",
    metadata,
    Column("idp", String, primary_key=True),
    Column("hour", UtcTime, primary_key=True, autoincrement=False),
    Column("counts", LargeBinary, nullable=False),
)
"""Counts of hours that are over: they stay when transactions are purged."""
