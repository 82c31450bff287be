"""Tables of callers' keys."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from fvs_server.database import UtcTime, metadata

__all__ = ["api_keys", "request_nonces"]

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("idp", Text, nullable=False, index=True),
    Column("label", Text, nullable=False),
    # Words of Scope, in order, with spaces between.
    Column("scopes", Text, nullable=False),
    # HMAC-SHA-256 under a key that is not in this database; the secret itself is nowhere.
    Column("secret_mac", LargeBinary(32), nullable=False),
    # Ed25519 public key, of callers who sign each request (RFC 9421).
    Column("signing_key", LargeBinary(32)),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    # Coarse: written at most once an hour.
    Column("last_used_at", UtcTime),
    Column("replaced_by", String(16)),
)

request_nonces = Table(
    "request_nonces",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("nonce", String(128), primary_key=True),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_request_nonces_expires_at", "expires_at"),
)
