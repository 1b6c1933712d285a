"""lead queue at size: clients as mutex and counter, partial indexes, escalation, tiers, receivers that are gone"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "1fa17de4c8ba"
down_revision: str | None = "708d14051ea0"
branch_labels: None = None
depends_on: None = None

OFFERED = "state IN ('new', 'offered')"
UNSPOKEN = "state IN ('new', 'offered', 'claimed')"
SCORE: Any = sa.literal_column("score DESC")
PARTIAL: tuple[tuple[str, list[Any], str], ...] = (
    ("ix_leads_offered", [SCORE, "id"], OFFERED),
    ("ix_leads_offered_advisor", ["advisor_id", SCORE, "id"], OFFERED),
    ("ix_leads_offered_branch", ["branch", SCORE, "id"], OFFERED),
    ("ix_leads_unassigned", ["id"], f"{OFFERED} AND advisor_id IS NULL"),
    ("ix_leads_leased", ["lease_until"], "state = 'claimed'"),
    ("ix_leads_clock", ["due_at", "id"], f"{UNSPOKEN} AND escalated_at IS NULL"),
    ("ix_leads_escalated", ["due_at", "id"], f"escalated_at IS NOT NULL AND {UNSPOKEN}"),
    ("ix_leads_escalated_branch", ["branch", "due_at"], f"escalated_at IS NOT NULL AND {UNSPOKEN}"),
)
MONEY = sa.Numeric(precision=38, scale=12).with_variant(sa.String(length=60), "sqlite")
# The counter goes on where the largest number of the client's leads and notes stands.
COUNTERS = """
INSERT INTO lead_clients (client_id, sequence)
SELECT client_id, max(sequence) FROM (
    SELECT client_id, sequence FROM leads
    UNION ALL
    SELECT client_id, sequence FROM call_notes WHERE client_id IS NOT NULL AND sequence IS NOT NULL
) numbered GROUP BY client_id
"""


def upgrade() -> None:
    op.create_table(
        "lead_clients",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("topic"),
    )
    with op.batch_alter_table("kb_advisors", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lines", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("capacity", sa.Integer(), nullable=True))

    with op.batch_alter_table("kb_clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("born_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("revenue_cny", MONEY, nullable=True))

    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tier", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_leads_living")
        batch_op.drop_index("ix_leads_queue")
        batch_op.create_index("ix_leads_client", ["client_id", "id"], unique=False)
        batch_op.create_index("ix_leads_advisor", ["advisor_id", "id"], unique=False)

    for name, columns, where in PARTIAL:
        condition = sa.text(where)
        op.create_index(name, "leads", columns, sqlite_where=condition, postgresql_where=condition)
    dead = sa.text("dead_at IS NOT NULL")
    op.create_index("ix_outbox_dead", "outbox", ["topic", "sequence"], sqlite_where=dead, postgresql_where=dead)
    op.execute(COUNTERS)


def downgrade() -> None:
    op.drop_index("ix_outbox_dead", table_name="outbox")
    for name, _, _ in reversed(PARTIAL):
        op.drop_index(name, table_name="leads")
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index("ix_leads_advisor")
        batch_op.drop_index("ix_leads_client")
        batch_op.create_index("ix_leads_queue", ["state", "advisor_id", SCORE, "id"], unique=False)
        batch_op.create_index("ix_leads_living", ["client_id", "intent", "product", "last_seen_at"], unique=False)
        batch_op.drop_column("escalated_at")
        batch_op.drop_column("tier")

    with op.batch_alter_table("kb_clients", schema=None) as batch_op:
        batch_op.drop_column("revenue_cny")
        batch_op.drop_column("born_on")
        batch_op.drop_column("kind")

    with op.batch_alter_table("kb_advisors", schema=None) as batch_op:
        batch_op.drop_column("capacity")
        batch_op.drop_column("lines")

    op.drop_table("webhook_endpoints")
    op.drop_table("lead_clients")
