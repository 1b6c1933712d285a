"""The lead queue over HTTP: pull with leases, outcome back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from intent.leads.queue import body
from serve.routes.wire import PrincipalDep, SeenDep, Wire, the_house

router = APIRouter(prefix="/v1", tags=["leads"])


class ClaimIn(Wire):
    limit: int = Field(10, ge=1, le=1000, description="Leads to take at most.")
    lease_s: int | None = Field(None, ge=10, le=86_400, description="Seconds until a lead returns to the queue.")
    lines: list[str] = Field(default_factory=list, description="Only these product lines; empty = all.")


class DispositionIn(Wire):
    disposition: str = Field(pattern="^(contacted|won|lost|wrong)$")
    reason: str = Field("", max_length=2000)


@router.get("/leads")
def list_leads(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    state: str | None = None,
    cursor: str = "",
    limit: int = 100,
) -> dict[str, Any]:
    """Leads that the caller may see, by id; `cursor` is the last id of the page before."""
    found = the_house(request).leads.list(
        principal=principal, states=[state] if state else (), after=cursor, limit=min(max(limit, 1), 1000)
    )
    seen.view("lead", [(lead.client_id, lead.id) for lead in found])
    return {"leads": [body(lead) for lead in found], "cursor": found[-1].id if found else None}


@router.post("/leads/claim")
def claim(what: ClaimIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Lease the best offered leads; no lead goes to two claimers at once."""
    taken = the_house(request).leads.claim(
        principal=principal, limit=what.limit, lease_s=what.lease_s, lines=what.lines
    )
    seen.view("lead", [(lead.client_id, lead.id) for lead in taken])
    return {"leads": [body(lead) for lead in taken]}


@router.post("/leads/{lead_id}/disposition")
def disposition(
    lead_id: str, what: DispositionIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """Report what became of a claimed lead."""
    lead = the_house(request).leads.ack(lead_id, principal=principal, disposition=what.disposition, reason=what.reason)
    seen.view("lead", [(lead.client_id, lead.id)])
    return body(lead)


@router.get("/cases")
def cases(request: Request, principal: PrincipalDep, seen: SeenDep) -> list[dict[str, Any]]:
    """Open complaints and fraud reports, most urgent first; never shown to the advisor concerned."""
    found = the_house(request).leads.follow_ups("case", principal=principal)
    seen.view("case", [(c.client_id, c.id) for c in found])
    return [
        {"id": c.id, "intent": c.intent, "client_id": c.client_id, "call_id": c.call_id, "due_at": c.due_at.isoformat()}
        for c in found
    ]
