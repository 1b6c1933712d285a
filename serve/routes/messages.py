"""Sent = cleared over HTTP: what was sent and never cleared, and said, cleared and sent side by side."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request

from copilot.messages.reconcile import reconcile
from serve.routes.wire import PrincipalDep, SeenDep, the_house
from serve.times import with_iso

if TYPE_CHECKING:
    from copilot.messages.desk import ArchivedMessage
    from serve.rooms import Rooms

router = APIRouter(prefix="/v1/messages", tags=["messages"])
Day = Annotated[
    date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1), description="Of China; default yesterday.")
]


@router.get("/unmatched")
def unmatched(request: Request, principal: PrincipalDep, seen: SeenDep, day: Day = None) -> dict[str, Any]:
    """Messages of a day (by default yesterday) that nobody had cleared, judged afterwards, the gravest first."""
    house = the_house(request)
    of = day or yesterday(house)
    found = house.messages.unmatched(of, principal=principal)
    seen.view("message", [(each.client_id, each.id) for each in found])
    return {"day": of.isoformat(), "messages": [message_json(house, each) for each in found]}


@router.get("/report")
def report(request: Request, principal: PrincipalDep, seen: SeenDep, day: Day = None) -> dict[str, Any]:
    """Said (calls), cleared and sent of a day (by default yesterday), client by client."""
    house = the_house(request)
    of = day or yesterday(house)
    rows = reconcile(house.audit, of, principal=principal)
    seen.view("reconciliation", [(row.client_id, of.isoformat()) for row in rows])
    return {"day": of.isoformat(), "clients": [asdict(row) for row in rows]}


def yesterday(house: Rooms) -> date:
    """The last whole day in China: what compliance reads in the morning."""
    return house.today() - timedelta(days=1)


def message_json(house: Rooms, message: ArchivedMessage) -> dict[str, Any]:
    """A message with the Chinese names of the rules it breaks."""
    known = house.rule_pack.rules
    zh = [known[rule].zh if rule in known else rule for rule in message.rules]
    return with_iso({**asdict(message), "rules": list(message.rules), "zh": zh})
