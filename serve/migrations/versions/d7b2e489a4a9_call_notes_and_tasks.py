"""call notes and tasks; calls recorded before get their note as a draft without structure"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "d7b2e489a4a9"
down_revision: str | None = "c9d740df575d"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_table(
        "call_notes",
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("advisor_id", sa.String(length=64), nullable=True),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
        ),
        sa.PrimaryKeyConstraint("call_id"),
    )
    with op.batch_alter_table("call_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_notes_client_id"), ["client_id"], unique=False)

    op.create_table(
        "call_tasks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("advisor_id", sa.String(length=64), nullable=True),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_precision", sa.String(length=8), nullable=True),
        sa.Column("due_said", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("call_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_tasks_call_id"), ["call_id"], unique=False)
        batch_op.create_index("ix_call_tasks_open", ["state", "advisor_id", "due_at", "id"], unique=False)

    op.create_table(
        "call_note_texts",
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call_notes.call_id"],
        ),
        sa.PrimaryKeyConstraint("call_id", "version"),
    )
    _draft_earlier_notes()


def downgrade() -> None:
    op.drop_table("call_note_texts")
    with op.batch_alter_table("call_tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_call_tasks_open")
        batch_op.drop_index(batch_op.f("ix_call_tasks_call_id"))

    op.drop_table("call_tasks")
    with op.batch_alter_table("call_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_notes_client_id"))

    op.drop_table("call_notes")


def _draft_earlier_notes() -> None:
    empty = '{"purpose": [], "facts": [], "promised": [], "client_promised": [], "next_steps": [], "by": "extractive"}'
    columns = "call_id, client_id, advisor_id, branch, state, version, content, created_at"
    notes = f"INSERT INTO call_notes ({columns}) SELECT id, client_id, advisor_id, branch, 'draft', 1, "
    # on SQLite a cast to JSON would make a number of the text
    content = "CAST(:empty AS JSON)" if op.get_bind().dialect.name == "postgresql" else ":empty"
    op.get_bind().execute(sa.text(f"{notes}{content}, recorded_at FROM calls"), {"empty": empty})
    op.execute(
        'INSERT INTO call_note_texts (call_id, version, text, "by", at) '
        "SELECT id, 1, note, 'extractive', recorded_at FROM calls"
    )
