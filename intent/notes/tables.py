"""Tables of call notes: the note with its state, every text it had, and the tasks that promises made."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from intent.leads.tables import metadata as metadata
from jobs.clock import UtcDateTime

call_notes = Table(
    "call_notes",
    metadata,
    Column("call_id", String(120), ForeignKey("calls.id"), primary_key=True),
    Column("client_id", String(64), index=True),
    Column("advisor_id", String(64)),
    Column("branch", String(64)),
    Column("state", String(12), nullable=False),  # draft | confirmed
    Column("version", Integer, nullable=False),  # of the text; 1 is the draft
    Column("content", JSON, nullable=False),  # the structured note, as it was read
    Column("confirmed_by", String(64)),
    Column("confirmed_at", UtcDateTime),
    Column("sequence", Integer),  # of the client's events, set when the confirmed note is sent
    Column("created_at", UtcDateTime, nullable=False),
)

call_note_texts = Table(
    "call_note_texts",
    metadata,
    Column("call_id", String(120), ForeignKey("call_notes.call_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("by", String(64), nullable=False),  # who wrote it; "extractive" or the name of a chat model for a draft
    Column("at", UtcDateTime, nullable=False),
)

call_tasks = Table(
    "call_tasks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("call_id", String(120), ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", String(64)),
    Column("advisor_id", String(64)),  # who promised it
    Column("branch", String(64)),
    Column("act", String(16), nullable=False),  # call | send | arrange | meet | apply | register | report | ...
    Column("what", Text, nullable=False),
    Column("due_at", UtcDateTime),
    Column("due_precision", String(8)),  # minute | part | day
    Column("due_said", String(40)),
    Column("evidence", JSON, nullable=False),  # turn, quote, start_s, end_s
    Column("state", String(8), nullable=False),  # open | done | wrong
    Column("closed_by", String(64)),
    Column("closed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("ix_call_tasks_open", call_tasks.c.state, call_tasks.c.advisor_id, call_tasks.c.due_at, call_tasks.c.id)
