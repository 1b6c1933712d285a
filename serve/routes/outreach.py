"""Outreach over HTTP: one text to a segment, judged for each client; cleared texts as a file for the firm's channel."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Self

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from copilot.outreach import CLEARED, MOST, SENDERS, Outreach, Wanted
from serve.rights.exports import OUTREACH
from serve.routes.wire import Asked, PrincipalDep, SeenDep, Words, the_house
from serve.times import with_iso

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from serve.wiring import House

router = APIRouter(prefix="/v1/outreach", tags=["outreach"])
LONGEST = 2000


class OutreachIn(Asked):
    segment: str = Field(min_length=1, max_length=60)
    channel: str = Field(min_length=1, max_length=32, pattern="^[a-z0-9_-]+$", description="Of the firm, e.g. wecom.")
    why: Words = Field(max_length=1000)
    template: str | None = Field(None, max_length=LONGEST, description="With ${client} and ${adviser}.")
    wording: str | None = Field(
        None, max_length=80, pattern=r"^[a-z0-9_-]+:\d{1,6}$", description="Approved: id:version."
    )

    @model_validator(mode="after")
    def one_text(self) -> Self:
        if (self.template is None) == (self.wording is None):
            raise ValueError("template 和 wording 须填且只填一个：请核对后再提交")
        return self

    def wanted(self) -> Wanted:
        name, _, version = (self.wording or "").partition(":")
        return Wanted(
            segment=self.segment, channel=self.channel, why=self.why, template=self.template,
            wording=(name, int(version)) if self.wording else None,
        )  # fmt: skip


@router.post("", status_code=201)
def prepare(body: OutreachIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Bind and judge a text for each client of a segment whom the caller sees; nothing is sent."""
    return outreach_json(the_house(request), body.wanted(), principal, seen)


@router.get("")
def mine(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """One's own outreaches, the newest first, with how many texts are cleared, held and left out."""
    return [with_iso(asdict(each)) for each in the_house(request).outreach.mine(principal=principal)]


@router.get("/choices")
def choices(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """What an outreach may say word for word (approved wordings in force), and to how many clients at most."""
    principal.require("write to a segment", *SENDERS)
    house = the_house(request)
    found = house.wordings.in_force(house.today())
    return {
        "most": MOST,
        "wordings": [{"id": f"{w.id}:{w.version}", "question": w.question, "text": w.text} for w in found],
    }


@router.get("/{outreach_id}")
def read(outreach_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """What became of each text; for who made it, and officers."""
    return _shown(the_house(request).outreach.get(outreach_id, principal=principal), seen)


@router.get("/{outreach_id}/file", response_class=Response)
def fetch(outreach_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> Response:
    """The cleared texts, one JSON object a line, without who refused since; logged client by client.

    Above `limits.export_rows` another person approves it first (POST /v1/exports); `export` of every line holds the
    number of the file, who fetched it and when.
    """
    house = the_house(request)
    cleared = sum(each.state == CLEARED for each in house.outreach.get(outreach_id, principal=principal).texts)
    mark = house.exports.allow(OUTREACH, rows=cleared, principal=principal)
    told = house.outreach.cleared(outreach_id, principal=principal)
    seen.export("outreach", [(each["client_id"], outreach_id) for each in told])
    lines = "".join(json.dumps({**each, "export": mark}, ensure_ascii=False) + "\n" for each in told)
    return Response(lines, media_type="application/x-ndjson", headers={"cache-control": "no-store"})


def outreach_json(house: House, wanted: Wanted, principal: Principal, seen: SeenDep) -> dict[str, Any]:
    """Prepare an outreach and show it."""
    made = house.outreach.prepare(wanted, principal=principal)
    data = {
        "outreach": made.id, "segment": made.segment, "channel": made.channel, "wording": made.wording,
        "clients": len(made.texts), "cleared": sum(each.state == "cleared" for each in made.texts),
    }  # fmt: skip
    house.audit.append(event="outreach.prepared", actor=principal.user_id, data=data, payload={"why": made.why})
    return _shown(made, seen)


def _shown(found: Outreach, seen: SeenDep) -> dict[str, Any]:
    seen.view("outreach", [(each.client_id, found.id) for each in found.texts])
    return with_iso({**asdict(found), "texts": [asdict(each) for each in found.texts]})
