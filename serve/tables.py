"""Tables of the composition root: the people who use it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, MetaData, String, Table

from jobs.clock import UtcDateTime

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("roles", JSON, nullable=False),
    Column("branches", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
