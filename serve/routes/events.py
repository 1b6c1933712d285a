"""What clients do, over HTTP: events in batches, each counted once."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter, Request
from pydantic import Field

from knowledge_base.clients import BehaviourEvent
from serve.routes.wire import Asked, Moment, PrincipalDep, Wire, the_house

router = APIRouter(prefix="/v1", tags=["events"])
LONGEST_BATCH = 1000
LARGEST_CNY = Decimal("1e14")


class EventIn(Asked):
    id: str = Field(min_length=1, max_length=60, description="The sender's id: the same id twice counts once.")
    client_id: str = Field(min_length=1, max_length=60)
    kind: str = Field(max_length=60, description="login, product_view, deposit, maturity ..., or x_ and a name.")
    at: Moment = Field(description="Moment with its time zone; of a maturity the day to come.")
    product_code: str | None = Field(None, pattern="^[0-9A-Za-z]{1,20}$")
    amount_cny: Decimal | None = Field(None, gt=-LARGEST_CNY, lt=LARGEST_CNY, description="Yuan, as a string.")
    detail: str | None = Field(None, max_length=2000)

    def event(self) -> BehaviourEvent:
        code = self.product_code
        return BehaviourEvent(
            **{**self.model_dump(), "product_code": code.zfill(6) if code and code.isdigit() else code}
        )


class EventsIn(Asked):
    events: list[EventIn] = Field(min_length=1, max_length=LONGEST_BATCH)


class TakenOut(Wire):
    added: int = Field(description="Events that are new.")
    known: int = Field(description="Ids that had come before: nothing was changed for them.")


@router.post("/events")
def take(what: EventsIn, request: Request, principal: PrincipalDep) -> TakenOut:
    """Take events of clients, all or none; one that comes again, or late, is harmless."""
    taken = the_house(request).client_events.add([each.event() for each in what.events], principal=principal)
    return TakenOut(added=taken.added, known=taken.known)
