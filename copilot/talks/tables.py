"""Tables of talks. Rows hold no words: questions, answers and texts are payloads of audit entries, under the key of
the client whom a talk is about, so that sealing and erasure reach them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from copilot.tables import metadata as metadata
from jobs.clock import UtcDateTime

talks = Table(
    "talks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("client_id", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
    Index("ix_talks_user", "user_id", "last_at"),
)

talk_turns = Table(
    "talk_turns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("talk_id", String(32), ForeignKey("talks.id"), nullable=False),
    Column("n", Integer, nullable=False),  # place in the talk, from 0
    Column("state", String(8), nullable=False),  # running | done | stopped | failed
    Column("asked_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("question_id", String(40), nullable=False),  # audit entry whose payload holds the question
    Column("answer_id", String(40)),  # likewise the events of the answer
    Column("outcome", String(8)),
    Column("audit_id", String(40)),  # of the verdict
    Column("retry_of", String(32)),
    Column("good", Boolean),
    Column("reason", String(12)),  # why it was no help
    Column("opinion_id", String(40)),  # audit entry whose payload holds the words on it
    UniqueConstraint("talk_id", "n"),
)

talk_texts = Table(
    "talk_texts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("talk_id", String(32), ForeignKey("talks.id"), nullable=False, index=True),
    Column("turn_id", String(32)),
    Column("client_id", String(64)),
    Column("audit_id", String(40), nullable=False),  # of the verdict, whose payload holds the text
    Column("outcome", String(8), nullable=False),
    Column("text_sha256", String(128)),  # keyed hash of the cleared text; NULL: nobody cleared it
    Column("cleared_sha256", String(64)),
    Column("judged_at", UtcDateTime, nullable=False),
)

# Kept when the talk is forgotten: what was sent is compared with the firm's message archive.
sent_messages = Table(
    "sent_messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("client_id", String(64)),
    Column("text_sha256", String(128), nullable=False, index=True),  # keyed hash, as the audit log makes it
    Column("cleared_sha256", String(64), nullable=False),
    Column("audit_id", String(40), nullable=False),  # of the verdict that cleared it
    Column("channel", String(12), nullable=False),  # wecom | host | clipboard
    Column("sent_at", UtcDateTime, nullable=False),
    Index("ix_sent_messages_user", "user_id", "sent_at"),
)
