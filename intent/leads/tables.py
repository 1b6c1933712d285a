"""Tables of what calls lead to: calls, leads with their events, and spoken findings.

The row of a client in `lead_clients` is the mutex of all that changes that client's leads: who writes takes it first
and numbers the change by it; a claim skips the clients that somebody else has in hand. So changes of one client
commit in the order of their `sequence`, and no two transactions wait for each other in a circle.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from jobs.clock import UtcDateTime
from knowledge_base.tables import ExactDecimal

metadata = MetaData()

calls = Table(
    "calls",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("client_id", String(64), index=True),
    Column("advisor_id", String(64), index=True),
    Column("branch", String(64)),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime, nullable=False),  # the clocks of leads, cases and tickets start here
    Column("duration_s", Float, nullable=False),
    Column("recording_path", Text),
    Column("note", Text, nullable=False),
    Column("findings", JSON, nullable=False),  # the advisor's violations: turn, rule, quote, disposition
    Column("warnings", JSON, nullable=False),
    Column("inspection", JSON),  # measures, checklist, score, segments; without what is for compliance alone
    Column("model_version", String(80), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

leads = Table(
    "leads",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("advisor_id", String(64)),
    Column("branch", String(64)),
    Column("intent", String(64), nullable=False),
    Column("product", String(120), nullable=False),  # as spoken; empty where none was named
    Column("line", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("tier", String(16)),  # of the client when the lead was made; see data/tiers.yaml
    Column("confidence", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("amount_cny", ExactDecimal),
    Column("urgency", String(8), nullable=False),
    Column("evidence", JSON, nullable=False),  # call, turn, quote, start_s, end_s
    Column("held_because", Text),
    Column("sequence", Integer, nullable=False),  # grows with every change of any lead of the client
    Column("owner", String(64)),  # who has claimed it
    Column("lease_until", UtcDateTime),
    Column("disposition", String(16)),
    Column("reason", Text),
    Column("due_at", UtcDateTime, nullable=False),
    Column("escalated_at", UtcDateTime),  # the clock ran out before anybody spoke with the client
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
# Conditions stand as constants, never as parameters: only so does a prepared plan use the partial indexes.
OFFERED = text("leads.state IN ('new', 'offered')")
ALIVE = text("leads.state IN ('new', 'offered', 'claimed', 'contacted', 'held')")  # new evidence merges into it
UNSPOKEN = text("leads.state IN ('new', 'offered', 'claimed')")  # nobody has spoken with the client yet
CLOCK_RUNS = text("leads.state IN ('new', 'offered', 'claimed') AND leads.escalated_at IS NULL")
UNASSIGNED = text("leads.state IN ('new', 'offered') AND leads.advisor_id IS NULL")
IN_HAND = text("leads.state IN ('claimed', 'contacted')")
LEASED = text("leads.state = 'claimed'")
ESCALATED = text("leads.escalated_at IS NOT NULL AND leads.state IN ('new', 'offered', 'claimed')")


def _partial(name: str, *columns: Any, where: Any) -> None:
    """An index over a few of the rows; its condition is written without the table's name, as both databases keep it."""
    plain = text(where.text.replace("leads.", ""))
    Index(name, *columns, sqlite_where=plain, postgresql_where=plain)


DECIDED = text("leads.state IN ('won', 'lost', 'wrong')")
# The weekly report. Rows lie in the order in which they were written, so that PostgreSQL need only keep the range of
# each block: a few pages, and nothing to do when a lead is changed.
Index("ix_leads_first_seen", leads.c.first_seen_at, postgresql_using="brin")
_partial("ix_leads_decided", leads.c.updated_at, where=DECIDED)  # the weekly report
Index("ix_leads_client", leads.c.client_id, leads.c.id)
Index("ix_leads_advisor", leads.c.advisor_id, leads.c.id)
_partial("ix_leads_offered", leads.c.score.desc(), leads.c.id, where=OFFERED)
_partial("ix_leads_offered_advisor", leads.c.advisor_id, leads.c.score.desc(), leads.c.id, where=OFFERED)
_partial("ix_leads_offered_branch", leads.c.branch, leads.c.score.desc(), leads.c.id, where=OFFERED)
_partial("ix_leads_unassigned", leads.c.id, where=UNASSIGNED)
_partial("ix_leads_leased", leads.c.lease_until, where=LEASED)
_partial("ix_leads_clock", leads.c.due_at, where=CLOCK_RUNS)
_partial("ix_leads_escalated", leads.c.due_at, leads.c.id, where=ESCALATED)
_partial("ix_leads_escalated_branch", leads.c.branch, leads.c.due_at, where=ESCALATED)

lead_clients = Table(
    "lead_clients",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("sequence", Integer, nullable=False),  # of the client's last event
    postgresql_with={"fillfactor": 70},  # room for the row's next version beside it
)

lead_events = Table(
    "lead_events",
    metadata,
    Column("id", String(32), primary_key=True),
    # No reference that the database checks: leads are never removed, and it costs a third of writing an event.
    Column("lead_id", String(32), nullable=False, index=True),
    Column("event", String(32), nullable=False),  # created | merged | claimed | acked | nacked | lease_ended | ...
    Column("state", String(16), nullable=False),  # after the event
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

spoken_findings = Table(
    "spoken_findings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("call_id", String(120), ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", String(64)),
    Column("advisor_id", String(64)),
    Column("branch", String(64)),
    Column("turn", Integer, nullable=False),
    Column("start_s", Float, nullable=False),  # where the turn is heard in the recording
    Column("rule", String(80), nullable=False),
    Column("quote", Text, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("disposition", String(12), nullable=False),  # what the rule asks for: register | call_back | train
    Column("confidential", Boolean, nullable=False),
    Column("state", String(12), nullable=False),  # open | registered | called_back | trained | dismissed
    Column("lead_fate", String(8)),  # release | close: of the leads that the words held
    Column("note", Text, nullable=False),
    Column("disposed_by", String(64)),
    Column("disposed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_spoken_findings_open", spoken_findings.c.state, spoken_findings.c.created_at, spoken_findings.c.id)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("topic", String(64), primary_key=True),  # of the outbox
    Column("url", Text, nullable=False),  # the receiver that said 410; another one is not disabled
    Column("disabled_at", UtcDateTime, nullable=False),
    Column("why", Text, nullable=False),
)
