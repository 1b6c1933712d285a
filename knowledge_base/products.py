"""Products the firm knows, and the resolver that finds which of them a question names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Engine

from knowledge_base.access import Principal


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product (a share class has its own code); None where nobody has told us."""

    code: str
    name: str  # short name
    full_name: str | None = None
    aliases: tuple[str, ...] = ()
    main_code: str | None = None  # the fund a share class belongs to
    share_class: str | None = None  # "A", "C"
    company: str | None = None
    manager: str | None = None
    kind: str | None = None  # 股票型, 混合型, 债券型, 货币型, QDII, ...
    benchmark: str | None = None
    risk_level: str | None = None  # "R1".."R5"
    risk_source: str | None = None
    risk_as_of: date | None = None
    on_sale_from: date | None = None
    on_sale_to: date | None = None
    minimum_cny: Decimal | None = None
    restricted_reason: str | None = None  # not None: on the restricted list today

    @property
    def restricted(self) -> bool:
        return self.restricted_reason is not None

    def on_shelf(self, on: date) -> bool:
        """True when the firm sells it on that day; a product without a first day of sale is not sold."""
        if self.on_sale_from is None or self.restricted:
            return False
        return self.on_sale_from <= on and (self.on_sale_to is None or on <= self.on_sale_to)


@dataclass(frozen=True, kw_only=True)
class ProductMatch:
    """A product that a question names, by the words at question[start:end]."""

    codes: tuple[str, ...]  # all share classes of the fund, or the one class that was named
    name: str
    start: int
    end: int
    score: float  # 1.0 exact code or name; lower for partial names and typos
    how: str  # code | full | short | alias | partial | sound


@dataclass(frozen=True, kw_only=True)
class PeriodMatch:
    """A period that a question names; exactly one of `period` and `window` is set (see Fact)."""

    period: str | None
    window: str | None
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class MetricMatch:
    """A metric that a question names; `id` is an attribute of facts."""

    id: str
    label: str  # Chinese name for people
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class ResolvedQuestion:
    """What a question names; `ambiguous` holds groups of candidates of which only one can be meant."""

    question: str
    products: tuple[ProductMatch, ...] = ()
    ambiguous: tuple[tuple[ProductMatch, ...], ...] = ()
    periods: tuple[PeriodMatch, ...] = ()
    metrics: tuple[MetricMatch, ...] = ()

    @property
    def product_codes(self) -> tuple[str, ...]:
        """Codes of all products named without doubt."""
        return tuple(code for match in self.products for code in match.codes)


class Products:
    """Products in the database: imported ones, and those that synced documents name."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, code: str, *, principal: Principal) -> Product:
        """Raises UnknownProductError."""
        raise NotImplementedError

    def list(self, *, principal: Principal, on_shelf: date | None = None) -> tuple[Product, ...]:
        """All products, or those on the shelf on a day, by code."""
        raise NotImplementedError

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion:
        """Products, periods and metrics that the question names; relative years count from `today`."""
        raise NotImplementedError

    def names(self, *, principal: Principal) -> Sequence[str]:
        """All known product names, for a tokeniser's dictionary."""
        raise NotImplementedError
