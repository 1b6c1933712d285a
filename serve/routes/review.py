"""The review queue over HTTP: doubts, escalations and samples for officers, and for a writer what became of theirs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from compliance_filters.finding import Finding
from compliance_filters.review.item import Answered, ReviewItem, ReviewSummary, View
from compliance_filters.rules.pack import RulePack
from serve.routes.wire import Asked, PrincipalDep, SeenDep, VerdictOut, Words, the_house
from serve.times import iso

router = APIRouter(prefix="/v1/compliance", tags=["review"])
LONGEST_TEXT = 4_000_000  # characters of an officer's text
LONGEST_REASON = 2_000


class ReasonIn(Asked):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, description="Why; kept, and told to the writer.")


class EditIn(ReasonIn):
    text: Words = Field(min_length=1, max_length=LONGEST_TEXT, description="The officer's text; it is judged again.")


class SampleIn(Asked):
    fine: bool = Field(description="False: the text should not have passed; a reason is then required.")
    reason: str = Field("", max_length=LONGEST_REASON)


@router.get("/reviews")
def reviews(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    view: View = View.OPEN,
    cursor: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """One page of a list without texts; `cursor` comes from the page before, null on the last one."""
    queue = the_house(request).review_queue
    page = queue.page(view, principal=principal, after=cursor, limit=limit)
    counts = queue.counts(principal=principal)
    # What waits is looked at all day long; who reads on and on counts.
    about = [(item.client_id, item.id) for item in page.items if item.client_id]
    (seen.page if cursor else seen.view)("review", about)
    return {"items": [summary_json(item) for item in page.items], "cursor": page.cursor, "counts": counts}


@router.get("/reviews/mine")
def mine(request: Request, principal: PrincipalDep, seen: SeenDep) -> list[dict[str, Any]]:
    """What became of the caller's own texts in doubt, with the text where it was approved."""
    found = the_house(request).review_queue.mine(principal=principal)
    seen.view("review", [(item.client_id, item.id) for item in found if item.text is not None])
    return [answered_json(item) for item in found]


@router.get("/reviews/{item_id}")
def review(item_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """One item with its texts, findings, context and history."""
    house = the_house(request)
    item = house.review_queue.get(item_id, principal=principal)
    seen.view("review", [(item.client_id, item.id)])
    return item_json(item, house.rule_pack)


@router.post("/reviews/{item_id}/approve")
def approve(item_id: str, body: ReasonIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Approve the text as it stands; `state` is seconded while another officer must approve too."""
    house = the_house(request)
    house.gate.release(item_id, reason=body.reason, principal=principal)
    return summary_json(house.review_queue.summary(item_id, principal=principal))


@router.post("/reviews/{item_id}/edit")
def edit(item_id: str, body: EditIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Approve another text, which passes the gate; where the verdict is return or block nothing is approved."""
    house = the_house(request)
    verdict = house.gate.edit(item_id, text=body.text, reason=body.reason, principal=principal)
    item = house.review_queue.summary(item_id, principal=principal)
    return {**summary_json(item), "verdict": VerdictOut.of(verdict).model_dump()}


@router.post("/reviews/{item_id}/reject")
def reject(item_id: str, body: ReasonIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Reject a text; its writer sees the reason."""
    house = the_house(request)
    house.gate.reject(item_id, reason=body.reason, principal=principal)
    return summary_json(house.review_queue.summary(item_id, principal=principal))


@router.post("/reviews/{item_id}/close")
def close(item_id: str, body: ReasonIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Deal with a confidential escalation."""
    house = the_house(request)
    house.decisions.close(item_id, reason=body.reason, principal=principal)
    return summary_json(house.review_queue.summary(item_id, principal=principal))


@router.get("/samples")
def samples(
    request: Request, principal: PrincipalDep, seen: SeenDep, cursor: str = "", limit: int = 50
) -> dict[str, Any]:
    """Delivered texts that were drawn for a look afterwards."""
    return reviews(request, principal, seen, View.SAMPLES, cursor, limit)


@router.post("/samples/{item_id}")
def sample(item_id: str, body: SampleIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Say whether a delivered text was fine."""
    house = the_house(request)
    house.decisions.judge_sample(item_id, fine=body.fine, reason=body.reason, principal=principal)
    return summary_json(house.review_queue.summary(item_id, principal=principal))


def summary_json(item: ReviewSummary) -> dict[str, Any]:
    """An item as lists carry it."""
    return {
        "id": item.id, "kind": item.kind.value, "state": item.state.value, "target": item.target.value,
        "created_at": iso(item.created_at), "created_by": item.created_by, "written_by": item.written_by,
        "client_id": item.client_id, "outcome": item.outcome, "rules": list(item.rules), "errors": list(item.errors),
        "rule_pack": item.rule_pack, "grave": item.grave, "confidential": item.confidential,
        "due_at": iso(item.due_at), "overdue": item.overdue, "first_by": item.first_by,
        "decided_by": item.decided_by, "decided_at": iso(item.decided_at), "reason": item.reason,
        "audit_id": item.audit_id,
    }  # fmt: skip


def item_json(item: ReviewItem, pack: RulePack) -> dict[str, Any]:
    """An item with its texts; the law is that of the rules in force today."""
    return {
        **summary_json(item), "text": item.text, "edited": item.edited, "context": dict(item.context),
        "findings": [_finding_json(finding, pack) for finding in item.findings],
        "history": [{"at": iso(s.at), "by": s.by, "act": s.act, "reason": s.reason} for s in item.history],
    }  # fmt: skip


def answered_json(item: Answered) -> dict[str, Any]:
    """What a writer sees."""
    return {
        "id": item.id, "state": item.state.value, "target": item.target.value, "client_id": item.client_id,
        "created_at": iso(item.created_at), "due_at": iso(item.due_at), "decided_at": iso(item.decided_at),
        "reason": item.reason, "text": item.text, "edited": item.edited,
    }  # fmt: skip


def _finding_json(finding: Finding, pack: RulePack) -> dict[str, Any]:
    rule = pack.rules.get(finding.rule)
    law = "" if rule is None else rule.law if rule.law_confirmed else f"{rule.law}（条文待核）"
    return {
        "rule": finding.rule, "zh": rule.zh if rule else finding.rule, "start": finding.start, "end": finding.end,
        "quote": finding.quote, "outcome": finding.outcome.word, "reason": finding.reason, "law": law,
        "suggestion": rule.suggestion if rule else None, "by": finding.by,
    }  # fmt: skip
