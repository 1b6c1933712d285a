"""Tables of the copilot: what was delivered to whom."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, String, Table, Text

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
