"""Call notes over HTTP: read, confirm, and the tasks that promises made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from intent.notes.desk import StoredNote, Task
from serve.routes.wire import MOST_VERSION, Asked, Moment, PrincipalDep, SeenDep, Words, the_house
from serve.times import iso, with_iso

router = APIRouter(prefix="/v1", tags=["calls"])
LONGEST_NOTE = 20_000


class ConfirmIn(Asked):
    text: Words | None = Field(None, max_length=LONGEST_NOTE, description="The note in other words; empty = as it is.")
    version: int | None = Field(
        None, ge=1, le=MOST_VERSION, description="The version you read; needed to change a confirmed note."
    )


class DoneIn(Asked):
    outcome: Literal["done", "wrong"] = Field("done", description="wrong: nobody promised it.")


class PostponeIn(Asked):
    until: Moment = Field(description="ISO 8601 with a zone, still to come.")


@router.get("/calls/{call_id}/note")
def note(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """The note of a call: text in force, draft beside it, state, and the structured note with its turns."""
    found = the_house(request).notes.get(call_id, principal=principal)
    seen.view("note", [(found.client_id, call_id)])
    return note_json(found)


@router.post("/calls/{call_id}/note/confirm")
def confirm(
    call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep, what: ConfirmIn | None = None
) -> dict[str, Any]:
    """Confirm a note, with another text where one is given; it goes to the CRM. Repeating it changes nothing.

    409 when somebody else changed the note meanwhile.
    """
    wanted = what or ConfirmIn(text=None, version=None)
    house = the_house(request)
    confirmed = house.notes.confirm(call_id, principal=principal, text=wanted.text, version=wanted.version)
    seen.view("note", [(confirmed.client_id, call_id)])
    return note_json(confirmed)


@router.get("/tasks")
def tasks(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    advisor: str | None = None,
    client: str | None = None,
    due_before: Annotated[Moment | None, Query(description="ISO 8601 with a zone.")] = None,
    state: Literal["open", "done", "wrong"] = "open",
    limit: int = 100,
) -> dict[str, Any]:
    """What advisors promised, the first due first; what has no time comes last, and not at all with `due_before`."""
    found = the_house(request).notes.tasks(
        principal=principal, advisor_id=advisor, client_id=client, due_before=due_before, state=state, limit=limit
    )
    seen.page("task", [(task.client_id, task.id) for task in found])
    return {"tasks": [task_json(task) for task in found]}


@router.post("/tasks/{task_id}/done")
def done(
    task_id: str, request: Request, principal: PrincipalDep, seen: SeenDep, what: DoneIn | None = None
) -> dict[str, Any]:
    """Close a task; the same outcome twice changes nothing."""
    outcome = what.outcome if what else "done"
    task = the_house(request).notes.close(task_id, principal=principal, outcome=outcome)
    seen.view("task", [(task.client_id, task.id)])
    return task_json(task)


@router.post("/tasks/{task_id}/postpone")
def postpone(
    task_id: str, what: PostponeIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """Give a task another time; the one before stands in the audit log. 409 for a closed task or a past time."""
    house = the_house(request)
    before, task = house.notes.postpone(task_id, what.until, principal=principal)
    told = {"task": task.id, "from": iso(before.due_at), "to": iso(task.due_at)}
    house.audit.append(event="task.postponed", actor=principal.user_id, subject=task.client_id, data=told)
    seen.view("task", [(task.client_id, task.id)])
    return task_json(task)


def note_json(note: StoredNote) -> dict[str, Any]:
    """A note as the API and the command line show it; times in China's time."""
    return with_iso(asdict(note))


def task_json(task: Task) -> dict[str, Any]:
    """A task, likewise."""
    return with_iso(asdict(task))
