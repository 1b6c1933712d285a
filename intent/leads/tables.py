"""Tables of what calls lead to: leads with their events, spoken findings, cases, tickets and consent changes."""

from __future__ import annotations

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
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
Index("ix_leads_living", leads.c.client_id, leads.c.intent, leads.c.product, leads.c.last_seen_at)
Index("ix_leads_queue", leads.c.state, leads.c.advisor_id, leads.c.score.desc(), leads.c.id)

lead_events = Table(
    "lead_events",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("lead_id", String(32), ForeignKey("leads.id"), nullable=False, index=True),
    Column("event", String(32), nullable=False),  # created | merged | claimed | acked | nacked | ...
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

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),  # case | ticket | consent
    Column("call_id", String(120), ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", String(64), index=True),
    Column("advisor_id", String(64)),  # the advisor concerned: never sees or handles a case
    Column("branch", String(64)),
    Column("intent", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # open | handled
    Column("handler_id", String(64)),
    Column("evidence", JSON, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("handled_at", UtcDateTime),
    Column("outcome", Text, nullable=False),
)
Index("ix_follow_ups_open", follow_ups.c.kind, follow_ups.c.state, follow_ups.c.due_at)
