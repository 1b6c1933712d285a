"""Tables of the compliance room: the audit chain, its payloads, keys and head; the review queue, mistakes, counts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

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
    Column("subject", String(128), nullable=False, default="", index=True),  # keyed hash of the client's id
    Column("data", Text, nullable=False),  # canonical JSON; holds hashes and verdicts, no client text
    Column("payload", String(128)),  # keyed hash of the encrypted payload; NULL where there is none
    Column("prev", String(128), nullable=False),
    Column("hash", String(128), nullable=False),  # keyed, over `prev` and every column above
)

audit_payload = Table(
    "audit_payload",
    metadata,
    Column("seq", Integer, ForeignKey("audit_log.seq"), primary_key=True, autoincrement=False),
    Column("key_id", String(40), ForeignKey("audit_key.id")),  # NULL: plain JSON of a log begun before encryption
    Column("body", LargeBinary, nullable=False),  # nonce, ciphertext and tag of canonical JSON, bound to the entry's id
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1; its lock orders the writers
    Column("seq", Integer, nullable=False),
    Column("hash", String(128), nullable=False),
    Column("suite", String(60), nullable=False),  # of the whole chain
)

audit_key = Table(
    "audit_key",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(128), nullable=False),  # keyed hash of the client's id, or "house"
    Column("state", String(10), nullable=False),  # active | sealed | destroyed
    Column("wrapped", LargeBinary),  # the data key under the master key; NULL once destroyed
    Column("created_at", UtcDateTime, nullable=False),
    Column("sealed_by", String(120)),
    Column("sealed_at", UtcDateTime),
    Column("retain_until", UtcDateTime),  # as it stood when sealed; later entries move it on
    Column("hold_by", String(120)),  # of a legal hold; its reason stands in the chain
    Column("hold_at", UtcDateTime),
    Column("destroy_by", String(120)),  # the first of two persons
    Column("destroy_at", UtcDateTime),
    Column("destroyed_by", String(120)),  # the second
    Column("destroyed_at", UtcDateTime),
)
_LIVING = audit_key.c.state != "destroyed"
Index("ix_audit_key_living", audit_key.c.owner, unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING)

# No client's words: those are in the payload of the entry `audit_id`, so that sealing and erasure reach them.
compliance_review = Table(
    "compliance_review",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("audit_id", String(40), ForeignKey("audit_log.id"), nullable=False, unique=True),  # of the verdict
    Column("kind", String(12), nullable=False),  # doubt | escalation | sample
    Column("state", String(10), nullable=False),  # see compliance_filters.review.item.State
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(120), nullable=False),  # who asked for the text
    Column("written_by", String(120), nullable=False),  # a model, extractive, template, or a user
    Column("target", String(20), nullable=False),
    Column("client_id", String(120)),
    Column("outcome", String(8), nullable=False),
    Column("rules", Text, nullable=False),  # JSON list of rule ids
    Column("errors", Text, nullable=False),  # JSON list: filters that failed
    Column("rule_pack", String(200), nullable=False),
    Column("grave", Boolean, nullable=False),  # next to a block: a rule that blocks, or a severity of high
    Column("confidential", Boolean, nullable=False),  # for the eyes of compliance alone
    Column("due_at", UtcDateTime, nullable=False),
    Column("escalated_at", UtcDateTime),  # when it was told that the deadline had passed
    Column("first_by", String(120)),  # of two persons, while the second is waited for
    Column("edit_id", String(40), ForeignKey("audit_log.id")),  # verdict on the officer's text, where it was edited
    Column("decided_by", String(120)),
    Column("decided_at", UtcDateTime),
    Column("decision_id", String(40), ForeignKey("audit_log.id")),
    Column("reason", Text),
)
Index("ix_compliance_review_queue", compliance_review.c.kind, compliance_review.c.state, compliance_review.c.due_at,
      compliance_review.c.id)  # fmt: skip
Index("ix_compliance_review_mine", compliance_review.c.created_by, compliance_review.c.created_at)

compliance_review_event = Table(
    "compliance_review_event",
    metadata,
    Column("audit_id", String(40), ForeignKey("audit_log.id"), primary_key=True),
    Column("review_id", String(40), ForeignKey("compliance_review.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(120), nullable=False),
    Column("act", String(12), nullable=False),  # seconded | approved | rejected | overdue | expired | fine | ...
    Column("reason", Text, nullable=False),
)

compliance_mistake = Table(
    "compliance_mistake",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("state", String(10), nullable=False, index=True),  # proposed | approved | rejected
    Column("kind", String(12), nullable=False),  # false_alarm | missed
    Column("rule", String(80), nullable=False),
    Column("audit_id", String(40), ForeignKey("audit_log.id"), nullable=False),  # verdict that was wrong
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("target", String(20), nullable=False),
    Column("text", Text, nullable=False),  # JSON string; identifiers and names are masked
    Column("quote", Text, nullable=False),  # JSON string; of the masked text
    Column("findings", Text, nullable=False),  # JSON list of {rule, quote}: what is right
    Column("verdict", String(8), nullable=False),  # what is right
    Column("meta", Text, nullable=False),  # JSON: the context, without the client's id and names
    Column("note", Text, nullable=False),
    Column("decided_by", String(120)),
    Column("decided_at", UtcDateTime),
)

compliance_tally = Table(
    "compliance_tally",
    metadata,
    Column("week", String(10), primary_key=True),  # its Monday in China
    Column("actor", String(120), primary_key=True),
    Column("branch", String(64), primary_key=True),  # empty where none is known
    Column("target", String(20), primary_key=True),
    Column("rule", String(80), primary_key=True),  # empty: the texts themselves
    Column("outcome", String(10), primary_key=True),
    Column("count", Integer, nullable=False),
)

compliance_tally_head = Table(
    "compliance_tally_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("seq", Integer, nullable=False),  # of the last entry of the audit log that was counted
)
