"""The table of transactions; migration 0001 makes it."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, LargeBinary, String, Table

from fvs_server.database import UtcTime, metadata

__all__ = ["transactions"]

transactions = Table(
    "transactions",
    metadata,
    Column("transaction_id", String, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("idp", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("decision", String, nullable=False),
    # Codes and ids, separated by spaces, which neither holds.
    Column("reasons", String, nullable=False),
    Column("subject", LargeBinary, index=True),
    Column("on_behalf_of", LargeBinary),
    Column("purpose", String, nullable=False),
    Column("consent_reference", String, nullable=False),
    Column("assurance_level", String, nullable=False),
    Column("certificate_id", String, nullable=False),
    Column("model_ids", String, nullable=False),
    Column("target_fmr", Float),
    Column("score_band", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("similarity", Float),
    Column("live_probability", Float),
    Column("unified_quality", Float),
    Column("latency_ms", Float, nullable=False),
    Index("ix_transactions_idp_at", "idp", "at"),
)
