"""edition that read facts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "5e21d90c7b34"
down_revision: str | None = "c41e7a90b5d2"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    with op.batch_alter_table("kb_versions") as batch:
        batch.add_column(sa.Column("facts_read", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("kb_versions") as batch:
        batch.drop_column("facts_read")
