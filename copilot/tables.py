"""Tables of the copilot: what was delivered to whom, the texts of reports, links to them, and what came back.

Rows hold no words of clients and no text of a report: those are in payloads of audit entries, under the client's
key, so that sealing and erasure reach them. Only `deliveries` keeps the very text that was sent.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from jobs.clock import UtcDateTime

metadata = MetaData()

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("target", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("audit_id", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_client_id_created_at", "client_id", "created_at"),
)

report_versions = Table(
    "report_versions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("report_id", String(40), nullable=False),  # of the job that made it
    Column("version", Integer, nullable=False),  # 1 is the text as it was computed
    Column("client_id", String(64)),  # NULL: a report on a fund
    Column("by", String(120), nullable=False),  # who ordered version 1, who wrote the others
    Column("outcome", String(8), nullable=False),  # of the gate
    Column("audit_id", String(40)),  # of the verdict; NULL where the log could not be written
    Column("review_id", String(40)),  # of the item that waited for an officer
    Column("model_id", String(40), nullable=False),  # audit entry whose payload holds the report
    Column("sha256", String(64)),  # of the cleared text; NULL: nobody cleared it
    Column("findings", Integer, nullable=False),  # observations in it, count
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("report_id", "version"),
)

report_links = Table(
    "report_links",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),  # keyed hash; the token itself is kept nowhere
    Column("version_id", String(40), ForeignKey("report_versions.id"), nullable=False),
    Column("delivery_id", String(40), ForeignKey("deliveries.id"), nullable=False),
    Column("client_id", String(64), nullable=False, index=True),
    Column("sent_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", String(64)),
    Column("consent", String(4)),  # yes | no; NULL: the client has not said
    Column("consent_at", UtcDateTime),
    Column("codes", Integer, nullable=False),  # asked for so far; the code is derived from it and kept nowhere
    Column("codes_today", Integer, nullable=False),  # since `codes_since`
    Column("codes_since", UtcDateTime),
    Column("code_at", UtcDateTime),  # when the last one was asked for
    Column("code_until", UtcDateTime),  # NULL: none is open, or it was used
    Column("misses", Integer, nullable=False),  # wrong codes since the last right one or the last lock
    Column("locks", Integer, nullable=False),  # since the last right one
    Column("locked_until", UtcDateTime),
)

report_sessions = Table(
    "report_sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # keyed hash of the cookie
    Column("link_id", String(40), ForeignKey("report_links.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

report_reactions = Table(
    "report_reactions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("link_id", String(40), ForeignKey("report_links.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),  # opened | section | report | pdf | question | rating | accepted
    Column("part", String(60), nullable=False),  # heading of the section that was read or taken up
    Column("value", Integer),  # of a rating, 1 to 5
    Column("audit_id", String(40), nullable=False),  # its payload holds the words of a question
    Column("at", UtcDateTime, nullable=False),
)

report_tasks = Table(
    "report_tasks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("link_id", String(40), ForeignKey("report_links.id"), nullable=False, index=True),
    Column("client_id", String(64), nullable=False),
    Column("why", String(10), nullable=False),  # visit | question | rating | accepted | locked
    Column("audit_id", String(40)),  # of what called for it; its payload holds the client's words
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),  # open | done | dropped
    Column("closed_by", String(64)),
    Column("closed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_report_tasks_state_due_at", "state", "due_at"),
)

archived_messages = Table(
    "archived_messages",
    metadata,
    Column("id", String(160), primary_key=True),  # of the archive
    Column("user_id", String(64), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("day", Date, nullable=False),  # of China
    Column("text_sha256", String(64), nullable=False),
    Column("how", String(10), nullable=False),  # exact | near | unmatched
    Column("cleared_id", String(40)),  # audit entry of the clearing
    Column("for_client", Boolean, nullable=False),  # False: cleared without a client in mind, or not at all
    Column("outcome", String(8)),  # of the gate afterwards, of an unmatched one
    Column("rules", JSON, nullable=False),  # broken by an unmatched one
    Column("audit_id", String(40), nullable=False),  # its payload holds the text
    Column("imported_at", UtcDateTime, nullable=False),
    Index("ix_archived_messages_day", "day", "how", "client_id"),
)

outreaches = Table(
    "outreaches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("segment", String(60), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("wording", String(80)),  # approved wording that it is, as id:version; NULL: a template of the person's own
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("fetched_at", UtcDateTime),  # when the cleared texts were last handed over
)

outreach_texts = Table(
    "outreach_texts",
    metadata,
    Column("outreach_id", String(32), ForeignKey("outreaches.id"), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("state", String(8), nullable=False),  # cleared | held | left_out
    Column("why", Text, nullable=False),  # of one that is held or left out, in Chinese
    Column("sha256", String(64)),  # of the cleared text
    Column("audit_id", String(40)),  # of the verdict; its payload holds the text
    Column("review_id", String(40)),  # of the item that waits for an officer
)

service_tasks = Table(
    "service_tasks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("round", String(32), nullable=False),  # what was given for a segment at once
    Column("segment", String(60), nullable=False),
    Column("client_id", String(64), nullable=False, index=True),
    Column("what", String(200), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),  # open | done | dropped
    Column("given_by", String(64), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("closed_by", String(64)),
    Column("closed_at", UtcDateTime),
    Index("ix_service_tasks_state_due_at", "state", "due_at"),
)
