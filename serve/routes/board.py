"""The board over HTTP: leads of the day, claim, outcome, a client's card, and the supervisor's team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from intent.board.desk import TO_DO, wrong_reasons
from intent.follow_ups.item import Kind
from intent.leads.lead import LIVING, Lead, LeadState
from intent.leads.queue import body
from intent.notes.desk import Task
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Client, Holding
from knowledge_base.consents import ConsentState, Purpose, refusals
from serve.routes.follow_ups import item_json, zh
from serve.routes.wire import Asked, PrincipalDep, SeenDep, people_for, the_house
from serve.times import iso
from serve.users import OPERATOR

if TYPE_CHECKING:
    from serve.wiring import House

router = APIRouter(prefix="/v1", tags=["board"])
LONGEST = 2000
AGREEMENT = "advisory_agreement"  # the purpose under which a firm imports that a client signed one
LAST_CALLS = 5
PROMISES = 10  # open ones on a card, the first due first
HOLDINGS = 8  # positions on a card, the largest first
CASE_DESK = (Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)


class OutcomeIn(Asked):
    disposition: Literal["contacted", "won", "lost", "wrong"]
    reason: str = Field("", max_length=LONGEST, description="Of a wrong one: an id of `reasons`, or words.")


class ReassignIn(Asked):
    lead_ids: list[str] = Field(min_length=1, max_length=200)
    to: str = Field(min_length=1, max_length=64, description="User id of an advisor whom you see.")
    why: str = Field("", max_length=LONGEST)


@router.get("/staff")
def staff(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Users with their roles, for pages on which the operator says as whom they act."""
    known = people_for(request, principal)
    return [{"id": user.id, "roles": [role.value for role in user.roles]} for user in known]


@router.get("/board")
def board(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    view: Literal["todo", "contacted", "done"] = "todo",
    advisor: str | None = None,
    cursor: str = "",
) -> dict[str, Any]:
    """Leads of one advisor, one's own by default: what is overdue first. `done`: outcomes, the latest first."""
    house = the_house(request)
    page = house.board.page(view, principal=principal, advisor_id=advisor, cursor=cursor)
    # What is due is looked at all day long; who reads on and on counts.
    (seen.page if cursor else seen.view)("lead", [(lead.client_id, lead.id) for lead in page.leads])
    about = {lead.client_id for lead in page.leads}
    known = house.clients.some(about, principal=house.leads.entrusted(about, principal=principal))
    named = {client.id: client for client in known}
    return {
        "leads": lead_cards(house, page.leads, named),
        "cursor": page.cursor,
        "kept_back": page.kept_back,
        "reasons": [{"id": id_, "zh": words} for id_, words in wrong_reasons().items()],
    }


