"""rows shown in a day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "3f9c71d0e8ba"
down_revision: str | None = "b8d3f06a9c21"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "rows_shown",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "day"),
    )


def downgrade() -> None:
    op.drop_table("rows_shown")
