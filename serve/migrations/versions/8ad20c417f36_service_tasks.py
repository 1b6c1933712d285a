"""service tasks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "8ad20c417f36"
down_revision: str | None = "3f9c71d0e8ba"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "service_tasks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("round", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.String(length=60), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("service_tasks", schema=None) as batch_op:
        batch_op.create_index("ix_service_tasks_client_id", ["client_id"], unique=False)
        batch_op.create_index("ix_service_tasks_state_due_at", ["state", "due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("service_tasks")
