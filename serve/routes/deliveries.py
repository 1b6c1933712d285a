"""What became of reports that were sent: links, what clients did with them, tasks, and the effect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from copilot.loop.links import Link
from copilot.loop.tasks import FollowUp
from serve.routes.diagnoses import LinkOut
from serve.routes.wire import Asked, Moment, PrincipalDep, SeenDep, Words, the_house
from serve.times import with_iso
from serve.wiring import House

router = APIRouter(prefix="/v1/deliveries", tags=["diagnoses"])


class RevokeIn(Asked):
    reason: Words = Field(max_length=500, description="Why the link is closed.")


class OutcomeIn(Asked):
    outcome: Literal["done", "dropped"] = "done"


@router.get("")
def links(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    client_id: str | None = None,
    report_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Links of the caller's clients, the newest first, with what the clients did where they agreed to its record."""
    house = the_house(request)
    found = house.links.list(principal=principal, client_id=client_id, report_id=report_id, limit=limit)
    seen.page("delivery", [(each.client_id, each.id) for each in found])
    return {"deliveries": [link_json(house, each) for each in found]}


@router.post("/{link_id}/revoke")
def revoke(link_id: str, body: RevokeIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> LinkOut:
    """Close a link at once and for good."""
    link = the_house(request).links.revoke(link_id, reason=body.reason, principal=principal)
    seen.view("delivery", [(link.client_id, link.id)])
    return LinkOut.of(link)


@router.get("/tasks")
def tasks(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    advisor: str | None = None,
    due_before: Annotated[Moment | None, Query(description="ISO 8601 with a zone.")] = None,
    state: Literal["open", "done", "dropped"] = "open",
    limit: int = 100,
) -> dict[str, Any]:
    """What advisors are to do after sending, the first due first."""
    found = the_house(request).report_tasks.list(
        principal=principal, advisor_id=advisor, due_before=due_before, state=state, limit=limit
    )
    seen.page("delivery_task", [(each.client_id, each.id) for each in found])
    return {"tasks": [task_json(each) for each in found]}


@router.post("/tasks/{task_id}/done")
def done(
    task_id: str, request: Request, principal: PrincipalDep, seen: SeenDep, body: OutcomeIn | None = None
) -> dict[str, Any]:
    """Close a task; the same outcome twice changes nothing."""
    outcome = body.outcome if body else "done"
    task = the_house(request).report_tasks.close(task_id, outcome=outcome, principal=principal)
    seen.view("delivery_task", [(task.client_id, task.id)])
    return task_json(task)


@router.get("/effect")
def effect(request: Request, principal: PrincipalDep, days: Annotated[int, Query(ge=1, le=365)] = 30) -> dict[str, Any]:
    """Clients who were sent a report against comparable ones who were not, `days` later; figures of groups only."""
    house = the_house(request)
    return house.effect_study.run(days=days, today=house.today(), principal=principal).json()


def link_json(house: House, link: Link) -> dict[str, Any]:
    """A link with its reactions, as the API and the command line show it."""
    reactions = [with_iso(asdict(each)) for each in house.reactions.of(link)]
    return {**LinkOut.of(link).model_dump(exclude={"url"}), "reactions": reactions}


def task_json(task: FollowUp) -> dict[str, Any]:
    """A task, likewise."""
    return with_iso(asdict(task))
