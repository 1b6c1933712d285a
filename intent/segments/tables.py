"""Tables of tags and segments: who has which tag, what is picked by them, and what left the house."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from intent.leads.tables import metadata as metadata
from jobs.clock import UtcDateTime

client_tags = Table(
    "client_tags",
    metadata,
    Column("tag", String(60), primary_key=True),
    Column("client_id", String(60), primary_key=True),
    Column("since", Date, nullable=False),  # the day of which it was set
)
Index("ix_client_tags_client", client_tags.c.client_id)

client_tag_days = Table(
    "client_tag_days",
    metadata,
    Column("client_id", String(60), primary_key=True),
    Column("day", Date, nullable=False),  # of which the client's tags were set
    Column("next_day", Date, index=True),  # on which one may change though nothing happens
)

tag_digests = Table(
    "tag_digests",
    metadata,
    Column("tag", String(60), primary_key=True),
    Column("digest", String(16), nullable=False),  # of the condition by which every client was looked at
)

segments = Table(
    "segments",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("zh", String(120), nullable=False),
    Column("all_of", JSON, nullable=False),  # tags
    Column("any_of", JSON, nullable=False),
    Column("none_of", JSON, nullable=False),
    Column("owner", String(64), nullable=False),  # user id
    Column("expires_on", Date, nullable=False),  # last day
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

segment_exports = Table(
    "segment_exports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("segment", String(60), nullable=False),
    Column("zh", String(120), nullable=False),
    Column("pick", JSON, nullable=False),  # as it stood when it was asked for
    Column("state", String(10), nullable=False, index=True),  # pending | approved | refused
    Column("clients", Integer, nullable=False),  # listed
    Column("left_out", Integer, nullable=False),  # not to be contacted
    Column("reason", Text, nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("decided_by", String(64)),  # empty where the size needs no approval
    Column("decided_at", UtcDateTime),
    Column("decision", Text, nullable=False),
    Column("fetch_until", UtcDateTime),
    Column("fetched_at", UtcDateTime),  # the last time
)

segment_export_clients = Table(
    "segment_export_clients",
    metadata,
    Column("export_id", String(32), ForeignKey("segment_exports.id", ondelete="CASCADE"), primary_key=True),
    Column("client_id", String(60), primary_key=True),
)
