"""The lead queue over HTTP: pull with leases, outcome back, what time made of them, and letters that came back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from intent.leads.cursor import cursor_after, read_cursor
from intent.leads.endpoints import KEEPERS
from intent.leads.export import FORMATS, TYPES, export_leads
from intent.leads.lead import Lead, LeadState
from intent.leads.queue import TOPIC, body
from intent.leads.sql.rows import Wanted
from jobs.outbox import OutboxMessage
from serve.rights.exports import LEADS
from serve.routes.wire import Asked, PrincipalDep, SeenDep, the_house
from serve.seen import Seen

router = APIRouter(prefix="/v1", tags=["leads"])
Reason = Annotated[str, Field(max_length=2000)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50)]
LEASE = Field(None, ge=10, le=86_400, description="Seconds until a lead returns to the queue.")


class ClaimIn(Asked):
    limit: int = Field(10, ge=1, le=1000, description="Leads to take at most; leads.max_claim bounds it.")
    lease_s: int | None = LEASE
    lines: Names = Field(default_factory=list, description="Only these product lines; empty = all.")
    intents: Names = Field(default_factory=list, description="Only these intents; empty = all.")
    advisors: Names = Field(default_factory=list, description="Only leads of these advisors; empty = all.")
    branches: Names = Field(default_factory=list, description="Only leads of these branches; empty = all.")
    clients: Names = Field(default_factory=list, description="Only leads of these clients; empty = all.")
    min_score: float | None = Field(None, ge=0, le=1, description="Only leads of this score or more.")


class DispositionIn(Asked):
    disposition: str = Field(pattern="^(contacted|won|lost|wrong)$")
    reason: Reason = ""


class AckIn(Asked):
    disposition: str = Field("contacted", pattern="^(contacted|won|lost|wrong)$")
    reason: Reason = ""


class NackIn(Asked):
    why: Reason = ""


class ExtendIn(Asked):
    lease_s: int | None = LEASE


class OfferIn(Asked):
    to: str = Field(min_length=1, max_length=64, description="User id of the member of staff.")
    why: Reason = ""


@router.get("/leads")
def list_leads(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    state: LeadState | None = None,
    client_id: Annotated[str | None, Query(max_length=64)] = None,
    advisor_id: Annotated[str | None, Query(max_length=64)] = None,
    mine: Annotated[bool, Query(description="Only what the caller has claimed.")] = False,
    escalated: Annotated[bool, Query(description="Only those whose clock ran out.")] = False,
    cursor: Annotated[str, Query(max_length=400, description="Of the page before; opaque.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Leads that the caller may see, the oldest first; `cursor` leads to the next page; an empty page ends."""
    house = the_house(request)
    if client_id is not None:
        house.clients.get(client_id, principal=house.leads.entrusted([client_id], principal=principal))
    filters: dict[str, Any] = {
        "states": [state.value] if state else [], "client_id": client_id, "advisor_id": advisor_id,
        "owner": principal.user_id if mine else None, "escalated": escalated,
    }  # fmt: skip
    after = read_cursor(cursor, filters)
    found = house.leads.list(principal=principal, **filters, after=after, limit=limit)
    seen.page("lead", [(lead.client_id, lead.id) for lead in found])
    return {"leads": [body(lead) for lead in found], "cursor": cursor_after(found[-1].id, filters) if found else None}


@router.get("/leads/export", response_class=FileResponse)
def export(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    format: Annotated[str, Query(pattern="^(csv|xlsx|parquet)$")] = "csv",
) -> FileResponse:
    """Every lead that the caller may see as a file, without what was said; written into the audit log.

    Above `limits.export_rows` another person approves it first (POST /v1/exports). The column `export` of every row
    holds the number of the file, who fetched it and when.
    """
    house = the_house(request)
    mark = house.exports.allow(LEADS, rows=house.leads.count(principal=principal), principal=principal)
    folder = Path(mkdtemp(prefix="tougu-export-"))
    path = folder / f"leads{FORMATS[format]}"

    def remove() -> None:
        path.unlink(missing_ok=True)
        folder.rmdir()

    try:
        export_leads(
            house.leads, path, taxonomy=house.taxonomy, principal=principal, mark=mark,
            before=lambda page: seen.export("lead", [(lead.client_id, lead.id) for lead in page]),
        )  # fmt: skip
    except BaseException:
        remove()
        raise
    return FileResponse(
        path, media_type=TYPES[format], filename=path.name, headers={"cache-control": "no-store"},
        background=BackgroundTask(remove),
    )  # fmt: skip


