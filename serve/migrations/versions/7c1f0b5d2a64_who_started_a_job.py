"""who started a job"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "7c1f0b5d2a64"
down_revision: str | None = "e1c0da7a5e17"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_by", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("started_by")
