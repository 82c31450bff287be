"""Tables of rates, attempts, idempotency, sessions, captures."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BANDS = ("band_0", "band_1", "band_2", "band_3")


def upgrade() -> None:
    """Make them; moments are microseconds since 1970."""
    _make_rates_and_attempts()
    _make_idempotency_keys()
    _make_liveness_sessions()
    _make_captures()


def _make_rates_and_attempts() -> None:
    op.create_table(
        "rates",
        sa.Column("bucket", sa.String, primary_key=True),
        sa.Column("arrival_us", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "subject_attempts",
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("in_period", sa.Integer, nullable=False),
        sa.Column("period_started_at", sa.BigInteger),
        sa.Column("touched_at", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "attempts",
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("idp", sa.String, primary_key=True),
        sa.Column("in_a_row", sa.Integer, nullable=False),
        sa.Column("last_failed_at", sa.BigInteger),
        sa.Column("in_period", sa.Integer, nullable=False),
        sa.Column("period_started_at", sa.BigInteger),
        sa.Column("pending", sa.Integer, nullable=False),
        sa.Column("pending_at", sa.BigInteger),
        sa.Column("touched_at", sa.BigInteger, nullable=False, index=True),
    )


def _make_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("status", sa.Integer),
        sa.Column("sealed_body", sa.LargeBinary),
    )


def _make_liveness_sessions() -> None:
    op.create_table(
        "liveness_sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("idp", sa.String, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("challenge", sa.String, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("consumed_at", sa.BigInteger),
    )


def _make_captures() -> None:
    op.create_table(
        "captures",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("seen_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("looks", sa.BigInteger),
        *(sa.Column(band, sa.Integer) for band in _BANDS),
    )
    for band in _BANDS:
        op.create_index(f"ix_captures_{band}", "captures", [band])


def downgrade() -> None:
    """Drop them."""
    for table in (
        "captures",
        "liveness_sessions",
        "idempotency_keys",
        "attempts",
        "subject_attempts",
        "rates",
    ):
        op.drop_table(table)
