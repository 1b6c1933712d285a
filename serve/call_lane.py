"""The fresh lane: what becomes of a recording before anybody reads it, and whether it may be analysed at all.

Law: PIPL articles 13 to 15: analysis by machine needs the client's consent, or another ground that the firm must name
itself (`calls.ai_consent`), and ends when it is taken back. Keeping a recording that the law orders kept is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from intent.call_records.store import Arrival, CallRow, CallState
from jobs.errors import JobStateError
from knowledge_base.consents import ConsentState, Purpose
from knowledge_base.errors import UnknownClientError
from serve.call_queue import FRESH
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.call_records.store import CallRecords, Requeue
    from jobs.leases import Job, JobStore
    from serve.wiring import House

# Why a call is not read, as people are told.
REASONS: Mapping[str, str] = {
    "not_told": "nobody told whose call it is",
    "client_unknown": "no client is known by the number",
    "client_shared": "several clients share the number",
    "advisor_unknown": "no advisor is known by the extension",
    "advisor_shared": "several advisors share the extension",
    "file_shared": "several call records name a recording of this name",
    "no_such_client": "the client that was told is not in the client file",
    "no_consent": "the client never agreed to AI analysis",
    "consent_refused": "the client refuses AI analysis",
    "sealed": "the client's words are sealed",
    "set_aside": "a person set it aside",
}
REQUIRED = "required"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Why a call is not read now."""

    state: CallState  # unassigned | kept
    reason: str  # of REASONS


class CallLane:
    """Decides what may be read; knows clients by the knowledge base and the ledger of consents."""

    def __init__(self, house: House) -> None:
        self._house = house

    @property
    def records(self) -> CallRecords:
        return self._house.call_records

    def arrive(self, job: Job) -> CallRow:
        """The call of a job, with all that was told of it by now."""
        payload = job.payload
        started_at = payload.get("started_at")
        return self.records.arrive(
            Arrival(
                job_id=job.id,
                call_id=payload["call_id"],
                recording_path=payload["path"],
                file=payload.get("file"),
                client_id=payload.get("client_id"),
                advisor_id=payload.get("advisor_id"),
                started_at=datetime.fromisoformat(started_at) if started_at else None,
                advisor_channel=payload.get("advisor_channel"),
                call_type=payload.get("call_type"),
            )
        )

    def hold_for(self, row: CallRow) -> Hold | None:
        """Why this call is not read now; None where it may be."""
        if row.reason:
            return Hold(state=CallState.UNASSIGNED, reason=row.reason)
        if row.client_id is None:
            return Hold(state=CallState.UNASSIGNED, reason="not_told") if self._required else None
        return self.hold_of(row.client_id)

    def hold_of(self, client_id: str) -> Hold | None:
        """The same of a known person: consent to AI analysis, by the firm's file and the ledger, and the seal."""
        try:
            standing = self._house.consent_ledger.standing(client_id, principal=OPERATOR)
        except UnknownClientError:
            return Hold(state=CallState.UNASSIGNED, reason="no_such_client") if self._required else None
        if self._house.recording_keeper.is_sealed(client_id):
            return Hold(state=CallState.KEPT, reason="sealed")
        said = standing.get(Purpose.AI_ANALYSIS)
        if said is ConsentState.WITHDRAWN:
            return Hold(state=CallState.KEPT, reason="consent_refused")
        if self._required and said is not ConsentState.GRANTED:
            return Hold(state=CallState.KEPT, reason="no_consent")
        return None

    def priority_of(self, started_at: datetime | None, now: datetime) -> int:
        """Calls that can still give leads come before those that cannot."""
        stale = timedelta(days=self._house.settings.leads.stale_days)
        return FRESH if started_at is None or now - started_at <= stale else 0

    @property
    def _required(self) -> bool:
        return self._house.settings.calls.ai_consent == REQUIRED


def read_again(jobs: JobStore) -> Requeue:
    """How a parked recording goes on: its job is started afresh, unless a worker has it before it already."""

    def requeue(connection: Connection, job_id: str) -> None:
        try:
            jobs.requeue(job_id, connection=connection)
        except JobStateError:
            return  # it waits or is read: what was told is found in its row

    return requeue
