"""review queue: kinds, deadlines, two officers; mistakes, counts and spoken findings

The texts of the queue leave its table: they lie in the audit log's payloads, where sealing and erasure reach them.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "7bea793e12ed"
down_revision: str | None = "f6ec83e2e37d"
branch_labels: None = None
depends_on: None = None

REQUIRED = 7
CONFIDENTIAL = frozenset(
    {"promise.loss_share", "insider.information", "conduct.proxy_trading", "conduct.offsite_leverage"}
)


def upgrade() -> None:
    op.create_table(
        "compliance_tally",
        sa.Column("week", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("branch", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week", "actor", "branch", "target", "rule", "outcome"),
    )
    op.create_table(
        "compliance_tally_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "compliance_mistake",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("audit_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["audit_id"],
            ["audit_log.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("compliance_mistake", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_mistake_state"), ["state"], unique=False)

    op.create_table(
        "compliance_review_event",
        sa.Column("audit_id", sa.String(length=40), nullable=False),
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"],
            ["audit_log.id"],
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["compliance_review.id"],
        ),
        sa.PrimaryKeyConstraint("audit_id"),
    )
    with op.batch_alter_table("compliance_review_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_review_event_review_id"), ["review_id"], unique=False)

    op.create_table(
        "spoken_findings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("advisor_id", sa.String(length=64), nullable=True),
        sa.Column("branch", sa.String(length=64), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("disposition", sa.String(length=12), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("lead_fate", sa.String(length=8), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("disposed_by", sa.String(length=64), nullable=True),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("spoken_findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spoken_findings_call_id"), ["call_id"], unique=False)
        batch_op.create_index("ix_spoken_findings_open", ["state", "created_at", "id"], unique=False)

    _alter_reviews()
    _fill_spoken(op.get_bind())


def downgrade() -> None:
    raise RuntimeError("Texts of the review queue lie in the audit log now: restore a backup made before the upgrade.")


def _alter_reviews() -> None:
    columns = _new_columns()
    with op.batch_alter_table("compliance_review", schema=None) as batch_op:
        for column in columns:
            batch_op.add_column(column)
    _fill_reviews(op.get_bind())
    with op.batch_alter_table("compliance_review", schema=None) as batch_op:
        for column in columns[:REQUIRED]:
            batch_op.alter_column(column.name, existing_type=column.type, nullable=False)
        batch_op.drop_index(batch_op.f("ix_compliance_review_state"))
        batch_op.create_index("ix_compliance_review_mine", ["created_by", "created_at"], unique=False)
        batch_op.create_index("ix_compliance_review_queue", ["kind", "state", "due_at", "id"], unique=False)
        batch_op.create_foreign_key("fk_compliance_review_edit", "audit_log", ["edit_id"], ["id"])
        batch_op.create_foreign_key("fk_compliance_review_decision", "audit_log", ["decision_id"], ["id"])
        batch_op.drop_column("text")
        batch_op.drop_column("findings")


def _new_columns() -> list[sa.Column[Any]]:
    """The first ones are required, once they are filled."""
    return [
        sa.Column("kind", sa.String(length=12), nullable=True),
        sa.Column("written_by", sa.String(length=120), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("rules", sa.Text(), nullable=True),
        sa.Column("grave", sa.Boolean(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_by", sa.String(length=120), nullable=True),
        sa.Column("edit_id", sa.String(length=40), nullable=True),
        sa.Column("decision_id", sa.String(length=40), nullable=True),
    ]


def _fill_reviews(connection: sa.Connection) -> None:
    """Old items: the context in which a waiting one could be judged again was not kept, so that it expires."""
    verdicts = sa.text(
        "SELECT r.id, r.state, r.created_at, r.findings, l.data FROM compliance_review r "
        "JOIN audit_log l ON l.id = r.audit_id"
    ).columns(created_at=sa.DateTime(timezone=True))
    approved = sa.text("SELECT id, data FROM audit_log WHERE event IN ('review.approved', 'review.rejected')")
    decisions = {json.loads(row.data)["review"]: row.id for row in connection.execute(approved)}
    fill = sa.text(
        "UPDATE compliance_review SET kind = 'doubt', state = :state, written_by = :by, outcome = 'review', "
        "rules = :rules, grave = :grave, confidential = :confidential, due_at = :due_at, decision_id = :decision "
        "WHERE id = :id"
    ).bindparams(sa.bindparam("due_at", type_=sa.DateTime(timezone=True)))
    for row in connection.execute(verdicts).all():
        found = json.loads(row.findings)
        rules = sorted({finding["rule"] for finding in found})
        values = {
            "id": row.id, "state": "expired" if row.state == "pending" else row.state,
            "by": str(json.loads(row.data).get("by", ""))[:120], "rules": json.dumps(rules),
            "grave": any(finding.get("severity") == "high" for finding in found),
            "confidential": not CONFIDENTIAL.isdisjoint(rules), "due_at": row.created_at + timedelta(hours=24),
            "decision": decisions.get(row.id),
        }  # fmt: skip
        connection.execute(fill, values)


def _fill_spoken(connection: sa.Connection) -> None:
    """Findings of calls that were read before wait for an officer too; where they are heard was not kept."""
    columns = ("id", "call_id", "client_id", "advisor_id", "branch", "turn", "start_s", "rule", "quote", "severity",
               "disposition", "confidential", "state", "note", "created_at")  # fmt: skip
    moment = sa.DateTime(timezone=True)
    into = sa.table("spoken_findings", *(sa.column(n, moment if n == "created_at" else None) for n in columns))
    query = sa.text("SELECT id, client_id, advisor_id, branch, findings, recorded_at FROM calls").columns(
        recorded_at=moment, findings=sa.JSON()
    )
    for call in connection.execute(query).all():
        rows = [
            {
                "id": secrets.token_hex(16), "call_id": call.id, "client_id": call.client_id,
                "advisor_id": call.advisor_id, "branch": call.branch, "turn": finding["turn"], "start_s": 0.0,
                "rule": finding["rule"], "quote": finding["quote"], "severity": "medium",
                "disposition": finding["disposition"], "confidential": finding["rule"] in CONFIDENTIAL,
                "state": "open", "note": "", "created_at": call.recorded_at,
            }
            for finding in call.findings
        ]  # fmt: skip
        if rows:
            connection.execute(sa.insert(into), rows)
