"""Tags and segments over HTTP: pick by tags, count, keep, and lists of clients with their approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from intent.segments.exports import ListExport
from intent.segments.pick import MOST_TAGS, Pick
from intent.segments.store import PICKERS, Segment
from serve.routes.wire import Asked, PrincipalDep, SeenDep, the_house
from serve.segment_desk import SegmentDesk, pick_json
from serve.times import iso

router = APIRouter(prefix="/v1", tags=["segments"])
LONGEST_REASON = 2000
CHUNK = 64 * 1024
Tags = Annotated[list[str], Field(max_length=MOST_TAGS)]


class PickIn(Asked):
    all_of: Tags = Field(default_factory=list)
    any_of: Tags = Field(default_factory=list)
    none_of: Tags = Field(default_factory=list)

    def pick(self) -> Pick:
        return Pick(all_of=tuple(self.all_of), any_of=tuple(self.any_of), none_of=tuple(self.none_of))


class SegmentIn(PickIn):
    zh: str = Field(max_length=120, description="Title, for people.")
    expires_on: date = Field(description="Last day; 366 days ahead at most, by default.")
    owner: str = Field("", max_length=64, description="User id; by default the caller.")


class ReasonIn(Asked):
    reason: str = Field(max_length=LONGEST_REASON, description="Why; kept in the audit log.")


class DecisionIn(ReasonIn):
    approve: bool


@router.get("/tags")
def tags(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Tags in force with how many of the caller's clients have them; `as_of` is the day they were brought to."""
    store = the_house(request).segments
    found = [
        {"id": t.id, "zh": t.zh, "about": t.about, "owner": t.owner, "expires": t.expires, "clients": t.clients}
        for t in store.tags(principal=principal)
    ]
    return {"tags": found, "as_of": store.as_of()}


@router.get("/clients/{client_id}/tags")
def tags_of(client_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> list[dict[str, Any]]:
    """Tags of one client, the newest first."""
    house = the_house(request)
    house.clients.get(client_id, principal=principal)
    rules = house.tag_rules.by_id
    found = house.segments.tags_of(client_id, principal=principal)
    seen.view("tags", [(client_id, tag) for tag in found])
    return [{"id": tag, "zh": rules[tag].zh if tag in rules else tag, "since": day} for tag, day in found.items()]


@router.post("/segments/count")
def count(what: PickIn, request: Request, principal: PrincipalDep) -> dict[str, int]:
    """How many clients a pick would hold, whom the caller may see."""
    return {"clients": the_house(request).segments.count(what.pick(), principal=principal)}


@router.get("/segments")
def segments(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Every segment, by name."""
    principal.require("list segments", *PICKERS)
    house = the_house(request)
    return [segment_json(each, house.today()) for each in house.segments.all()]


@router.put("/segments/{name}")
def save(name: str, what: SegmentIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Keep a pick under a name; only its owner, or operations, may change it."""
    house = the_house(request)
    saved = house.segments.save(
        name, zh=what.zh, pick=what.pick(), expires_on=what.expires_on, owner=what.owner, principal=principal
    )
    return segment_json(saved, house.today())


@router.delete("/segments/{name}", status_code=204)
def remove(name: str, request: Request, principal: PrincipalDep) -> None:
    """Forget a segment; lists that were made of it stay in the log."""
    the_house(request).segments.remove(name, principal=principal)


@router.get("/segments/{name}/members")
def members(name: str, request: Request, principal: PrincipalDep, cursor: str = "", limit: int = 100) -> dict[str, Any]:
    """Ids of the clients whom the caller may see; `cursor` is the last id of the page before."""
    desk = SegmentDesk(the_house(request), principal)
    found = desk.members(name, after=cursor, limit=min(max(limit, 1), 1000))
    return {"clients": list(found), "cursor": found[-1] if found else None}


@router.post("/segments/{name}/lists")
def ask(name: str, what: ReasonIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Ask for a list; above a size another person approves it first."""
    return list_json(SegmentDesk(the_house(request), principal).ask(name, reason=what.reason))


@router.get("/lists")
def lists(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Lists that the caller asked for, and every list for those who approve; the newest first."""
    return [list_json(each) for each in the_house(request).lists.asked(principal=principal)]


@router.post("/lists/{list_id}/decision")
def decide(list_id: str, what: DecisionIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Approve or refuse another person's list."""
    desk = SegmentDesk(the_house(request), principal)
    return list_json(desk.decide(list_id, approve=what.approve, reason=what.reason))


@router.get("/lists/{list_id}/file", response_class=StreamingResponse)
def fetch(list_id: str, request: Request, principal: PrincipalDep) -> StreamingResponse:
    """An approved list as CSV, for the person who asked; written into the audit log first."""
    file = TemporaryFile("w+", encoding="utf-8-sig", newline="")  # noqa: SIM115 - closed when it was sent
    try:
        SegmentDesk(the_house(request), principal).write_csv(list_id, file)
    except BaseException:
        file.close()
        raise
    file.flush()
    headers = {"content-disposition": f'attachment; filename="{list_id}.csv"'}
    return StreamingResponse(_sent(file), media_type="text/csv; charset=utf-8", headers=headers)


def _sent(file: Any) -> Iterator[bytes]:
    with file:
        raw = file.buffer
        raw.seek(0)
        while part := raw.read(CHUNK):
            yield part


def segment_json(segment: Segment, today: date) -> dict[str, Any]:
    """A segment as the API and the command line give it."""
    return {
        "name": segment.name, "zh": segment.zh, **pick_json(segment.pick), "owner": segment.owner,
        "expires_on": segment.expires_on.isoformat(), "expired": segment.expired(today),
        "updated_at": iso(segment.updated_at),
    }  # fmt: skip


def list_json(found: ListExport) -> dict[str, Any]:
    """A list as the API and the command line give it."""
    return {
        "id": found.id, "segment": found.segment, "zh": found.zh, "state": found.state, "clients": found.clients,
        "left_out": found.left_out, "reason": found.reason, "asked_by": found.asked_by,
        "asked_at": iso(found.asked_at), "decided_by": found.decided_by, "decision": found.decision,
        "fetch_until": iso(found.fetch_until), "fetched_at": iso(found.fetched_at),
    }  # fmt: skip
