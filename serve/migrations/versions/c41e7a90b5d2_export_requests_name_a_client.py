"""export requests name a client"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "c41e7a90b5d2"
down_revision: str | None = "8ad20c417f36"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    with op.batch_alter_table("export_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("export_requests", schema=None) as batch_op:
        batch_op.drop_column("about")
