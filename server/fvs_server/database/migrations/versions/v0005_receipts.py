"""Tables of receipts' signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; moments are microseconds since 1970."""
    op.create_table(
        "signing_keys",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("signs_from", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("signing_keys")
