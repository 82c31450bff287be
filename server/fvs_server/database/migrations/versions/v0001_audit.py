"""Tables of transactions, audit log, statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; moments are microseconds since 1970."""
    _make_transactions()
    _make_audit_log()
    op.create_table(
        "statistics_hours",
        sa.Column("idp", sa.String, primary_key=True),
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("counts", sa.LargeBinary, nullable=False),
    )


def _make_transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("transaction_id", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("idp", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("reasons", sa.String, nullable=False),
        sa.Column("subject", sa.LargeBinary, index=True),
        sa.Column("on_behalf_of", sa.LargeBinary),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("consent_reference", sa.String, nullable=False),
        sa.Column("assurance_level", sa.String, nullable=False),
        sa.Column("certificate_id", sa.String, nullable=False),
        sa.Column("model_ids", sa.String, nullable=False),
        sa.Column("target_fmr", sa.Float),
        sa.Column("score_band", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("similarity", sa.Float),
        sa.Column("live_probability", sa.Float),
        sa.Column("unified_quality", sa.Float),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Index("ix_transactions_idp_at", "idp", "at"),
    )


def _make_audit_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("transaction_id", sa.String, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.LargeBinary),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("entry_hash", sa.LargeBinary, nullable=False),
    )
    kept = sa.text("event IS NOT NULL")
    op.create_index(
        "ix_audit_entries_kept_at",
        "audit_entries",
        ["at"],
        sqlite_where=kept,
        postgresql_where=kept,
    )
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("entries", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("signed", sa.String, nullable=False),
    )


def downgrade() -> None:
    """Drop them, and with them the only log there is."""
    for table in (
        "statistics_hours",
        "audit_checkpoints",
        "audit_nodes",
        "audit_entries",
        "transactions",
    ):
        op.drop_table(table)
