"""shares and agreements on investment advice"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "b8d3f06a9c21"
down_revision: str | None = "7c1f0b5d2a64"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "kb_shares",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("exchange", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", "exchange"),
    )
    op.create_table(
        "kb_agreements",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("client_id", sa.String(length=60), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["kb_clients.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("kb_agreements") as batch:
        batch.create_index(batch.f("ix_kb_agreements_client_id"), ["client_id"], unique=False)


def downgrade() -> None:
    op.drop_table("kb_agreements")
    op.drop_table("kb_shares")
