"""Supervision over HTTP: spoken findings, risk indicators, and the mistakes that officers mark."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from compliance_filters.review.indicators import Indicator, Period
from compliance_filters.review.mistake_files import case, training_lines
from compliance_filters.review.mistakes import APPROVED, Mark
from serve.routes.review import LONGEST_REASON
from serve.routes.wire import PrincipalDep, SeenDep, Wire, the_house

router = APIRouter(prefix="/v1/compliance", tags=["supervision"])


class DisposeIn(Wire):
    how: Literal["registered", "called_back", "trained", "dismissed"] = Field(
        description="What was done; dismissed: misheard, or no violation."
    )
    note: str = Field(min_length=1, max_length=LONGEST_REASON)
    lead: Literal["release", "close"] = Field("release", description="What becomes of the leads that the words held.")


class MistakeIn(Wire):
    item_id: str = Field(description="Review item or sample whose verdict was wrong.")
    kind: Literal["false_alarm", "missed"]
    rule: str = Field(max_length=80)
    start: int = Field(ge=0, description="Offset of the first character that is meant, in the judged text.")
    end: int = Field(ge=1)
    verdict: str | None = Field(None, description="The right one; by default what the right findings lead to.")
    note: str = Field("", max_length=LONGEST_REASON)


class MistakeDecisionIn(Wire):
    approve: bool


@router.get("/spoken")
def spoken(
    request: Request, principal: PrincipalDep, seen: SeenDep, state: str = "open", cursor: str = "", limit: int = 50
) -> dict[str, Any]:
    """What advisors said that a rule forbids, with the second where it is heard; `state` may be `all`."""
    wanted = None if state == "all" else state
    found = the_house(request).spoken.list(principal=principal, state=wanted, after=cursor, limit=limit)
    seen.view("spoken", [(finding.client_id, finding.id) for finding in found])
    return {"findings": [asdict(finding) for finding in found], "cursor": found[-1].id if found else None}


@router.post("/spoken/{finding_id}")
def dispose(finding_id: str, body: DisposeIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Dispose of a spoken finding; leads that nothing holds any more go on, or end."""
    house = the_house(request)
    done = house.dispose_spoken(finding_id, how=body.how, note=body.note, lead=body.lead, principal=principal)
    return {
        "finding": asdict(done.finding),
        "released": [lead.id for lead in done.released],
        "closed": [lead.id for lead in done.closed],
    }


@router.get("/indicators")
def indicators(
    request: Request,
    principal: PrincipalDep,
    by: Literal["rule", "advisor", "branch", "week"] = "rule",
    week: date | None = None,
) -> list[dict[str, Any]]:
    """A week (the one `week` lies in, by default this one) against the four before it."""
    house = the_house(request)
    found = house.indicators.by(by, week=week or house.today(), principal=principal)
    return [indicator_json(indicator) for indicator in found]


@router.get("/mistakes")
def mistakes(
    request: Request, principal: PrincipalDep, state: str | None = None, cursor: str = "", limit: int = 50
) -> dict[str, Any]:
    """Mistakes that officers marked, with identifiers masked."""
    found = the_house(request).mistakes.list(
        principal=principal, state=state, after=cursor, limit=min(max(limit, 1), 200)
    )
    return {"mistakes": [asdict(mistake) for mistake in found], "cursor": found[-1].id if found else None}


@router.post("/mistakes", status_code=201)
def mark(body: MistakeIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Mark a finding as a false alarm, or say what was missed."""
    house = the_house(request)
    item = house.review_queue.get(body.item_id, principal=principal)
    meant = Mark(kind=body.kind, rule=body.rule, start=body.start, end=body.end, verdict=body.verdict, note=body.note)
    return asdict(house.mistakes.mark(item, meant, pack=house.rule_pack, principal=principal))


@router.post("/mistakes/{mistake_id}")
def decide(mistake_id: str, body: MistakeDecisionIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Let a marked mistake become a test case, or not; another officer than the one who marked it decides."""
    return asdict(the_house(request).mistakes.decide(mistake_id, approve=body.approve, principal=principal))


@router.get("/mistakes/export")
def export(request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Approved mistakes as evaluation cases and as training lines."""
    house = the_house(request)
    found = house.mistakes.all(APPROVED, principal=principal)
    seen.export("mistake", [(None, mistake.id) for mistake in found])
    return {"cases": [case(each) for each in found], "lines": list(training_lines(found, house.rule_pack))}


def indicator_json(indicator: Indicator) -> dict[str, Any]:
    """An indicator; a rate is null where there are too few texts."""
    return {
        "key": indicator.key,
        "week": _period_json(indicator.week),
        "before": _period_json(indicator.before),
        "change": indicator.change,
    }


def _period_json(period: Period) -> dict[str, Any]:
    return {**asdict(period), "rate": period.rate, "review_rate": period.review_rate}
