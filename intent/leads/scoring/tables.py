"""Tables of the lead score: what each lead was scored by, and which were drawn at random into a day's list."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Float, Index, LargeBinary, String, Table

from intent.leads.tables import metadata as metadata
from jobs.clock import UtcDateTime

lead_scores = Table(
    "lead_scores",
    metadata,
    Column("lead_id", String(32), primary_key=True),
    Column("score", Float, nullable=False),  # right * ready * value
    Column("right", Float, nullable=False),  # probability that the lead is one
    Column("ready", Float, nullable=False),  # probability that it is won, if it is one
    Column("value", Float, nullable=False),  # weight of what is at stake, 0..1
    Column("by", String(80), nullable=False),  # version of the model, or rule
    Column("reasons", JSON, nullable=False),  # sentences
    Column("features", LargeBinary, nullable=False),  # float32 in the order of features.yaml, as they were at `at`
    Column("layout", String(16), nullable=False),  # hash of that order
    Column("at", UtcDateTime, nullable=False),
)

lead_explorations = Table(
    "lead_explorations",
    metadata,
    Column("day", Date, primary_key=True),
    Column("lead_id", String(32), primary_key=True),
    Column("order_score", Float, nullable=False),  # lifts the lead into the list on that day
)
upkeep_marks = Table(  # how far work that goes on in the background has come
    "upkeep_marks",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", String(64), nullable=False),
)
Index("ix_lead_explorations_lead", lead_explorations.c.lead_id)
