"""lean leads: the week's index as ranges of blocks, a narrower clock, events without a checked reference"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "a41c7e90d25b"
down_revision: str | None = "f148254cc5da"
branch_labels: None = None
depends_on: None = None

CLOCK = sa.text("state IN ('new', 'offered', 'claimed') AND escalated_at IS NULL")
NAMES = {"fk": "%(table_name)s_%(column_0_name)s_fkey"}  # as PostgreSQL names it; SQLite gave it none


def upgrade() -> None:
    with op.batch_alter_table("lead_events", naming_convention=NAMES) as events:
        events.drop_constraint("lead_events_lead_id_fkey", type_="foreignkey")
    op.drop_index("ix_leads_first_seen", table_name="leads")
    op.create_index("ix_leads_first_seen", "leads", ["first_seen_at"], postgresql_using="brin")
    op.drop_index("ix_leads_clock", table_name="leads")
    op.create_index("ix_leads_clock", "leads", ["due_at"], sqlite_where=CLOCK, postgresql_where=CLOCK)


def downgrade() -> None:
    op.drop_index("ix_leads_clock", table_name="leads")
    op.create_index("ix_leads_clock", "leads", ["due_at", "id"], sqlite_where=CLOCK, postgresql_where=CLOCK)
    op.drop_index("ix_leads_first_seen", table_name="leads")
    op.create_index("ix_leads_first_seen", "leads", ["first_seen_at"])
    with op.batch_alter_table("lead_events", naming_convention=NAMES) as events:
        events.create_foreign_key("lead_events_lead_id_fkey", "leads", ["lead_id"], ["id"])
