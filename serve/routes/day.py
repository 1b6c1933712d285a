"""The advisor's day over HTTP: whom to speak to today and why, and the card of a product while a client waits."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request

from copilot.day.desk import DayClient, DayList
from copilot.day.reasons import Proof, Reason
from copilot.product_card import ProductCard
from knowledge_base.products import FeeTier, Product
from serve.routes.wire import PrincipalDep, SeenDep, the_house

router = APIRouter(prefix="/v1", tags=["day"])


@router.get("/day")
def day(request: Request, principal: PrincipalDep, seen: SeenDep, advisor: str | None = None) -> dict[str, Any]:
    """Own clients to speak to today with the reasons, each with where it can be looked up; the most pressing first."""
    house = the_house(request)
    found = house.day.of(principal=principal, today=house.today(), advisor_id=advisor)
    seen.view("day", [(each.client.id, each.client.id) for each in found.clients])
    return day_json(found)


@router.get("/products/card")
def product(
    request: Request, principal: PrincipalDep, q: Annotated[str, Query(min_length=1, max_length=60)]
) -> dict[str, Any]:
    """The card of the product that a code, name, pinyin or its initials mean, and the others they may mean."""
    house = the_house(request)
    found = house.product_cards.find(q, principal=principal)
    card = house.product_cards.card(found[0].code, principal=principal, today=house.today()) if found else None
    return {
        "card": card_json(card) if card else None,
        "others": [{"code": each.code, "name": each.name, "risk_level": each.risk_level} for each in found[1:]],
    }


def day_json(found: DayList) -> dict[str, Any]:
    """The list as the API and the command line show it."""
    return {
        "day": found.day.isoformat(), "advisor": found.advisor_id, "more": found.more, "kept_back": found.kept_back,
        "clients": [_client(each) for each in found.clients],
    }  # fmt: skip


def _client(each: DayClient) -> dict[str, Any]:
    return {
        "id": each.client.id, "name": each.client.name, "risk_level": each.client.risk_level,
        "assets_cny": None if each.client.assets_cny is None else str(each.client.assets_cny),
        "points": each.points, "reasons": [_reason(reason) for reason in each.reasons],
    }  # fmt: skip


def _reason(reason: Reason) -> dict[str, Any]:
    proof = reason.proof
    return {
        "kind": reason.kind, "zh": reason.zh, "due": reason.due.isoformat() if reason.due else None,
        "call_id": proof.call_id, "start_s": proof.start_s, "quote": proof.quote, "lead_id": proof.lead_id,
        "task_id": proof.task_id, "version_id": proof.version_id, "link": link_of(proof),
    }  # fmt: skip


def link_of(proof: Proof) -> str | None:
    """The page where a proof is looked up: the call at its second, or the document."""
    if proof.version_id is not None:
        return f"/documents/{quote(proof.version_id, safe='')}"
    if proof.call_id is not None:
        return f"/calls/{quote(proof.call_id, safe='')}" + (f"#t={proof.start_s:g}" if proof.start_s else "")
    return None


def card_json(card: ProductCard) -> dict[str, Any]:
    """A product's card; every fact with the document and the day it stands for."""
    return {
        **_product(card.product, card.on_shelf),
        "facts": [
            {
                "label": each.label, "value": each.fact.value_text or str(each.fact.value), "unit": each.fact.unit,
                "period": each.fact.period, "as_of": each.fact.as_of, "source": each.title,
                "published_on": each.published_on,
                "link": f"/documents/{each.fact.version_id}?start={each.fact.start}&end={each.fact.end}#mark",
            }
            for each in card.facts
        ],
        "documents": [
            {"id": v.id, "title": v.title, "published_on": v.published_on, "link": f"/documents/{v.id}"}
            for v in card.documents
        ],
        "wordings": [
            {"id": w.id, "version": w.version, "question": w.question, "text": w.text, "approver": w.decided_by}
            for w in card.wordings
        ],
    }  # fmt: skip


def _product(product: Product, on_shelf: bool) -> dict[str, Any]:
    return {
        "code": product.code, "name": product.name, "full_name": product.full_name, "kind": product.kind,
        "company": product.company, "manager": product.manager, "manager_since": product.manager_since,
        "risk_level": product.risk_level, "risk_source": product.risk_source, "risk_as_of": product.risk_as_of,
        "on_shelf": on_shelf, "on_sale_from": product.on_sale_from, "on_sale_to": product.on_sale_to,
        "restricted": product.restricted_reason, "lock_months": product.lock_months,
        "minimum_cny": None if product.minimum_cny is None else str(product.minimum_cny),
        "subscription_fee": _tiers(product.subscription_fee), "redemption_fee": _tiers(product.redemption_fee),
    }  # fmt: skip


def _tiers(fee: tuple[FeeTier, ...]) -> list[dict[str, str | None]]:
    return [{"below": None if t.below is None else str(t.below), "percent": str(t.percent)} for t in fee]
