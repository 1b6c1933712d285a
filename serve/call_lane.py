"""The fresh lane: what becomes of a recording before anybody reads it, and whether it may be analysed at all.

Law: PIPL articles 13 to 15: analysis by machine needs the client's consent, or another ground that the firm must name
itself (`calls.ai_consent`), and ends when it is taken back. Keeping a recording that the law orders kept is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from intent.call_records.row import Arrival, CallRow, CallState
from intent.call_records.store import CLERKS, SEERS
from intent.errors import CallFileError
from jobs.errors import JobStateError
from knowledge_base.consents import ConsentState, Purpose
from knowledge_base.errors import UnknownClientError
from serve.call_queue import CALLS, FRESH
from serve.errors import NotFoundError
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.call_records.store import CallRecords, Requeue
    from jobs.leases import Job, JobStore
    from knowledge_base.access import Principal
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
SHOWN = 50  # files of the watched folder that are named


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

    def assign(
        self, call_id: str, *, client_id: str, advisor_id: str | None, why: str, principal: Principal
    ) -> CallRow:
        """Say whose call it is: it is read then, if the client agreed. Logged before it is done.

        Raises UnknownClientError and NotFoundError for people who are not known, and what CallRecords.assign raises.
        """
        principal.require("assign calls", *CLERKS)
        self._house.clients.get(client_id, principal=principal)
        if advisor_id is not None and self._house.clients.advisor(advisor_id, principal=principal) is None:
            raise NotFoundError(f"There is no advisor {advisor_id}: name one of the advisor file, or none.")
        self._log("call.assigned", call_id, principal, subject=client_id, advisor=advisor_id, why=why)
        return self.records.assign(call_id, client_id=client_id, advisor_id=advisor_id, why=why, principal=principal)

    def set_aside(self, call_id: str, *, why: str, principal: Principal) -> CallRow:
        """Say that a call is no client's; logged before it is done. Raises what CallRecords.set_aside raises."""
        principal.require("assign calls", *CLERKS)
        self._log("call.set_aside", call_id, principal, why=why)
        return self.records.set_aside(call_id, why=why, principal=principal)

    def read_again(self, call_id: str, *, principal: Principal) -> CallRow:
        """Look at a kept call once more; it is kept again where nothing changed. Logged before it is done."""
        row = self.records.get(call_id, principal=principal)
        self._log("call.read_again", call_id, principal, subject=row.client_id, reason=row.reason)
        return self.records.read_again(call_id, principal=principal)

    def log_kept(self, row: CallRow, hold: Hold) -> None:
        """Write that a client's recording is kept unread: with it begins the key that a seal and a legal hold need."""
        self._house.audit.append(
            event="call.kept",
            actor=OPERATOR.user_id,
            subject=row.client_id,
            data={"call": self._house.audit.keyed_hash(row.call_id), "why": hold.reason},
            payload={"call_id": row.call_id},
        )

    def _log(self, event: str, call_id: str, principal: Principal, *, subject: str | None = None, **data: Any) -> None:
        """Raises LeadNotFoundError for a call that is not on its way, before anything is logged of it."""
        self.records.get(call_id, principal=principal)
        self._house.audit.append(
            event=event,
            actor=principal.user_id,
            subject=subject,
            data={"call": self._house.audit.keyed_hash(call_id), **data},
        )

    def overview(self, now: datetime, *, principal: Principal) -> dict[str, Any]:
        """Counts by state, seconds from the end of calls to their leads, and the watched folder. No client's data."""
        principal.require("see calls that are not read", *SEERS)
        speed = self.records.speed(now)
        return {
            "counts": self.counts(),
            "end_to_leads": {"calls": speed.calls, "p50_s": speed.p50_s, "p95_s": speed.p95_s, "hours": speed.hours},
            "folder": self._folder(),
        }  # fmt: skip

    def counts(self) -> dict[str, int]:
        """Calls by where they stand: ready, reading, failed, unassigned, kept, read."""
        counts, jobs = self.records.counts(), self._house.jobs.counts(CALLS)
        parked = {state.value: counts[state] for state in (CallState.UNASSIGNED, CallState.KEPT, CallState.READ)}
        return {"ready": jobs.ready, "reading": jobs.leased, "failed": jobs.quarantined, **parked}

    def _folder(self) -> dict[str, Any] | None:
        watcher = self._house.watcher
        if watcher is None:
            return None
        refused = [{"file": each.path, "reason": each.reason} for each in watcher.seen("refused", limit=SHOWN)]
        try:
            waiting, away = watcher.not_taken(), ""
        except CallFileError as error:
            waiting, away = [], str(error)
        return {"waiting": waiting[:SHOWN], "waiting_count": len(waiting), "refused": refused, "away": away}

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
