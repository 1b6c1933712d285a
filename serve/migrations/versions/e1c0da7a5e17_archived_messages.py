"""messages of the firm's archive, matched to what was cleared; texts to the clients of a segment"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "e1c0da7a5e17"
down_revision: str | None = "1dcc1341dea1"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "archived_messages",
        sa.Column("id", sa.String(length=160), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("cleared_id", sa.String(length=40), nullable=True),
        sa.Column("for_client", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("audit_id", sa.String(length=40), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("archived_messages", schema=None) as batch_op:
        batch_op.create_index("ix_archived_messages_day", ["day", "how", "client_id"], unique=False)

    op.create_table(
        "outreaches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("wording", sa.String(length=80), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "outreach_texts",
        sa.Column("outreach_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("audit_id", sa.String(length=40), nullable=True),
        sa.Column("review_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreaches.id"]),
        sa.PrimaryKeyConstraint("outreach_id", "client_id"),
    )


def downgrade() -> None:
    op.drop_table("outreach_texts")
    op.drop_table("outreaches")
    with op.batch_alter_table("archived_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_archived_messages_day")

    op.drop_table("archived_messages")
