"""Writes the draft of a note and its tasks, in the transaction that records the call."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from intent.call import Call
from intent.notes.note import CallNote, Promise, note_json
from intent.notes.tables import call_note_texts, call_notes, call_tasks
from jobs.tables import new_id

LISTEN = "listen"


def draft_note(connection: Connection, note: CallNote, call: Call, *, branch: str | None, now: datetime) -> None:
    """The draft, its text as version 1, a task for every promise of the advisor, and one to listen where none read."""
    whose = {"call_id": call.id, "client_id": call.client_id, "advisor_id": call.advisor_id, "branch": branch}
    connection.execute(
        insert(call_notes).values(**whose, state="draft", version=1, content=note_json(note), created_at=now)
    )
    connection.execute(insert(call_note_texts).values(call_id=call.id, version=1, text=note.text, by=note.by, at=now))
    owed = [_task(promise) for promise in note.promised]
    if call.transcript.unreadable:
        owed.append(_listen(call.transcript.unreadable))
    tasks = [{**whose, **each, "created_at": now} for each in owed]
    if tasks:
        connection.execute(insert(call_tasks), tasks)


def _listen(why: str) -> dict[str, Any]:
    """Nobody read the call: a person listens to it."""
    return {
        "id": new_id(),
        "act": LISTEN,
        "what": f"请听录音：{why}，系统未作解读。",
        "due_at": None,
        "due_precision": None,
        "due_said": None,
        "evidence": [],
        "state": "open",
    }


def _task(promise: Promise) -> dict[str, Any]:
    due = promise.due
    return {
        "id": new_id(),
        "act": promise.act,
        "what": promise.what,
        "due_at": due.at if due else None,
        "due_precision": due.precision if due else None,
        "due_said": due.said if due else None,
        "evidence": [asdict(each) for each in promise.evidence],
        "state": "open",
    }
