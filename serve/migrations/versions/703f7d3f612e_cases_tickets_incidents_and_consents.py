"""cases tickets incidents and consents

What was open stays open; cases that are there get their numbers in the order in which they were registered.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision: str = "703f7d3f612e"
down_revision: str | None = "1fa17de4c8ba"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "kb_consents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("client_id", "purpose", "version", name="uq_kb_consents_version"),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("merged_into", sa.String(length=32), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("clients", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index("ix_incidents_open", ["state", "last_at", "id"], unique=False)
        batch_op.create_index("ix_incidents_time", ["system", "last_at"], unique=False)

    op.create_table(
        "registered_numbers",
        sa.Column("series", sa.String(length=12), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series"),
    )
    op.create_table(
        "follow_up_events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("follow_up_id", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_ups.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("follow_up_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_events_follow_up_id"), ["follow_up_id"], unique=False)

    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("client_advisor_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("wishes", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("purposes", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("system", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("incident_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("escalation", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f("ix_follow_ups_open"))
        batch_op.create_index("ix_follow_ups_open", ["kind", "state", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_ups_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index("ix_follow_ups_look", ["look_at"], unique=False)
        batch_op.create_index("ix_follow_ups_system", ["system", "heard_at"], unique=False)
        batch_op.create_index("uq_follow_ups_number", ["number"], unique=True)
        batch_op.create_foreign_key("fk_follow_ups_incident", "incidents", ["incident_id"], ["id"])

    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.create_index("ix_leads_board", ["advisor_id", "state", "due_at", "id"], unique=False)
        batch_op.create_index(
            "ix_leads_outcomes",
            ["advisor_id", "disposition", "updated_at", "id"],
            unique=False,
            sqlite_where=sa.text("disposition IS NOT NULL"),
            postgresql_where=sa.text("disposition IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_leads_nobodys",
            ["branch", "state", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("advisor_id IS NULL"),
            postgresql_where=sa.text("advisor_id IS NULL"),
        )

    fill(op.get_bind())
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        for name, kind in (
            ("wishes", sa.JSON()),
            ("purposes", sa.JSON()),
            ("heard_at", sa.DateTime(timezone=True)),
            ("escalation", sa.Integer()),
        ):
            batch_op.alter_column(name, existing_type=kind, nullable=False)


def fill(connection: sa.Connection) -> None:
    """States, numbers, clocks and a first event for what is there."""
    connection.execute(
        sa.text(
            "UPDATE follow_ups SET wishes = '[]', purposes = '[]', escalation = 0, "
            "heard_at = (SELECT ended_at FROM calls WHERE calls.id = follow_ups.call_id), "
            "client_advisor_id = (SELECT advisor_id FROM kb_clients WHERE kb_clients.id = follow_ups.client_id), "
            "look_at = CASE WHEN state = 'open' THEN due_at END, "
            "state = CASE WHEN state = 'handled' THEN 'closed' WHEN kind = 'consent' THEN 'asked' ELSE state END"
        )
    )
    taken: Counter[str] = Counter()
    cases = connection.execute(
        sa.text("SELECT id, intent, created_at FROM follow_ups WHERE kind = 'case' ORDER BY created_at, id")
    ).all()
    for case in cases:
        prefix = {"complaint": "TS", "fraud.report": "JB"}.get(case.intent, "AJ")
        series = f"{prefix}-{moment(case.created_at).astimezone(ZoneInfo('Asia/Shanghai')):%Y}"
        taken[series] += 1
        connection.execute(
            sa.text("UPDATE follow_ups SET number = :number WHERE id = :id"),
            {"number": f"{series}-{taken[series]:06d}", "id": case.id},
        )
    for series, last in taken.items():
        connection.execute(
            sa.text("INSERT INTO registered_numbers (series, last) VALUES (:series, :last)"),
            {"series": series, "last": last},
        )
    connection.execute(
        sa.text(
            'INSERT INTO follow_up_events (id, follow_up_id, event, state, "by", why, at) '
            "SELECT id, id, 'opened', state, 'system', 'before there was a history', created_at FROM follow_ups"
        )
    )


def moment(stored: datetime | str) -> datetime:
    """SQLite gives text without a zone, which is UTC."""
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def downgrade() -> None:
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_leads_nobodys",
            sqlite_where=sa.text("advisor_id IS NULL"),
            postgresql_where=sa.text("advisor_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_leads_outcomes",
            sqlite_where=sa.text("disposition IS NOT NULL"),
            postgresql_where=sa.text("disposition IS NOT NULL"),
        )
        batch_op.drop_index("ix_leads_board")

    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.drop_constraint("fk_follow_ups_incident", type_="foreignkey")
        batch_op.drop_index("uq_follow_ups_number")
        batch_op.drop_index("ix_follow_ups_system")
        batch_op.drop_index("ix_follow_ups_look")
        batch_op.drop_index(batch_op.f("ix_follow_ups_incident_id"))
        batch_op.drop_index("ix_follow_ups_open")
        batch_op.create_index(batch_op.f("ix_follow_ups_open"), ["kind", "state", "due_at"], unique=False)
        batch_op.drop_column("contacted_at")
        batch_op.drop_column("escalation")
        batch_op.drop_column("look_at")
        batch_op.drop_column("answer_due_at")
        batch_op.drop_column("incident_id")
        batch_op.drop_column("heard_at")
        batch_op.drop_column("system")
        batch_op.drop_column("purposes")
        batch_op.drop_column("wishes")
        batch_op.drop_column("client_advisor_id")
        batch_op.drop_column("number")

    with op.batch_alter_table("follow_up_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_up_events_follow_up_id"))

    op.drop_table("follow_up_events")
    op.drop_table("registered_numbers")
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index("ix_incidents_time")
        batch_op.drop_index("ix_incidents_open")

    op.drop_table("incidents")
    op.drop_table("kb_consents")
