"""inspection of calls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "caedebf1d261"
down_revision: str | None = "d7b2e489a4a9"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inspection", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_column("inspection")
