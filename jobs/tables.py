"""Tables of background work: leased rows, and the outbox with a row per attempt."""

from __future__ import annotations

import os
import time
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
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


class JobState(StrEnum):
    """Where a row stands."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    QUARANTINED = "quarantined"


def new_id() -> str:
    """A fresh id of 32 hexadecimal digits; ids made by one process sort in the order of their making."""
    return f"{time.time_ns():016x}{os.urandom(8).hex()}"


jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("queue", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("run_after", UtcDateTime, nullable=False),
    Column("lease_owner", String(128)),
    Column("lease_until", UtcDateTime),
    Column("progress_done", Integer, nullable=False),
    Column("progress_total", Integer),
    Column("progress_note", String(255), nullable=False),
    Column("result", JSON),
    Column("error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_by", String(64)),  # user id; NULL: the machine
    UniqueConstraint("queue", "key", name="uq_jobs_queue_key"),
)
Index("ix_jobs_claim", jobs.c.queue, jobs.c.state, jobs.c.priority.desc(), jobs.c.run_after, jobs.c.id)
Index("ix_jobs_expired", jobs.c.queue, jobs.c.state, jobs.c.lease_until)

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("topic", String(64), nullable=False),
    Column("key", String(255)),
    Column("payload", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("lease_owner", String(128)),
    Column("lease_until", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("dead_at", UtcDateTime),
    sqlite_autoincrement=True,  # a sequence number is never given twice, even after old rows were removed
)
_OPEN = outbox.c.delivered_at.is_(None) & outbox.c.dead_at.is_(None)
Index(
    "ix_outbox_due",
    outbox.c.next_attempt_at,
    outbox.c.sequence,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "ix_outbox_order",
    outbox.c.topic,
    outbox.c.key,
    outbox.c.sequence,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

_DEAD = outbox.c.dead_at.is_not(None)
Index("ix_outbox_dead", outbox.c.topic, outbox.c.sequence, sqlite_where=_DEAD, postgresql_where=_DEAD)

outbox_attempts = Table(
    "outbox_attempts",
    metadata,
    Column("outbox_id", String(32), ForeignKey("outbox.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("ok", Boolean),
    Column("detail", Text, nullable=False),
)
