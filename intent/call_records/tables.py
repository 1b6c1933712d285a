"""Tables of calls on their way: whose they are, whose numbers they came from, files taken, old wishes."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, Float, Index, String, Table, Text

from intent.leads.tables import metadata as metadata
from jobs.clock import UtcDateTime

call_records = Table(
    "call_records",
    metadata,
    Column("call_id", String(120), primary_key=True),
    Column("job_id", String(32), index=True),  # of the recording; none until it is here
    Column("recording_path", Text),
    Column("file", Text),  # path of the recording as it was told or taken, forward slashes
    Column("file_name", String(255), index=True),  # its last part
    Column("state", String(12), nullable=False),  # told | arrived | unassigned | kept | read
    Column("reason", String(24), nullable=False),  # why it is not read; empty where nothing hinders
    Column("client_id", String(64)),
    Column("advisor_id", String(64)),
    Column("sides", JSON, nullable=False),  # numbers as keyed hashes with their last digits, see `numbers.Side`
    Column("candidates", JSON, nullable=False),  # {"client": [ids], "advisor": [ids]} of numbers that several share
    Column("direction", String(8)),
    Column("started_at", UtcDateTime),
    Column("duration_s", Float),
    Column("advisor_channel", String(8)),
    Column("call_type", String(40)),
    Column("assigned_by", String(64)),  # a person who said whose call it is
    Column("why", Text, nullable=False),
    Column("arrived_at", UtcDateTime),  # the recording
    Column("ended_at", UtcDateTime),  # the call, where its start is known
    Column("read_at", UtcDateTime, index=True),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_call_records_state", "state", "arrived_at"),
)

phone_lines = Table(
    "phone_lines",
    metadata,
    Column("line", String(64), primary_key=True),  # keyed hash of the number
    Column("kind", String(8), primary_key=True),  # client | advisor
    Column("owner_id", String(64), primary_key=True),
    Column("since", Date),  # first and last day on which it is theirs; none = without bound
    Column("until", Date),
)

watched_files = Table(
    "watched_files",
    metadata,
    Column("path", String(1024), primary_key=True),  # relative to the watched folder
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("outcome", String(12), nullable=False),  # taken | known | records | refused
    Column("reason", Text, nullable=False),  # why it was refused
    Column("call_id", String(120)),
    Column("seen_at", UtcDateTime, nullable=False),
)

old_wishes = Table(
    "old_wishes",
    metadata,
    Column("call_id", String(120), primary_key=True),
    Column("intent", String(64), primary_key=True),
    Column("product", String(120), primary_key=True),  # as spoken; empty where none was named
    Column("client_id", String(64), nullable=False),
    Column("line", String(32), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),
    Index("ix_old_wishes_client", "client_id", "heard_at"),
)