@router.post("/leads/claim")
def claim(what: ClaimIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Lease the best offered leads; no lead goes to two claimers at once."""
    wanted = Wanted(
        lines=tuple(what.lines), intents=tuple(what.intents), advisors=tuple(what.advisors),
        branches=tuple(what.branches), clients=tuple(what.clients), min_score=what.min_score,
    )  # fmt: skip
    queue = the_house(request).leads
    return _shown(queue.claim(principal=principal, limit=what.limit, lease_s=what.lease_s, wanted=wanted), seen)


@router.get("/leads/{lead_id}")
def one(lead_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """One lead with everything that happened to it: who, when and why."""
    queue = the_house(request).leads
    lead = queue.get(lead_id, principal=principal)
    told = [
        {"event": e.event, "state": e.state.value, "by": e.by, "why": e.why, "at": e.at.isoformat()}
        for e in queue.events(lead_id, principal=principal)
    ]
    return {**_one(lead, seen), "events": told}


@router.post("/leads/{lead_id}/ack")
def ack(lead_id: str, what: AckIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Take a claimed lead over for good: contacted, or what became of it. The same report twice changes nothing."""
    queue = the_house(request).leads
    return _one(queue.ack(lead_id, principal=principal, disposition=what.disposition, reason=what.reason), seen)


@router.post("/leads/{lead_id}/nack")
def nack(lead_id: str, what: NackIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Give a claimed lead back to the queue."""
    return _one(the_house(request).leads.nack(lead_id, principal=principal, why=what.why), seen)


@router.post("/leads/{lead_id}/extend")
def extend(lead_id: str, what: ExtendIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Hold a claimed lead longer, counted from now."""
    return _one(the_house(request).leads.extend(lead_id, principal=principal, lease_s=what.lease_s), seen)


@router.post("/leads/{lead_id}/offer")
def offer(lead_id: str, what: OfferIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Put a waiting lead before another member of staff; a supervisor's, the CRM's and operations' right."""
    return _one(the_house(request).leads.offer(lead_id, what.to, principal=principal, why=what.why), seen)


@router.post("/leads/{lead_id}/disposition")
def disposition(
    lead_id: str, what: DispositionIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """Report what became of a claimed lead."""
    queue = the_house(request).leads
    return _one(queue.ack(lead_id, principal=principal, disposition=what.disposition, reason=what.reason), seen)


@router.get("/webhooks/dead")
def dead(
    request: Request, principal: PrincipalDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Messages about leads that were given up, the oldest first, and whether the receiver is sent anything."""
    principal.require("read dead letters", *KEEPERS)
    house = the_house(request)
    off = house.endpoints.disabled(TOPIC)
    given_up = house.outbox.dead(limit, topic=TOPIC)
    letters = [_letter(message, house.outbox.attempts(message.id)[-1].detail) for message in given_up]
    return {"disabled": off and {"url": off.url, "at": off.disabled_at.isoformat(), "why": off.why}, "dead": letters}


@router.post("/webhooks/dead/{message_id}/replay", status_code=202)
def replay(message_id: str, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Deliver a dead message after all, under its old id."""
    principal.require("replay dead letters", *KEEPERS)
    the_house(request).outbox.replay(message_id)
    return {"replayed": 1}


@router.post("/webhooks/dead/replay", status_code=202)
def replay_all(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Deliver every dead message about leads after all."""
    principal.require("replay dead letters", *KEEPERS)
    return {"replayed": the_house(request).outbox.replay_all(TOPIC)}


@router.post("/webhooks/enable")
def enable(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Send to the receiver again, after a 410 had stopped it."""
    return {"enabled": the_house(request).endpoints.enable(TOPIC, principal=principal)}


def _shown(found: Sequence[Lead], seen: Seen) -> dict[str, Any]:
    seen.view("lead", [(lead.client_id, lead.id) for lead in found])
    return {"leads": [body(lead) for lead in found]}


def _one(lead: Lead, seen: Seen) -> dict[str, Any]:
    seen.view("lead", [(lead.client_id, lead.id)])
    return body(lead)


def _letter(message: OutboxMessage, why: str) -> dict[str, Any]:
    """A dead message without what was said."""
    return {
        "id": message.id, "type": message.payload.get("type"), "lead": message.payload.get("id"),
        "created_at": message.created_at.isoformat(), "attempts": message.attempt, "why": why,
    }  # fmt: skip
