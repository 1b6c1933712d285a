"""A call on its way as it stands in its row, and what can be told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallState(StrEnum):
    """Where a call stands."""

    TOLD = "told"
    ARRIVED = "arrived"
    UNASSIGNED = "unassigned"
    KEPT = "kept"
    READ = "read"


PARKED = (CallState.UNASSIGNED, CallState.KEPT)
BY_RECORDS = frozenset({"client_unknown", "client_shared", "advisor_unknown", "advisor_shared", "file_shared"})


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """A call on its way, as it was when it was read from the table."""

    call_id: str
    job_id: str | None
    recording_path: str | None
    file: str | None
    file_name: str | None
    state: CallState
    reason: str
    client_id: str | None
    advisor_id: str | None
    sides: Sequence[Mapping[str, str]]
    candidates: Mapping[str, Sequence[str]]
    direction: str | None
    started_at: datetime | None
    duration_s: float | None
    advisor_channel: str | None
    call_type: str | None
    assigned_by: str | None
    why: str
    arrived_at: datetime | None
    ended_at: datetime | None
    read_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A recording that is here, and what was told with it."""

    job_id: str
    call_id: str
    recording_path: str
    file: str | None = None  # where records may name it by its path
    client_id: str | None = None
    advisor_id: str | None = None
    direction: str | None = None
    started_at: datetime | None = None
    duration_s: float | None = None
    advisor_channel: str | None = None
    call_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of a record: new | changed | known: nothing new | late: the call was read before."""

    call_id: str
    how: str
    state: CallState
    reason: str


@dataclass(frozen=True, kw_only=True)
class Speed:
    """From the end of a call to what follows from it, over calls that were read lately."""

    calls: int
    p50_s: float | None
    p95_s: float | None
    hours: float
