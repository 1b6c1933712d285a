"""Cases, tickets and incidents over HTTP: queue, one item with its history, and what is done with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from intent.errors import LeadNotFoundError
from intent.follow_ups.access import may_handle
from intent.follow_ups.item import UNFINISHED, Escalation, FollowUp, Incident, Kind, State
from intent.follow_ups.words import load_outages
from serve.routes.wire import Asked, PrincipalDep, SeenDep, the_house
from serve.times import iso, with_iso
from serve.users import OPERATOR

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from serve.wiring import House

router = APIRouter(prefix="/v1", tags=["follow-ups"])
LONGEST = 4000  # characters of an answer, an outcome or a reason
ACTS = {
    "contact": "The client was spoken to: of a case the clock of the answer runs from now on.",
    "answer": "The client has the answer, in words that are kept.",
    "close": "Close a ticket, or a case that was answered.",
    "reopen": "Take up again what was answered or closed; its clock begins anew.",
}


class AssignIn(Asked):
    handler: str = Field(min_length=1, max_length=64, description="User id; of a case never an advisor it concerns.")
    why: str = Field("", max_length=LONGEST)


class SaidIn(Asked):
    text: str = Field(min_length=1, max_length=LONGEST, description="What was said, answered, or why.")


class CauseIn(Asked):
    cause: str = Field(min_length=1, max_length=LONGEST, description="What the fault was; it closes the tickets too.")


def _routes_of(plural: str, kind: Kind, about: str) -> None:
    """The same routes for cases and tickets."""

    def many(
        request: Request,
        principal: PrincipalDep,
        seen: SeenDep,
        state: Literal["unfinished", "open", "assigned", "answered", "closed"] = "unfinished",
        mine: bool = False,
        cursor: str = "",
        limit: int = 50,
    ) -> dict[str, Any]:
        house = the_house(request)
        page = house.follow_ups.list(
            kind, principal=principal, states=UNFINISHED if state == "unfinished" else [State(state)],
            handler_id=principal.user_id if mine else None, cursor=cursor, limit=limit,
        )  # fmt: skip
        seen.page(kind, [(item.client_id, item.id) for item in page.items])
        return {plural: [item_json(house, item) for item in page.items], "cursor": page.cursor}

    def one(item_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
        house = the_house(request)
        item = _item(house, item_id, kind, principal)
        seen.view(kind, [(item.client_id, item.id)])
        happened = house.follow_ups.events(item_id, principal=principal)
        return {
            **item_json(house, item),
            "events": [with_iso(asdict(event)) for event in happened],
            "handlers": handlers(house, item),
        }

    def assign(
        item_id: str, what: AssignIn, request: Request, principal: PrincipalDep, seen: SeenDep
    ) -> dict[str, Any]:
        house = the_house(request)
        _item(house, item_id, kind, principal)
        handler = house.users.principal(what.handler)
        done = house.follow_ups.assign(item_id, handler, principal=principal, why=what.why)
        return _told(house, done, "assigned", what.handler, principal, seen)

    told = {
        "": ("GET", many, f"{about}: the most urgent first; `mine`: those that the caller handles."),
        "/{item_id}": ("GET", one, f"One of {about.lower()}, with its history and who may be given it."),
        "/{item_id}/assign": ("POST", assign, "Give it to somebody; 409 for one who may not handle it."),
        **{f"/{{item_id}}/{act}": ("POST", _act(kind, act), words) for act, words in ACTS.items()},
    }
    for path, (method, route, words) in told.items():
        router.add_api_route(f"/{plural}{path}", route, methods=[method], description=words)


def _act(kind: Kind, act: str) -> Any:
    def done(item_id: str, what: SaidIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
        house = the_house(request)
        _item(house, item_id, kind, principal)
        changed = getattr(house.follow_ups, act)(item_id, what.text, principal=principal)
        return _told(house, changed, act, what.text, principal, seen)

    return done


_routes_of("cases", Kind.CASE, "Complaints and fraud reports; never shown to the advisors they concern")
_routes_of("tickets", Kind.TICKET, "Tickets of the service desk")


@router.get("/incidents")
def incidents(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    state: Literal["open", "closed"] = "open",
    cursor: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """Faults told of by several clients, the latest first."""
    page = the_house(request).incidents.list(principal=principal, state=state, cursor=cursor, limit=limit)
    seen.page("incident", [(None, each.id) for each in page.items])
    return {"incidents": [incident_json(each) for each in page.items], "cursor": page.cursor}


@router.get("/incidents/{incident_id}")
def incident(incident_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """One incident with the tickets that the caller may see: its clients, and what they wanted to do in that time."""
    house = the_house(request)
    found = house.incidents.get(incident_id, principal=principal)
    tickets = house.incidents.tickets(found.id, principal=principal)
    seen.view("ticket", [(ticket.client_id, ticket.id) for ticket in tickets])
    return {**incident_json(found), "told_by": [item_json(house, ticket) for ticket in tickets]}


@router.post("/incidents/{incident_id}/close")
def close_incident(
    incident_id: str, what: CauseIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """Close an incident with its cause, and its unfinished tickets with it."""
    house = the_house(request)
    done, closed = house.incidents.close(incident_id, what.cause, principal=principal)
    seen.view("incident", [(None, done.id)])
    house.audit.append(
        event="incident.closed", actor=principal.user_id, subject=None,
        data={"incident": done.id, "number": done.number, "tickets": closed}, payload={"cause": what.cause},
    )  # fmt: skip
    return {**incident_json(done), "closed_tickets": closed}


def handlers(house: House, item: FollowUp) -> list[str]:
    """Users who may be given it."""
    known = (house.users.principal(user.id) for user in house.users.list(principal=OPERATOR))
    return [each.user_id for each in known if may_handle(item, each)]


def item_json(house: House, item: FollowUp) -> dict[str, Any]:
    """A case, ticket or consent as the API shows it."""
    plain = with_iso(asdict(item))
    del plain["look_at"]
    return {
        **plain,
        "zh": zh(house, item.intent),
        "system_zh": load_outages(house.settings.follow_ups.outages).names.get(item.system or ""),
        "nears": item.escalation == Escalation.NEARS,
        "overdue": item.escalation == Escalation.PASSED,
        "wishes": [{**wish, "zh": zh(house, wish["intent"])} for wish in item.wishes],
    }


def incident_json(found: Incident) -> dict[str, Any]:
    """An incident, likewise."""
    return {**with_iso(asdict(found)), "system_zh": load_outages().names.get(found.system, found.system)}


def zh(house: House, intent: str) -> str:
    return house.taxonomy[intent].zh if intent in house.taxonomy else intent


def _item(house: House, item_id: str, kind: Kind, principal: Principal) -> FollowUp:
    """Raises LeadNotFoundError also for an item of another kind."""
    item = house.follow_ups.get(item_id, principal=principal)
    if item.kind != kind:
        raise LeadNotFoundError(f"There is no {kind} {item_id} that you may see.")
    return item


def _told(house: House, item: FollowUp, act: str, words: str, principal: Principal, seen: SeenDep) -> dict[str, Any]:
    """Into the audit log, and back to the caller."""
    house.audit.append(
        event=f"{item.kind}.{act}", actor=principal.user_id, subject=item.client_id,
        data={"id": item.id, "number": item.number, "state": item.state, "due_at": iso(item.due_at)},
        payload={"words": words},
    )  # fmt: skip
    seen.view(item.kind, [(item.client_id, item.id)])
    return item_json(house, item)
