"""Calls on their way over HTTP: what telephone systems tell, and calls that wait for somebody to say whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from pydantic import Field

from intent.call_records.record import record_of
from intent.call_records.row import CallRow, CallState
from serve.call_lane import REASONS
from serve.errors import NotFoundError
from serve.routes.wire import Asked, PrincipalDep, SeenDep, Wire, Words, the_house
from serve.seen import Seen

router = APIRouter(prefix="/v1", tags=["calls"])
MOST, PAGE = 1000, 50
Why = Annotated[str, Field(max_length=1000)]


class RecordsIn(Asked):
    """Call-detail records; fields as the columns of `tougu import call-records`."""

    records: list[dict[str, str | float | None]] = Field(min_length=1, max_length=MOST)


class ToldOut(Wire):
    """What became of a record."""

    id: str
    how: str = Field(description="new, changed, known (nothing new), or late: the call had been read.")
    state: str
    reason: str = Field(description="Why the call would not be read; empty where nothing hinders.")


class AssignIn(Asked):
    client_id: str = Field(min_length=1, max_length=64)
    advisor_id: str | None = Field(default=None, max_length=64)
    why: Why = ""


class AsideIn(Asked):
    why: Annotated[Words, Field(max_length=1000)]


class WaitingOut(Wire):
    """A call that is not read."""

    id: str
    state: str
    reason: str
    told: str = Field(description="The reason in words.")
    client_id: str | None
    advisor_id: str | None
    direction: str | None
    started_at: datetime | None
    arrived_at: datetime | None
    duration_s: float | None
    file: str | None
    lines: list[dict[str, str]] = Field(description="Last digits of the numbers, and whose: client, advisor, either.")
    candidates: dict[str, list[str]] = Field(description="Ids that share a number: client, advisor.")
    recording: bool = Field(description="Whether it can be heard.")

    @classmethod
    def of(cls, row: CallRow) -> WaitingOut:
        return cls(
            id=row.call_id, state=row.state.value, reason=row.reason, told=REASONS.get(row.reason, ""),
            client_id=row.client_id, advisor_id=row.advisor_id, direction=row.direction, started_at=row.started_at,
            arrived_at=row.arrived_at, duration_s=row.duration_s, file=row.file,
            lines=[{"role": side["role"], "tail": side["tail"]} for side in row.sides],
            candidates={who: list(ids) for who, ids in row.candidates.items()},
            recording=row.recording_path is not None and Path(row.recording_path).is_file(),
        )  # fmt: skip


class WaitingPage(Wire):
    calls: list[WaitingOut]
    cursor: str | None = Field(description="Pass it as `after` for the next page; null on the last.")


@router.post("/call-records")
def tell(body: RecordsIn, request: Request, principal: PrincipalDep) -> list[ToldOut]:
    """What a telephone system or a CRM tells of calls, before or after their recordings; all or nothing.

    Numbers are kept as keyed hashes alone. A call that waited for it is read now. 422 names the first bad record.
    """
    records = []
    for place, raw in enumerate(body.records):
        try:
            records.append(record_of(raw))
        except ValueError as error:
            raise HTTPException(422, f"records.{place} {error}.") from None
    told = the_house(request).call_records.tell(records, principal=principal)
    return [ToldOut(id=each.call_id, how=each.how, state=each.state.value, reason=each.reason) for each in told]


@router.get("/calls/lane")
def lane(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Where calls stand, how fast they are read, and what lies in the watched folder."""
    return the_house(request).call_lane.overview(datetime.now(UTC), principal=principal)


@router.get("/calls/unassigned")
def unassigned(request: Request, principal: PrincipalDep, seen: SeenDep, after: str = "") -> WaitingPage:
    """Calls of which nobody knows for certain whose they are, the oldest first."""
    return _page(request, principal, seen, CallState.UNASSIGNED, after)


@router.get("/calls/kept")
def kept(request: Request, principal: PrincipalDep, seen: SeenDep, after: str = "") -> WaitingPage:
    """Calls that are kept and not analysed, with the reason, the oldest first."""
    return _page(request, principal, seen, CallState.KEPT, after)


def _page(request: Request, principal: PrincipalDep, seen: SeenDep, state: CallState, after: str) -> WaitingPage:
    rows = the_house(request).call_records.parked(state, principal=principal, after=after, limit=PAGE + 1)
    shown = [WaitingOut.of(row) for row in rows[:PAGE]]
    seen.page("waiting call", [(each.client_id, each.id) for each in shown])
    return WaitingPage(calls=shown, cursor=shown[-1].id if len(rows) > PAGE else None)


@router.get("/calls/unassigned/{call_id}/audio", response_class=FileResponse)
def listen(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> FileResponse:
    """The recording of a call that waits, for whoever has to say whose it is; every playback is logged."""
    house = the_house(request)
    row = house.call_records.get(call_id, principal=principal)
    path = Path(row.recording_path or "")
    if row.state is not CallState.UNASSIGNED or not path.is_file():
        raise NotFoundError(f"The call {call_id} does not wait to be assigned, or its recording is gone.")
    house.recording_keeper.check_open(row.client_id)
    seen.playback("waiting call", [(row.client_id, call_id)])
    return FileResponse(path, headers={"cache-control": "no-store"}, content_disposition_type="inline")


@router.post("/calls/{call_id}/assign", status_code=202)
def assign(call_id: str, body: AssignIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> WaitingOut:
    """Say whose call it is; it is read then, if the client agreed to that. 409 for one that does not wait for it."""
    row = the_house(request).call_lane.assign(
        call_id, client_id=body.client_id, advisor_id=body.advisor_id, why=body.why, principal=principal
    )
    return _shown(row, seen)


@router.post("/calls/{call_id}/set-aside")
def set_aside(call_id: str, body: AsideIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> WaitingOut:
    """Say that a call is no client's, e.g. one between colleagues: it is kept and not asked about again."""
    return _shown(the_house(request).call_lane.set_aside(call_id, why=body.why, principal=principal), seen)


@router.post("/calls/{call_id}/read", status_code=202)
def read(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> WaitingOut:
    """Look at a kept call once more, e.g. when its client has agreed since; without consent it is kept again."""
    return _shown(the_house(request).call_lane.read_again(call_id, principal=principal), seen)


def _shown(row: CallRow, seen: Seen) -> WaitingOut:
    seen.view("waiting call", [(row.client_id, row.call_id)])
    return WaitingOut.of(row)
