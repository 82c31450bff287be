"""Tables of import jobs; migration 0004 makes them.

Until a row is settled it holds the portrait and the number, sealed under a key that the database
does not hold, and the subject's pseudonym, so that an erasure finds it; then it holds none of them.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from fvs_server.database import UtcTime, metadata

__all__ = ["import_jobs", "import_rows"]

import_jobs = Table(
    "import_jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("idp", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("holder", LargeBinary),
    Column("lease_until", UtcTime),
    Index("ix_import_jobs_state", "state", "created_at"),
)
"""Jobs; `holder` is the process that works on one until `lease_until`."""

import_rows = Table(
    "import_rows",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("subject", LargeBinary, index=True),
    Column("sealed", LargeBinary),
    Column("outcome", String),
    Column("code", String),
    Index("ix_import_rows_outcome", "job_id", "outcome", "row"),
)
"""Portraits of jobs; `outcome` is NULL while one waits, `code` says why one was refused."""
