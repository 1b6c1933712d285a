"""A review context from plain data: the documented form of evaluation files, rule examples and the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from compliance_filters.finding import BoundFact, ProductInContext, ReviewContext, Source


def context_from_meta(meta: Mapping[str, Any]) -> ReviewContext:
    """Read `{"client_level","client_level_expires","products","sources","facts","today","channel",...}`.

    A product without `on_shelf` counts as on the shelf only when the mapping does not speak of the
    shelf at all; null means unknown. Raises ValueError or KeyError on a wrong date or a product without code.
    """
    return ReviewContext(
        today=_date(meta.get("today")) or datetime.now(UTC).date(),
        client_id=meta.get("client_id"),
        client_level=meta.get("client_level"),
        client_level_expires=_date(meta.get("client_level_expires")),
        client_names=tuple(meta.get("client_names") or ()),
        products=tuple(_product(item) for item in meta.get("products") or ()),
        sources=tuple(_source(item) for item in meta.get("sources") or ()),
        facts=tuple(_fact(item) for item in meta.get("facts") or ()),
        channel=meta.get("channel") or "sidebar",
        recommends=None if meta.get("recommends") is None else tuple(meta["recommends"]),
        adviser_name=meta.get("adviser_name"),
        adviser_licence=meta.get("adviser_licence"),
        check_numbers=meta.get("check_numbers"),
    )


def _product(item: Mapping[str, Any]) -> ProductInContext:
    return ProductInContext(
        code=str(item["code"]),
        name=str(item.get("name") or ""),
        risk_level=item.get("risk_level"),
        product_type=item.get("product_type") or item.get("type"),
        inception=_date(item.get("inception")),
        on_shelf=item.get("on_shelf", True),
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
