"""Tables of the limits; migration 0003 makes them.

Subjects, keys and captures are 32 bytes of HMAC each. Every table has an index by the time at which
its rows may go.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from fvs_server.database import UtcTime, metadata

__all__ = [
    "attempts",
    "captures",
    "idempotency_keys",
    "liveness_sessions",
    "rates",
    "subject_attempts",
]

rates = Table(
    "rates",
    metadata,
    Column("bucket", String, primary_key=True),
    # Microseconds and not UtcTime: the database reckons with it.
    Column("arrival_us", BigInteger, nullable=False, index=True),
)
"""When the next request of a key would conform at its steady rate: GCRA's theoretical arrival."""

subject_attempts = Table(
    "subject_attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("in_period", Integer, nullable=False),
    Column("period_started_at", UtcTime),
    Column("touched_at", UtcTime, nullable=False, index=True),
)
"""Failures of a subject, all IdPs together; no row is kept where there are none."""

attempts = Table(
    "attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("idp", String, primary_key=True),
    Column("in_a_row", Integer, nullable=False),
    Column("last_failed_at", UtcTime),
    Column("in_period", Integer, nullable=False),
    Column("period_started_at", UtcTime),
    Column("pending", Integer, nullable=False),
    Column("pending_at", UtcTime),
    Column("touched_at", UtcTime, nullable=False, index=True),
)
"""Failures of a subject at one IdP; no row is kept where there is nothing to count."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("status", Integer),
    Column("sealed_body", LargeBinary),
)
"""Requests under an Idempotency-Key; `status` is NULL while one is being answered."""

liveness_sessions = Table(
    "liveness_sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("idp", String, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("challenge", String, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("consumed_at", UtcTime),
)
"""Liveness sessions; `nonce` is its HMAC."""

captures = Table(
    "captures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("seen_at", UtcTime, nullable=False, index=True),
    # NULL where looks are not compared; signed, as databases count.
    Column("looks", BigInteger),
    *(Column(f"band_{band}", Integer) for band in range(4)),
    *(Index(f"ix_captures_band_{band}", f"band_{band}") for band in range(4)),
)
"""Captures that were sent: HMAC of the bytes, and the keyed perceptual hash in four bands."""
