"""Service tasks over HTTP: given for the clients of a segment, listed with what is due first, closed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from serve.routes.wire import Asked, Moment, PrincipalDep, SeenDep, Words, the_house
from serve.times import with_iso

router = APIRouter(prefix="/v1", tags=["segments"])


class GiveIn(Asked):
    what: Words = Field(max_length=200, description="What is to be done with each client.")
    due_at: Moment = Field(description="By when, ISO 8601 with a zone.")


class DoneIn(Asked):
    outcome: Literal["done", "dropped"] = "done"


@router.post("/segments/{name}/tasks", status_code=201)
def give(name: str, body: GiveIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """A task for each client of a segment whom the caller sees; it waits with the client's own advisor."""
    given = the_house(request).service_tasks.give(name, body.what, body.due_at, principal=principal)
    return asdict(given)


@router.get("/service-tasks")
def tasks(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    advisor: Annotated[str | None, Query(max_length=64)] = None,
    state: Literal["open", "done", "dropped"] = "open",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Service tasks of clients whom the caller sees, the first due first."""
    found = the_house(request).service_tasks.list(
        principal=principal, advisor_id=advisor, state=state, limit=limit
    )  # fmt: skip
    seen.page("service_task", [(task.client_id, task.id) for task in found])
    return {"tasks": [with_iso(asdict(task)) for task in found]}


@router.post("/service-tasks/{task_id}/done")
def done(
    task_id: str, request: Request, principal: PrincipalDep, seen: SeenDep, body: DoneIn | None = None
) -> dict[str, Any]:
    """Close a task: done, or dropped where there is no more need of it."""
    outcome = (body or DoneIn()).outcome
    task = the_house(request).service_tasks.close(task_id, outcome=outcome, principal=principal)
    seen.view("service_task", [(task.client_id, task.id)])
    return with_iso(asdict(task))
