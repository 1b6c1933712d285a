"""Tables of cases, tickets, incidents and what happened to them; the ledger of consents is the knowledge base's."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from intent.leads.tables import metadata as metadata
from jobs.clock import UtcDateTime

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # GZ-2026-000007
    Column("system", String(16), nullable=False),  # id in outages.yaml
    Column("state", String(8), nullable=False),  # open | closed | merged
    Column("merged_into", String(32)),
    Column("first_at", UtcDateTime, nullable=False),  # of the calls that tell of it
    Column("last_at", UtcDateTime, nullable=False),
    Column("tickets", Integer, nullable=False),
    Column("clients", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("closed_by", String(64)),
    Column("closed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_incidents_time", incidents.c.system, incidents.c.last_at)
Index("ix_incidents_open", incidents.c.state, incidents.c.last_at, incidents.c.id)

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),  # case | ticket | consent
    Column("number", String(20)),  # of a case: TS-2026-000123
    Column("call_id", String(120), ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", String(64), index=True),
    Column("advisor_id", String(64)),  # who spoke in the call
    Column("client_advisor_id", String(64)),  # who serves the client; neither of the two sees or handles a case
    Column("branch", String(64)),
    Column("intent", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # open | assigned | answered | closed; asked | applied
    Column("handler_id", String(64)),
    Column("evidence", JSON, nullable=False),
    Column("wishes", JSON, nullable=False),  # what else the client wanted in that call, without cases
    Column("purposes", JSON, nullable=False),  # of a consent: those that the words speak of
    Column("confidence", Float, nullable=False),
    Column("system", String(16)),  # of a fault: id in outages.yaml
    Column("heard_at", UtcDateTime, nullable=False),  # when it was said; a fault is placed by it
    Column("incident_id", String(32), ForeignKey("incidents.id", name="fk_follow_ups_incident"), index=True),
    Column("due_at", UtcDateTime, nullable=False),  # the next deadline
    Column("answer_due_at", UtcDateTime),  # of a case: the last one
    Column("look_at", UtcDateTime),  # when the watch over deadlines looks next; empty when nothing is due any more
    Column("escalation", Integer, nullable=False),  # of the deadline in due_at: 0 none, 1 nears, 2 passed
    Column("created_at", UtcDateTime, nullable=False),
    Column("contacted_at", UtcDateTime),
    Column("handled_at", UtcDateTime),
    Column("outcome", Text, nullable=False),
)
Index("uq_follow_ups_number", follow_ups.c.number, unique=True)
Index("ix_follow_ups_open", follow_ups.c.kind, follow_ups.c.state, follow_ups.c.due_at, follow_ups.c.id)
Index("ix_follow_ups_look", follow_ups.c.look_at)
Index("ix_follow_ups_system", follow_ups.c.system, follow_ups.c.heard_at)

follow_up_events = Table(
    "follow_up_events",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("follow_up_id", String(32), ForeignKey("follow_ups.id"), nullable=False, index=True),
    Column("event", String(16), nullable=False),  # opened | assigned | contacted | answered | closed | reopened | ...
    Column("state", String(16), nullable=False),  # after the event
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

registered_numbers = Table(
    "registered_numbers",
    metadata,
    Column("series", String(12), primary_key=True),  # TS-2026
    Column("last", Integer, nullable=False),
)
