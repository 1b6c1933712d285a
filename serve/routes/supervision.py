"""Supervision over HTTP: spoken findings, risk indicators, and the mistakes that officers mark."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field, model_validator

from compliance_filters.finding import Draft, Target
from compliance_filters.review.indicators import Indicator, Period
from compliance_filters.review.judged import Judged
from compliance_filters.review.marking import LONGEST, Mark
from compliance_filters.review.mistake_files import case, current, training_lines
from knowledge_base.access import Principal
from serve import marks
from serve.rights.exports import MISTAKES
from serve.routes.review import LONGEST_REASON
from serve.routes.wire import Asked, PrincipalDep, SeenDep, the_house
from serve.seen import Seen
from serve.times import with_iso

if TYPE_CHECKING:
    from serve.wiring import House

router = APIRouter(prefix="/v1/compliance", tags=["supervision"])


class DisposeIn(Asked):
    how: Literal["registered", "called_back", "trained", "dismissed"] = Field(
        description="What was done; dismissed: misheard, or no violation."
    )
    note: str = Field(min_length=1, max_length=LONGEST_REASON)
    lead: Literal["release", "close"] = Field("release", description="What becomes of the leads that the words held.")


class MistakeIn(Asked):
    """One of item_id, audit_id and text says what was judged; quote, or start and end, what was meant in it."""

    item_id: str | None = Field(None, description="Review item or sample whose verdict was wrong.")
    audit_id: str | None = Field(None, description="Of any verdict in the audit log.")
    text: str | None = Field(None, max_length=LONGEST, description="A text that is given; it is judged for the mark.")
    target: Target = Field(Target.ADVISOR_MESSAGE, description="Of a text that is given, as are the next three.")
    client_id: str | None = None
    product_codes: list[str] = Field(default_factory=list, max_length=50)
    channel: str = Field("sidebar", pattern="^(sidebar|client|export)$")
    kind: Literal["false_alarm", "missed"]
    rule: str = Field(max_length=80)
    quote: str = Field("", description="The words that are meant; by default the only finding, or the whole text.")
    start: int | None = Field(None, ge=0, description="Offset of the first character, in place of the words.")
    end: int | None = Field(None, ge=1)
    verdict: str | None = Field(None, description="The right one; by default what the right findings lead to.")
    note: str = Field("", max_length=LONGEST_REASON)

    @model_validator(mode="after")
    def one_thing(self) -> Self:
        if sum(each is not None for each in (self.item_id, self.audit_id, self.text)) != 1:
            raise ValueError("item_id、audit_id 和 text 须填且只填一个：请核对后再提交")
        return self


class MistakeDecisionIn(Asked):
    approve: bool


@router.get("/spoken")
def spoken(
    request: Request, principal: PrincipalDep, seen: SeenDep, state: str = "open", cursor: str = "", limit: int = 50
) -> dict[str, Any]:
    """What advisors said that a rule forbids, with the second where it is heard; `state` may be `all`."""
    wanted = None if state == "all" else state
    found = the_house(request).spoken.list(principal=principal, state=wanted, after=cursor, limit=limit)
    seen.page("spoken", [(finding.client_id, finding.id) for finding in found])
    return {"findings": [with_iso(asdict(finding)) for finding in found], "cursor": found[-1].id if found else None}


@router.post("/spoken/{finding_id}")
def dispose(
    finding_id: str, body: DisposeIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """Dispose of a spoken finding; leads that nothing holds any more go on, or end."""
    house = the_house(request)
    done = house.dispose_spoken(finding_id, how=body.how, note=body.note, lead=body.lead, principal=principal)
    seen.view("spoken", [(done.finding.client_id, finding_id)])
    return {
        "finding": with_iso(asdict(done.finding)),
        "released": [lead.id for lead in done.released],
        "closed": [lead.id for lead in done.closed],
    }


@router.get("/indicators")
def indicators(
    request: Request,
    principal: PrincipalDep,
    by: Literal["rule", "advisor", "branch", "week"] = "rule",
    week: Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))] = None,
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
    return {"mistakes": [with_iso(asdict(mistake)) for mistake in found], "cursor": found[-1].id if found else None}


@router.post("/mistakes", status_code=201)
def mark(body: MistakeIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Mark a finding as a false alarm, or say what was missed; a later mark on a text replaces the earlier one."""
    house = the_house(request)
    meant = Mark(kind=body.kind, rule=body.rule, quote=body.quote, start=body.start, end=body.end,
                 verdict=body.verdict, note=body.note)  # fmt: skip
    made = marks.write(house, _judged(house, body, seen, principal), meant, principal=principal)
    return with_iso(asdict(made))


def _judged(house: House, body: MistakeIn, seen: Seen, principal: Principal) -> Judged:
    if body.item_id is not None:
        return marks.of_item(house, body.item_id, seen=seen, principal=principal)
    if body.audit_id is not None:
        return marks.of_verdict(house, body.audit_id, seen=seen, principal=principal)
    draft = Draft(text=body.text or "", target=body.target, by=principal.user_id)
    return marks.of_text(
        house, draft, client_id=body.client_id, product_codes=body.product_codes, channel=body.channel,
        principal=principal,
    )  # fmt: skip


@router.post("/mistakes/{mistake_id}")
def decide(mistake_id: str, body: MistakeDecisionIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Let a marked mistake become a test case, or not; another officer than the one who marked it decides."""
    done = the_house(request).mistakes.decide(mistake_id, approve=body.approve, principal=principal)
    return with_iso(asdict(done))


@router.get("/mistakes/export")
def export(request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Approved mistakes as evaluation cases and as training lines.

    Above `limits.export_rows` cases another person approves it first (POST /v1/exports); `export` of every case and
    line holds the number of the file, who fetched it and when.
    """
    house = the_house(request)
    found = house.mistakes.to_export(principal=principal)
    cases = current(found)
    mark = house.exports.allow(MISTAKES, rows=len(cases), principal=principal)
    seen.export("mistake", [(None, mistake.id) for mistake in cases])
    lines = training_lines(found, house.rule_pack)
    return {
        "cases": [{**case(each), "export": mark} for each in cases],
        "lines": [{**each, "export": mark} for each in lines],
    }


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
