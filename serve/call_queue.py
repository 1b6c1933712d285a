"""Calls before the worker: put there, told again with better metadata, tried again after a failure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from intent.call_records.row import PARKED as PARKED_STATES
from jobs.errors import JobStateError, UnknownJobError
from jobs.leases import Job, JobStore
from jobs.tables import JobState
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role
from serve.job_desk import JobDesk, started_by
from serve.users import OPERATOR

CALLS = "calls"
FRESH = 10  # priority of calls that ended today, before those of an import
PARKED = frozenset(state.value for state in PARKED_STATES)
MOST_TOLD = 1000  # failed calls in a list
KEEPERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.SYSTEM)
_TELLING = ("call_id", "client_id", "advisor_id", "started_at", "advisor_channel", "call_type")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a call that was put before the worker."""

    job: Job
    how: str  # added | known: nothing new was told | amended: read with what was told now


class CallQueue:
    """The queue of calls. A recording is one row, whatever the number of times it is sent."""

    def __init__(self, store: JobStore, desk: JobDesk) -> None:
        self._store, self._desk = store, desk

    def take(
        self, key: str, payload: Mapping[str, Any], *, priority: int = 0, principal: Principal = OPERATOR
    ) -> Taken:
        """Put a call before the worker. Sent again, what is told anew is taken over while nobody has read it.

        Metadata that is not told again stays. A call in quarantine, or parked unread, is tried again when something new
        is told of it. Raises JobStateError where the call is being read or was read, and other metadata is told now, or
        where another person brought the recording, whose calls are not the principal's to see.
        """
        known = self._find(key)
        if known is None:
            named = {**payload, "call_id": payload.get("call_id") or key[:20]}
            who = started_by(principal)
            job_id = self._store.enqueue(CALLS, key, named, priority=priority, started_by=who)
            return Taken(job=self._store.get(job_id), how="added")
        if not (principal.has(*SEES_EVERY_CLIENT) or self._desk.may_see(known, principal)):
            raise JobStateError("Somebody else brought this recording before: ask operations what became of it.")
        told = {name: payload[name] for name in _TELLING if payload.get(name) not in (None, known.payload.get(name))}
        if not told:
            return Taken(job=known, how="known")
        if is_parked(known):
            return Taken(job=self._store.requeue(known.id, payload={**known.payload, **told}), how="amended")
        if known.state not in (JobState.READY, JobState.QUARANTINED):
            raise JobStateError(_too_late(known, told))
        amended = self._store.amend(known.id, {**known.payload, **told})
        if amended.state is JobState.QUARANTINED:
            amended = self._store.requeue(amended.id)
        return Taken(job=amended, how="amended")

    def knows(self, key: str) -> Job | None:
        """The job of a recording that was taken before."""
        return self._find(key)

    def failed(self, *, principal: Principal) -> Sequence[Job]:
        """Calls in quarantine that the principal may see, the oldest MOST_TOLD, each with its reason.

        Raises AccessDeniedError.
        """
        principal.require("see calls in quarantine", *KEEPERS)
        return list(islice(self._failed(principal), MOST_TOLD))

    def requeue(self, job_id: str, *, principal: Principal) -> Job:
        """Try a call in quarantine again. Raises JobStateError for any other, UnknownJobError, AccessDeniedError."""
        principal.require("try calls again", *KEEPERS)
        job = self._desk.get(job_id, principal=principal)
        if job.queue != CALLS:
            raise UnknownJobError(f"There is no call with the job {job_id}.")
        if job.state is not JobState.QUARANTINED:
            raise JobStateError(f"The call {job.payload['call_id']} is {job.state}: only a failed one is tried again.")
        return self._store.requeue(job_id)

    def requeue_failed(self, *, principal: Principal) -> int:
        """Try every call in quarantine again that the principal may see; how many there were."""
        principal.require("try calls again", *KEEPERS)
        if principal.has(Role.OPERATIONS, Role.SYSTEM):
            return self._store.requeue_quarantined(CALLS)
        tried = 0
        for job in self._failed(principal):
            with suppress(JobStateError):  # another hand was faster
                self._store.requeue(job.id)
                tried += 1
        return tried

    def _failed(self, principal: Principal) -> Iterator[Job]:
        return self._desk.visible(self._store.every(CALLS, state=JobState.QUARANTINED), principal=principal)

    def _find(self, key: str) -> Job | None:
        try:
            return self._store.find(CALLS, key)
        except UnknownJobError:
            return None


def is_parked(job: Job) -> bool:
    """Whether a job ended without its call being read: it waits to be assigned, or may not be analysed."""
    return job.state is JobState.DONE and (job.result or {}).get("outcome") in PARKED


def _too_late(job: Job, told: Mapping[str, Any]) -> str:
    call_id, fields = job.payload["call_id"], ", ".join(told)
    if job.state is JobState.LEASED:
        return f"The call {call_id} is being read now, and {fields} differs from what was told: send it again later."
    return (
        f"This recording was read as the call {call_id}, and {fields} differs from what was told then: "
        "what follows from a call is not changed afterwards; set its leads right with `tougu leads`."
    )
