"""Tables of import jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; moments are microseconds since 1970."""
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("idp", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("holder", sa.LargeBinary),
        sa.Column("lease_until", sa.BigInteger),
    )
    op.create_index("ix_import_jobs_state", "import_jobs", ["state", "created_at"])
    op.create_table(
        "import_rows",
        sa.Column("job_id", sa.String, primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("subject", sa.LargeBinary, index=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("outcome", sa.String),
        sa.Column("code", sa.String),
    )
    op.create_index("ix_import_rows_outcome", "import_rows", ["job_id", "outcome", "row"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("import_rows")
    op.drop_table("import_jobs")
