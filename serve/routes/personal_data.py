"""Rights of the person the data is about, over HTTP: statement of use, copy of what is held, the way out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.personal_data import export_client, statement
from serve.routes.wire import Asked, PrincipalDep, SeenDep, Words, the_house

router = APIRouter(prefix="/v1", tags=["personal data"])


class ReasonIn(Asked):
    reason: Words = Field(max_length=1000, description="Who asked, and how they showed who they are.")


class SwitchIn(Asked):
    on: bool = Field(description="False turns personalised service off for the client.")
    why: Words = Field(max_length=2000, description="The signed document, or how the client told you.")


@router.get("/personal-data/statement")
def told(principal: PrincipalDep) -> dict[str, Any]:
    """What data is held, for what and how long, and what a client may ask for."""
    return statement()


@router.post("/clients/{client_id}/export", response_class=Response)
def export(client_id: str, what: ReasonIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> Response:
    """Everything that is held on a client as a ZIP file of JSON, for officers; logged with its reason."""
    house = the_house(request)
    made = export_client(house, client_id, reason=what.reason, principal=principal)
    seen.export("personal data", [(client_id, client_id)])
    return Response(
        made,
        media_type="application/zip",
        headers={"cache-control": "no-store", "content-disposition": 'attachment; filename="personal-data.zip"'},
    )


@router.put("/clients/{client_id}/personalised")
def switch(client_id: str, what: SwitchIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Turn personalised service off or on: an entry in the ledger of consents, in force at once."""
    house = the_house(request)
    state = ConsentState.GRANTED if what.on else ConsentState.WITHDRAWN
    proof = Proof(source="staff", why=what.why)
    entry = house.consents.record(client_id, Purpose.PERSONALISED, state, proof, principal=principal)
    data = {"id": entry.id, "purpose": entry.purpose, "state": entry.state, "version": entry.version}
    house.audit.append(event="consent.recorded", actor=principal.user_id, subject=client_id, data=data)
    seen.view("consent", [(client_id, entry.id)])
    return {"client_id": client_id, "personalised": what.on, "version": entry.version}
