"""Tables of the compliance room: the audit chain, its payloads, its head, and the review queue."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text

from jobs.clock import UtcDateTime

metadata = MetaData()

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("event", String(40), nullable=False, index=True),
    Column("actor", String(120), nullable=False, index=True),
    Column("subject", String(64), nullable=False, default="", index=True),  # keyed hash of the client's id
    Column("body", Text, nullable=False),  # canonical JSON; holds hashes and verdicts, no client text
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_payload = Table(
    "audit_payload",
    metadata,
    Column("audit_id", String(40), ForeignKey("audit_log.id"), primary_key=True),
    Column("body", Text, nullable=False),  # canonical JSON of the texts; bound to the entry by a keyed hash
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1; its lock orders the writers
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

compliance_review = Table(
    "compliance_review",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("audit_id", String(40), ForeignKey("audit_log.id"), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("state", String(10), nullable=False, index=True),  # pending | approved | rejected
    Column("target", String(20), nullable=False),
    Column("client_id", String(120)),
    Column("text", Text, nullable=False),  # JSON string, so that any character can be kept
    Column("findings", Text, nullable=False),  # JSON list
    Column("errors", Text, nullable=False),  # JSON list: filters that failed
    Column("rule_pack", String(200), nullable=False),
    Column("decided_by", String(120)),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),
)