@router.post("/board/leads/{lead_id}/claim")
def claim(lead_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Take one lead; 409 where somebody was faster or the client may not be contacted any more."""
    house = the_house(request)
    return _one(house, house.board.claim(lead_id, principal=principal), seen)


@router.post("/board/leads/{lead_id}/outcome")
def outcome(lead_id: str, what: OutcomeIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Report what became of a claimed lead; a wrong one needs a reason."""
    house = the_house(request)
    done = house.board.outcome(lead_id, what.disposition, principal=principal, reason=what.reason)
    return _one(house, done, seen)


@router.post("/board/reassign")
def reassign(what: ReassignIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Give leads to another advisor of the branch, all or none; `withdrawn`: their clients no longer allow it."""
    house = the_house(request)
    given = house.board.reassign(what.lead_ids, what.to, principal=principal, why=what.why)
    seen.view("lead", [(lead.client_id, lead.id) for lead in given])
    withdrawn = [lead.id for lead in given if lead.state is LeadState.WITHDRAWN]
    return {"leads": [lead.id for lead in given if lead.id not in withdrawn], "withdrawn": withdrawn}


@router.get("/board/team")
def team(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Each advisor's leads in numbers; a number equal to `bound` means at least so many."""
    found = the_house(request).team.team(principal=principal)
    return {
        "members": [asdict(member) for member in found.members],
        "bound": found.bound,
        "since": iso(found.since),
    }


@router.get("/clients/{client_id}/card")
def card(client_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """What an advisor wants to know before calling: level, refusals, positions, last calls, promises, what is open.

    Of their own clients, and of those of a living lead of theirs.
    """
    house = the_house(request)
    principal = house.leads.entrusted([client_id], principal=principal)
    house.clients.get(client_id, principal=principal)
    shown = client_card(house, client_id, principal=principal)
    seen.view("client", [(client_id, client_id)])
    seen.view("call", [(client_id, call["id"]) for call in shown["calls"]])
    return shown


def client_card(house: House, client_id: str, *, principal: Principal) -> dict[str, Any]:
    """The card of a client whom the principal may see. Raises UnknownClientError."""
    client = house.clients.get(client_id, principal=principal)
    positions = sorted(house.clients.holdings(client_id, principal=principal), key=lambda h: -h.cost_cny)[:HOLDINGS]
    standing = house.consent_ledger.standing(client_id, principal=principal)
    living = house.leads.list(
        principal=principal, client_id=client_id, states=[state.value for state in LIVING], limit=20
    )  # fmt: skip
    names = {product.code: product.name for product in house.products.all(principal=OPERATOR)}
    tickets = house.follow_ups.of_client(client_id, Kind.TICKET, principal=principal)
    calls = house.notes.last_calls(client_id, principal=principal, limit=LAST_CALLS)
    promised = house.notes.tasks(principal=principal, client_id=client_id, limit=PROMISES)
    shown = {
        **_client_json(client),
        "goal": client.goal,
        "horizon_months": client.horizon_months,
        "do_not_disturb": sorted(refusals(standing)),
        "do_not_contact": standing.get(Purpose.CONTACT) is ConsentState.WITHDRAWN,
        "not_personalised": standing.get(Purpose.PERSONALISED) is ConsentState.WITHDRAWN,
        "agreement": client.agrees_to(AGREEMENT),
        "calls": [
            {"id": call.id, "at": iso(call.at), "minutes": round(call.duration_s / 60), "note": call.note}
            for call in calls
        ],
        "promises": [_promise(task) for task in promised],
        "level_expired": client.risk_level is not None and client.risk_level_on(house.today()) is None,
        "holdings": [_position(position, names) for position in positions],
        "consents": {purpose.value: state.value for purpose, state in standing.items()},
        "leads": lead_cards(house, living, {client.id: client}),
        "tickets": [item_json(house, ticket) for ticket in tickets],
    }
    if principal.has(*CASE_DESK):
        cases = house.follow_ups.of_client(client_id, Kind.CASE, principal=principal)
        shown["cases"] = [item_json(house, case) for case in cases]
    return shown


def lead_cards(house: House, leads: Sequence[Lead], named: Mapping[str, Client]) -> list[dict[str, Any]]:
    """Leads as the board shows them; a client whom the reader may not see has no name."""
    now = datetime.now(UTC)
    return [
        {
            **body(lead),
            "zh": zh(house, lead.intent),
            "reason": lead.reason,
            "lease_until": iso(lead.lease_until),
            "updated_at": iso(lead.updated_at),
            "overdue": lead.state.value in TO_DO and lead.due_at < now,
            "client": _client_json(named[lead.client_id]) if lead.client_id in named else None,
        }
        for lead in leads
    ]


def _one(house: House, lead: Lead, seen: SeenDep) -> dict[str, Any]:
    seen.view("lead", [(lead.client_id, lead.id)])
    return lead_cards(house, [lead], {})[0]


def _client_json(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "risk_level": client.risk_level,
        "risk_level_expires": client.risk_level_expires.isoformat() if client.risk_level_expires else None,
        "account_state": client.account_state,
        "assets_cny": None if client.assets_cny is None else str(client.assets_cny),
    }


def _promise(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "call_id": task.call_id,
        "what": task.what,
        "due_at": iso(task.due_at),
        "start_s": task.evidence[0].get("start_s") if task.evidence else None,
    }


def _position(position: Holding, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": position.product_code,
        "name": names.get(position.product_code, position.product_code),
        "units": str(position.units),
        "cost_cny": str(position.cost_cny),
        "as_of": position.as_of.isoformat(),
    }
