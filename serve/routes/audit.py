"""The audit log over HTTP, for officers: search by client, person, kind and time; each entry is proven when read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from compliance_filters.audit.read import search
from knowledge_base.access import Role
from serve.routes.wire import MOST_NUMBER, WORD, PrincipalDep, SeenDep, the_house
from serve.times import SHANGHAI, iso

router = APIRouter(prefix="/v1/audit", tags=["audit"])
READERS = (Role.COMPLIANCE, Role.SYSTEM)
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
SHOWN = 400  # characters of a text on the list


@router.get("/entries")
def entries(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    client: Annotated[str, Query(max_length=64, pattern=WORD)] = "",
    actor: Annotated[str, Query(max_length=120, pattern=WORD)] = "",
    event: Annotated[
        str, Query(max_length=40, pattern=WORD, description="A kind, or its beginning with a dot: `review.`")
    ] = "",
    first: Day = None,
    last: Day = None,
    before: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="`cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Entries that fit everything given, the newest first; days are those of China, both included.

    Texts of clients whose texts are sealed or erased are null.
    """
    principal.require("search the audit log", *READERS)
    found = search(
        the_house(request).audit,
        client_id=client or None,
        actor=actor,
        events=(event,) if event else (),
        since=_midnight(first),
        until=_midnight(last + timedelta(days=1)) if last else None,
        before=before,
        limit=limit + 1,
    )
    page = found[:limit]
    the_house(request).row_budget.take(len(page), principal=principal)
    seen.search("audit", [(client or None, entry.id) for entry in page])
    told = [
        {
            "seq": entry.seq, "id": entry.id, "at": iso(entry.at), "event": entry.event, "actor": entry.actor,
            "about_client": bool(entry.subject), "data": entry.data, "text": _text(entry.payload),
        }
        for entry in page
    ]  # fmt: skip
    return {"entries": told, "cursor": page[-1].seq if len(found) > limit else None}


def _midnight(day: date | None) -> datetime | None:
    """The beginning of a day in China."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC) if day else None


def _text(payload: Any) -> str | None:
    """What a text was, in short: of a verdict the text delivered, of other entries their first words."""
    if not payload:
        return None
    for name in ("text", "words", "reason", "note", "why", "original"):
        if isinstance(payload.get(name), str) and payload[name]:
            return str(payload[name])[:SHOWN]
    turns = payload.get("turns")
    return " / ".join(str(turn[3]) for turn in turns)[:SHOWN] if turns else None
