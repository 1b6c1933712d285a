"""Consents over HTTP: what calls said of them, the ledger of a client, and what staff were told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from intent.follow_ups.access import may_handle
from intent.follow_ups.item import UNFINISHED, Kind, State
from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.routes.follow_ups import LONGEST, item_json
from serve.routes.wire import Asked, PrincipalDep, SeenDep, the_house
from serve.times import with_iso

router = APIRouter(prefix="/v1", tags=["consents"])


class ConfirmIn(Asked):
    purposes: list[Purpose] = Field(default_factory=list, description="What was meant, where the words did not tell.")
    client_id: str | None = Field(None, max_length=64, description="Of a caller whom nobody knew.")
    note: str = Field("", max_length=LONGEST)


class DismissIn(Asked):
    why: str = Field(min_length=1, max_length=LONGEST)


class ConsentIn(Asked):
    purpose: Purpose
    state: Literal["granted", "withdrawn"]
    call_id: str | None = Field(None, max_length=120)
    start_s: float | None = Field(None, ge=0, description="The second of the call at which it was said.")
    quote: str = Field("", max_length=LONGEST)
    why: str = Field("", max_length=LONGEST, description="The signed document, or how the client told you.")


@router.get("/consents")
def consents(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    state: Literal["unfinished", "asked", "applied", "closed"] = "unfinished",
    cursor: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """Changes of consent heard in calls: `asked` wait for a decision, `applied` stand in the ledger already."""
    house = the_house(request)
    states = UNFINISHED if state == "unfinished" else [State(state)]
    page = house.follow_ups.list(Kind.CONSENT, principal=principal, states=states, cursor=cursor, limit=limit)
    seen.page("consent", [(item.client_id, item.id) for item in page.items])
    found = [{**item_json(house, item), "may_decide": may_handle(item, principal)} for item in page.items]
    return {"consents": found, "cursor": page.cursor}


@router.post("/consents/{item_id}/confirm")
def confirm(item_id: str, what: ConfirmIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """What was heard is right; where it was asked about, the ledger changes now."""
    house = the_house(request)
    done = house.consents.confirm(
        item_id, principal=principal, purposes=what.purposes, client_id=what.client_id, note=what.note
    )
    _audit(house, "consent.confirmed", done.client_id, principal.user_id, {"id": item_id, "purposes": done.purposes})
    seen.view("consent", [(done.client_id, done.id)])
    return item_json(house, done)


@router.post("/consents/{item_id}/dismiss")
def dismiss(item_id: str, what: DismissIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """What was heard is not what the client meant; a ledger that changed says again what it said before."""
    house = the_house(request)
    done = house.consents.dismiss(item_id, what.why, principal=principal)
    _audit(house, "consent.dismissed", done.client_id, principal.user_id, {"id": item_id, "purposes": done.purposes})
    seen.view("consent", [(done.client_id, done.id)])
    return item_json(house, done)


@router.get("/clients/{client_id}/consents")
def of_client(client_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """What a client agrees to and refuses today, and every version with its proof, the newest first."""
    house = the_house(request)
    standing = house.consent_ledger.standing(client_id, principal=principal)
    entries = house.consent_ledger.history(client_id, principal=principal)
    seen.view("consent", [(client_id, client_id)])
    return {
        "client_id": client_id,
        "standing": {purpose.value: standing[purpose].value for purpose in Purpose if purpose in standing},
        "entries": [with_iso(asdict(entry)) for entry in entries],
    }


@router.post("/clients/{client_id}/consents", status_code=201)
def write(client_id: str, what: ConsentIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Write down what the client told you: a new version; nothing is changed or removed."""
    house = the_house(request)
    proof = Proof(source="staff", call_id=what.call_id, start_s=what.start_s, quote=what.quote, why=what.why)
    entry = house.consents.record(client_id, what.purpose, ConsentState(what.state), proof, principal=principal)
    told = {"id": entry.id, "purpose": entry.purpose, "state": entry.state, "version": entry.version}
    _audit(house, "consent.recorded", client_id, principal.user_id, told)
    seen.view("consent", [(client_id, entry.id)])
    return with_iso(asdict(entry))


def _audit(house: Any, event: str, client_id: str | None, actor: str, data: dict[str, Any]) -> None:
    house.audit.append(event=event, actor=actor, subject=client_id, data={**data}, payload=None)
