"""Indexes of the weekly report"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "f148254cc5da"
down_revision: str | None = "869051cb87a7"
branch_labels: None = None
depends_on: None = None

DECIDED = sa.text("state IN ('won', 'lost', 'wrong')")


def upgrade() -> None:
    op.create_index(
        "ix_leads_decided", "leads", ["updated_at"], unique=False, sqlite_where=DECIDED, postgresql_where=DECIDED
    )
    op.create_index("ix_leads_first_seen", "leads", ["first_seen_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_leads_first_seen", table_name="leads")
    op.drop_index("ix_leads_decided", table_name="leads")
