"""Calls that were stored before masks were, or before masks found what they find now: masked where they lie.

A leased row a call in the queue of jobs: stopped at any moment, the same command goes on where it was. What stood there
is kept first, encrypted under the client's key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, select, update

from compliance_filters.audit.read import entries_of
from compliance_filters.errors import SealedError
from copilot.dossier import CALL_READ
from intent.call import Speaker, Turn
from intent.follow_ups.tables import follow_ups
from intent.leads.tables import calls, leads, spoken_findings
from intent.notes.tables import call_note_texts, call_notes, call_tasks
from jobs.tables import JobState
from jobs.worker import run_worker
from knowledge_base.access import Role
from serve.cover import Cover
from serve.errors import ServeError

if TYPE_CHECKING:
    from sqlalchemy.sql import ColumnElement

    from jobs.stop import Stop
    from jobs.worker import Task
    from knowledge_base.access import Principal
    from serve.rooms import Rooms

QUEUE = "masks"
MASKS = 2  # raised when masks learn to find more: every stored call is looked at again then
PAGE = 500  # rows
BESIDE = timedelta(days=1)  # between the entry of a call in the audit log and its rows, at most
# What holds words of a call: the column of its id, and the name under which each column of words is masked.
HOLDS: Mapping[Table, tuple[str, Mapping[str, str]]] = {
    calls: ("id", {"note": "text", "findings": "", "inspection": ""}),
    spoken_findings: ("call_id", {"quote": "quote"}),
    follow_ups: ("call_id", {"evidence": "", "wishes": ""}),
    call_notes: ("call_id", {"content": ""}),
    call_note_texts: ("call_id", {"text": "text"}),
    call_tasks: ("call_id", {"what": "what", "evidence": ""}),
}


@dataclass(frozen=True, kw_only=True)
class MaskedCall:
    """A call in which something was masked, and the id under which the words are kept (`tougu calls original`)."""

    call_id: str
    originals: str


@dataclass(frozen=True, kw_only=True)
class MaskRun:
    """How far the masking of stored calls is."""

    total: int
    done: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A row that holds what is to be masked."""

    table: Table
    which: ColumnElement[bool]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class StoredMasks:
    """Masks what is stored of calls: leads, notes, tasks, cases, tickets and findings included."""

    def __init__(self, house: Rooms) -> None:
        self._house = house

    def enqueue(self, *, principal: Principal) -> None:
        """A row for each call that was not looked at yet; those that failed are tried again.

        Raises AccessDeniedError but for compliance and the system, and ServeError where masks are off.
        """
        principal.require("mask stored calls", Role.COMPLIANCE, Role.SYSTEM)
        if self._house.transcript_masks is None:
            raise ServeError("Masks are off: set speech.mask = true, then mask what is stored.")
        for call_id in self._call_ids():
            self._house.jobs.enqueue(QUEUE, f"{MASKS}:{call_id}", {"call_id": call_id})
        self._house.jobs.requeue_quarantined(QUEUE)

    def run(self, *, stop: Stop) -> None:
        """Work until nothing is left or `stop` is set; several processes may."""
        settings = self._house.settings.jobs
        run_worker(self._house.jobs, QUEUE, self._handle, stop=stop, settings=settings, until_empty=True)

    def progress(self) -> MaskRun:
        """Over all runs of the command."""
        counts = self._house.jobs.counts(QUEUE)
        return MaskRun(total=counts.total, done=counts.done, failed=counts.quarantined)

    def changed(self) -> Iterator[MaskedCall]:
        """The calls in which something was masked, in every run."""
        for job in self._house.jobs.every(QUEUE, state=JobState.DONE):
            if job.result and job.result["originals"]:
                yield MaskedCall(call_id=job.payload["call_id"], originals=job.result["originals"])

    def _call_ids(self) -> Iterator[str]:
        last = ""
        while True:
            query = select(calls.c.id).where(calls.c.id > last).order_by(calls.c.id).limit(PAGE)
            with self._house.engine.connect() as connection:
                found = connection.execute(query).scalars().all()
            yield from found
            if len(found) < PAGE:
                return
            last = found[-1]

    def _handle(self, task: Task) -> None:
        """Keep what stands there, then mask it and finish the row in one transaction; a second time changes nothing."""
        call_id = task.job.payload["call_id"]
        with self._house.engine.connect() as connection:
            row = connection.execute(select(calls).where(calls.c.id == call_id)).one_or_none()
            call = row._asdict() if row is not None else None
            cover = Cover(self._turns(call), self._masker) if call else None
            changes = list(_changes(connection, call, cover)) if call and cover else []
        kept = ""
        if changes and call:
            kept = self._house.originals.keep(call_id, call["client_id"], _as_texts(changes))
        with task.finishing({"originals": kept}) as connection:
            for change in list(_changes(connection, call, cover)) if call and cover else ():
                connection.execute(update(change.table).where(change.which).values(dict(change.after)))

    @property
    def _masker(self) -> Any:
        return self._house.transcript_masks

    def _turns(self, call: Mapping[str, Any]) -> Sequence[Turn]:
        """What was said, from the audit log; nothing where it was sealed or erased, or never written there."""
        recorded: datetime = call["recorded_at"]
        hashed = self._house.audit.keyed_hash(call["id"])
        entries = entries_of(
            self._house.audit, call["client_id"], since=recorded - BESIDE, until=recorded + BESIDE, events=(CALL_READ,)
        )
        try:
            payloads = [entry.payload for entry in entries if entry.data.get("call") == hashed]
        except SealedError:
            return ()
        found = [payload["turns"] for payload in payloads if payload is not None]
        return [
            Turn(index=n, speaker=Speaker(voice), start_s=start_s, end_s=end_s, text=text)
            for n, (voice, start_s, end_s, text) in enumerate(found[-1] if found else ())
        ]


def _changes(connection: Connection, call: Mapping[str, Any], cover: Cover) -> Iterator[_Change]:
    """The rows that hold something to be masked."""
    for table, (column, words) in HOLDS.items():
        query = select(table).where(table.c[column] == call["id"]).with_for_update()
        for row in connection.execute(query).mappings():
            turns = [row["turn"]] if "turn" in row else []
            before = {name: row[name] for name in words if row[name] is not None}
            after = {name: cover.of(value, words[name], turns) for name, value in before.items()}
            yield from _changed(table, row, before, after)
    for row in connection.execute(_leads_of(call)).mappings():
        evidence = [cover.of(each, "") if each["call"] == call["id"] else each for each in row["evidence"]]
        yield from _changed(leads, row, {"evidence": row["evidence"]}, {"evidence": evidence})


def _leads_of(call: Mapping[str, Any]) -> Any:
    return select(leads).where(leads.c.client_id == call["client_id"]).with_for_update()


def _changed(
    table: Table, row: Mapping[Any, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[_Change]:
    moved = {name: value for name, value in after.items() if value != before[name]}
    if moved:
        which = table.primary_key.columns.values()
        same = which[0] == row[which[0].name]
        for column in which[1:]:
            same &= column == row[column.name]
        yield _Change(table=table, which=same, before={name: before[name] for name in moved}, after=moved)


def _as_texts(changes: Sequence[_Change]) -> dict[int, str]:
    """What stood there, a text a column, each with the name of its place."""
    held = [(f"{change.table.name}.{name}", value) for change in changes for name, value in change.before.items()]
    return {n: f"{place}: {json.dumps(value, ensure_ascii=False)}" for n, (place, value) in enumerate(held)}
