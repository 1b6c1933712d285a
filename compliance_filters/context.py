"""A review context from plain data: the documented form of evaluation files, rule examples and the API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from compliance_filters.audit.entry import canonical
from compliance_filters.finding import BoundFact, Insistence, ProductInContext, Restricted, ReviewContext, Source


def context_from_meta(meta: Mapping[str, Any]) -> ReviewContext:
    """Read `{"client_level","client_level_expires","products","sources","facts","today","channel",...}`.

    A product whose mapping does not say `on_shelf` is not known to be sold, as one with null; `"shelf_kept": false`
    says that no shelf is kept in this context, and then it is on it. Raises ValueError or KeyError on a wrong date or a
    product without code.
    """
    otherwise = True if meta.get("shelf_kept") is False else None
    return ReviewContext(
        today=_date(meta.get("today")) or datetime.now(UTC).date(),
        client_id=meta.get("client_id"),
        client_level=meta.get("client_level"),
        client_level_expires=_date(meta.get("client_level_expires")),
        client_names=tuple(meta.get("client_names") or ()),
        products=tuple(_product(item, on_shelf=otherwise) for item in _list(meta, "products")),
        sources=(*(_source(item) for item in _list(meta, "sources")), *_stated(_list(meta, "facts"))),
        facts=tuple(_fact(item) for item in _list(meta, "facts") if _number(item) is not None),
        channel=meta.get("channel") or "sidebar",
        restricted=tuple(
            Restricted(code=str(r["code"]), name=str(r.get("name") or "")) for r in _list(meta, "restricted")
        ),
        insistence=tuple(_insistence(item) for item in _list(meta, "insistence")),
        recommends=None if meta.get("recommends") is None else tuple(meta["recommends"]),
        adviser_name=meta.get("adviser_name"),
        adviser_licence=meta.get("adviser_licence"),
        check_numbers=meta.get("check_numbers"),
    )


def case_context(meta: Mapping[str, Any]) -> ReviewContext:
    """The context of a case of an evaluation or a test, which tells of a shelf only where it is about the shelf.

    Never for texts of a service: there what nobody told of a product is not known. Raises as `context_from_meta` does.
    """
    return context_from_meta({"shelf_kept": False, **meta})


def snapshot(context: ReviewContext) -> dict[str, Any]:
    """The suitability, products, evidence and sources as they stood when a text was judged, for the audit log.

    Sources are named, not copied: their text lies in the knowledge base under its version. Of the restricted list and
    of the facts, which can be long, the digest shows whether a list that is laid before an officer was the one.
    """
    return {
        "today": context.today.isoformat(),
        "channel": context.channel,
        "client_level": context.client_level,
        "client_level_expires": _plain(context.client_level_expires),
        "adviser": [context.adviser_name, context.adviser_licence],
        "products": [{name: _plain(value) for name, value in asdict(product).items()} for product in context.products],
        "sources": [
            {"n": source.n, "title": source.title, "publisher": source.publisher, "date": _plain(source.published_on)}
            for source in context.sources
        ],
        "insistence": [{**asdict(signed), "signed_at": signed.signed_at.isoformat()} for signed in context.insistence],
        "restricted_list": _digested([[security.code, security.name] for security in context.restricted]),
        "facts_list": _digested([_plain_fact(fact) for fact in context.facts]),
    }


def to_meta(context: ReviewContext) -> dict[str, Any]:
    """The whole context as plain data; `context_from_meta` reads it back."""
    return {
        **snapshot(context),
        "client_id": context.client_id,
        "client_names": list(context.client_names),
        "sources": [
            {"n": s.n, "text": s.text, "title": s.title, "publisher": s.publisher, "date": _plain(s.published_on)}
            for s in context.sources
        ],
        "facts": [_plain_fact(fact) for fact in context.facts],
        "restricted": [asdict(security) for security in context.restricted],
        "recommends": None if context.recommends is None else list(context.recommends),
        "adviser_name": context.adviser_name,
        "adviser_licence": context.adviser_licence,
        "check_numbers": context.check_numbers,
    }


def _plain_fact(fact: BoundFact) -> dict[str, Any]:
    return {**asdict(fact), "value": str(fact.value)}


def _digested(items: Sequence[Any]) -> dict[str, Any]:
    """How many there were and the SHA-256 of their canonical JSON, in whatever order they came."""
    lines = sorted(canonical(item) for item in items)
    return {"count": len(lines), "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _list(meta: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return meta.get(key) or ()


def _insistence(item: Mapping[str, Any]) -> Insistence:
    return Insistence(
        document_id=str(item["document_id"]),
        sha256=str(item["sha256"]),
        signed_at=datetime.fromisoformat(str(item["signed_at"])),
        product=str(item["product"]),
        recording_id=str(item["recording_id"]),
        client_level=str(item["client_level"]),
        risk_level=str(item["risk_level"]),
    )


def _product(item: Mapping[str, Any], *, on_shelf: bool | None) -> ProductInContext:
    return ProductInContext(
        code=str(item["code"]),
        name=str(item.get("name") or ""),
        risk_level=item.get("risk_level"),
        product_type=item.get("product_type") or item.get("type"),
        inception=_date(item.get("inception")),
        on_shelf=item.get("on_shelf", on_shelf),
        restricted=bool(item.get("restricted", False)),
    )


def _source(item: Mapping[str, Any]) -> Source:
    return Source(
        n=int(item["n"]),
        text=str(item.get("text") or ""),
        title=str(item.get("title") or ""),
        publisher=item.get("publisher"),
        published_on=_date(item.get("date")),
    )


def _number(item: Mapping[str, Any]) -> Decimal | None:
    try:
        return Decimal(str(item["value"]))
    except InvalidOperation:
        return None


def _stated(facts: Sequence[Mapping[str, Any]]) -> Iterator[Source]:
    """Facts whose value is no number (a rank 23/180, a date): numbers may be bound to their words."""
    for item in facts:
        if _number(item) is None:
            words = (item.get("entity"), item.get("period"), item["name"], item["value"], item.get("unit"))
            yield Source(n=0, text=" ".join(str(word) for word in words if word))


def _fact(item: Mapping[str, Any]) -> BoundFact:
    return BoundFact(
        name=str(item["name"]),
        value=Decimal(str(item["value"])),
        unit=str(item.get("unit") or ""),
        period=item.get("period"),
        entity=item.get("entity"),
    )


def _date(value: Any) -> date | None:
    if not value:
        return None
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
