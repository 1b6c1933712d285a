"""client insistence, inception dates, names on the restricted list"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "c9d740df575d"
down_revision: str | None = "7bea793e12ed"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "kb_import_runs",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "kb_client_insistence",
        sa.Column("client_id", sa.String(length=60), nullable=False),
        sa.Column("document_id", sa.String(length=120), nullable=False),
        sa.Column("product_code", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("client_level", sa.String(length=4), nullable=False),
        sa.Column("risk_level", sa.String(length=4), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["kb_clients.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("client_id", "document_id", "product_code"),
    )
    with op.batch_alter_table("kb_products", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inception", sa.Date(), nullable=True))

    with op.batch_alter_table("kb_restricted", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("kb_restricted", schema=None) as batch_op:
        batch_op.drop_column("name")

    with op.batch_alter_table("kb_products", schema=None) as batch_op:
        batch_op.drop_column("inception")

    op.drop_table("kb_client_insistence")
    op.drop_table("kb_import_runs")
