"""Tables of what editors decide: contradictions, approved wording, and what was asked and not found."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from jobs.clock import UtcDateTime
from knowledge_base.tables import metadata as metadata


def _side(name: str) -> tuple[Column[str], Column[int], Column[int], Column[str]]:
    """Columns of one of the two places of a contradiction."""
    return (
        Column(
            f"{name}_version_id",
            String(40),
            ForeignKey("kb_versions.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        Column(f"{name}_start", Integer, nullable=False),
        Column(f"{name}_end", Integer, nullable=False),
        Column(f"{name}_quote", Text, nullable=False),
    )


conflicts = Table(
    "kb_conflicts",
    metadata,
    Column("id", String(40), primary_key=True),  # of the two places, so that what was decided outlives a new look
    Column("kind", String(10), nullable=False),  # fact | rule
    Column("type", String(20), nullable=False),  # genuine | superseded | period | unit | share_class
    Column("about", Text, nullable=False),
    *_side("left"),
    *_side("right"),
    Column("state", String(10), nullable=False, index=True),  # open | settled | gone
    Column("found_at", UtcDateTime, nullable=False),
    Column("holds", String(10)),  # left | right | both; None until settled
    Column("why", Text),
    Column("settled_by", String(64)),
    Column("settled_at", UtcDateTime),
)

wordings = Table(  # a row a version: what was approved is never rewritten
    "kb_wordings",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("version", Integer, primary_key=True),  # from 1
    Column("question", Text, nullable=False),
    Column("variants", JSON, nullable=False),  # other ways to ask the same
    Column("text", Text, nullable=False),
    Column("with_product", Boolean, nullable=False),  # also serves a question that names a product
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date),  # last day
    Column("state", String(10), nullable=False),  # draft | approved | refused | retired
    Column("author", String(64), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),
    Index("ix_kb_wordings_state", "state"),
)

unanswered = Table(  # a question a week, without who asked it
    "kb_unanswered",
    metadata,
    Column("week", String(10), primary_key=True),  # 2026-W47, of China's days
    Column("key", String(64), primary_key=True),  # of the question without identifiers, names and punctuation
    Column("question", Text, nullable=False),  # identifiers and names of clients hidden
    Column("note", Text, nullable=False),  # what the asker was told
    Column("times", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)
