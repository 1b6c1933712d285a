"""Products the firm knows: imported ones with their shelf, and those that synced documents name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from knowledge_base.access import Principal
from knowledge_base.catalog import WRITERS, readable
from knowledge_base.errors import UnknownProductError
from knowledge_base.metadata import Metadata
from knowledge_base.periods import PeriodMatch as PeriodMatch
from knowledge_base.tables import product_names, products, restricted, versions


@dataclass(frozen=True, kw_only=True)
class FeeTier:
    """A fee that holds below a bound; the tiers of a fee rise."""

    below: Decimal | None  # None = without bound
    percent: Decimal


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
    inception: date | None = None  # the day its contract took effect
    on_sale_from: date | None = None
    on_sale_to: date | None = None
    minimum_cny: Decimal | None = None
    manager_since: date | None = None
    size_cny: Decimal | None = None  # net assets of the whole fund
    size_as_of: date | None = None
    subscription_fee: tuple[FeeTier, ...] = ()  # by amount in yuan
    redemption_fee: tuple[FeeTier, ...] = ()  # by days held
    lock_months: int | None = None
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
class RestrictedSecurity:
    """A product or share on the restricted list, with all names it is known by; often none for a share."""

    code: str
    names: tuple[str, ...]


def is_share(code: str) -> bool:
    """Whether a code of documents, facts and questions is a share's: with its exchange (690118.SH), unlike a fund's."""
    return "." in code


@dataclass(frozen=True, kw_only=True)
class ProductMatch:
    """A product or share that a question names, by the words at question[start:end]."""

    codes: tuple[str, ...]  # all share classes of the fund, or the one class that was named
    name: str
    start: int
    end: int
    score: float  # 1.0 exact code or name; lower for partial names and typos
    how: str  # code | full | short | alias | partial | sound

    @property
    def is_share(self) -> bool:
        return is_share(self.codes[0])


@dataclass(frozen=True, kw_only=True)
class MetricMatch:
    """A metric that a question names; `id` is an attribute of facts."""

    id: str
    label: str  # Chinese name for people
    start: int
    end: int
    spoken: bool = False  # named by a word of speech (涨了), not by its name: beside other words it is no figure


@dataclass(frozen=True, kw_only=True)
class ResolvedQuestion:
    """What a question names; `ambiguous` holds groups of candidates of which only one can be meant."""

    question: str
    products: tuple[ProductMatch, ...] = ()
    ambiguous: tuple[tuple[ProductMatch, ...], ...] = ()
    periods: tuple[PeriodMatch, ...] = ()
    metrics: tuple[MetricMatch, ...] = ()
    other_classes: tuple[str, ...] = ()  # letters of share classes named that no product named has

    @property
    def product_codes(self) -> tuple[str, ...]:
        """Codes of all products named without doubt."""
        return tuple(code for match in self.products for code in match.codes)


@dataclass(frozen=True, kw_only=True)
class KnownName:
    """A name of a product; `main_code` is the fund it belongs to (its own code without share classes)."""

    name: str
    code: str
    kind: str  # full | short | alias
    main_code: str
    share_class: str | None = None


class Products:
    """Products in the database; names that only a closed document tells are closed with it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, code: str, *, principal: Principal, on: date | None = None) -> Product:
        """The product, restricted or not on that day (today when None). Raises UnknownProductError."""
        found = self._read([code], principal, on)
        if not found:
            raise UnknownProductError(code)
        return found[0]

    def some(self, codes: Sequence[str], *, principal: Principal) -> tuple[Product, ...]:
        """Those of the codes that are known, by code; restricted or not today."""
        return self._read(codes, principal, None)

    def all(self, *, principal: Principal, on_shelf: date | None = None, on: date | None = None) -> tuple[Product, ...]:
        """All products by code, or those on the shelf on a day; restricted or not `on` a day (today when None)."""
        found = self._read(None, principal, on_shelf or on)
        return tuple(one for one in found if on_shelf is None or one.on_shelf(on_shelf))

    def restricted(self, *, principal: Principal, on: date) -> tuple[RestrictedSecurity, ...]:
        """The restricted list of a day by code, also of what is no product; names as open to the principal."""
        query = select(restricted.c.code, restricted.c.name).where(_in_force(on)).order_by(restricted.c.code)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        names: dict[str, list[str]] = {row.code: [row.name] if row.name else [] for row in rows}
        for known in self._names(principal, tuple(names)) if names else ():
            names[known.code].append(known.name)
        return tuple(RestrictedSecurity(code=code, names=tuple(dict.fromkeys(known))) for code, known in names.items())

    def names(self, *, principal: Principal) -> tuple[KnownName, ...]:
        """All names open to the principal, for resolving questions and for a tokeniser's dictionary."""
        return self._names(principal)

    def _names(self, principal: Principal, codes: Sequence[str] | None = None) -> tuple[KnownName, ...]:
        query = (
            select(product_names, products.c.main_code, products.c.share_class)
            .join(products, products.c.code == product_names.c.product_code)
            .outerjoin(versions, versions.c.id == product_names.c.source)
            .where(or_(product_names.c.source == "import", versions.c.indexed & readable(principal)))
            .order_by(product_names.c.product_code, product_names.c.name)
        )
        if codes is not None:
            query = query.where(product_names.c.product_code.in_(codes))
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(
            dict.fromkeys(
                KnownName(
                    name=row.name,
                    code=row.product_code,
                    kind=row.kind,
                    main_code=row.main_code or row.product_code,
                    share_class=row.share_class,
                )
                for row in rows
            )
        )

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion:
        """Products, periods and metrics that the question names; relative years count from `today`."""
        from knowledge_base.resolve import resolve  # it builds on the types above

        return resolve(question, self.names(principal=principal), today=today)

    def learn(self, version_id: str, metadata: Metadata, *, principal: Principal, connection: Connection) -> None:
        """Keep the names a document gives to products; imported products stay as they were imported."""
        principal.require("store products", *WRITERS)
        connection.execute(delete(product_names).where(product_names.c.source == version_id))
        by_code: dict[str, list[Any]] = defaultdict(list)
        for name in metadata.names:
            if not is_share(name.code):  # shares are known by their master alone
                by_code[name.code].append(name)
        for code, names in by_code.items():
            self._learn_one(version_id, code, names, metadata, connection)

    def _learn_one(
        self,
        version_id: str,
        code: str,
        names: Sequence[Any],
        metadata: Metadata,
        connection: Connection,
    ) -> None:
        known = connection.execute(select(products.c.source).where(products.c.code == code)).scalar()
        short = next((name for name in reversed(names) if name.kind == "short"), names[0])
        row = {
            "name": short.name,
            "full_name": next((name.name for name in names if name.kind == "full"), None),
            "main_code": short.main_code,
            "share_class": short.share_class,
            "company": metadata.publisher if metadata.document_type.startswith("fund_") else None,
            "source": version_id,
        }
        if known is None:
            connection.execute(insert(products).values(code=code, **row))
        elif known != "import":
            filled = {key: value for key, value in row.items() if value is not None}
            connection.execute(update(products).where(products.c.code == code).values(**filled))
        for text in {name.name: name for name in reversed(names)}.values():
            connection.execute(
                insert(product_names).values(name=text.name, product_code=code, source=version_id, kind=text.kind)
            )

    def _read(self, codes: Sequence[str] | None, principal: Principal, on: date | None) -> tuple[Product, ...]:
        day = on or datetime.now(UTC).date()
        query = (
            select(products, restricted.c.reason)
            .outerjoin(restricted, (restricted.c.code == products.c.code) & _in_force(day))
            .order_by(products.c.code)
        )
        if codes is not None:
            query = query.where(products.c.code.in_(list(codes)))
        names: dict[str, list[str]] = defaultdict(list)
        for known in self.names(principal=principal):
            names[known.code].append(known.name)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        open_rows = [row for row in rows if row.source == "import" or names[row.code]]
        return tuple(_product(row, names[row.code]) for row in open_rows)


def _in_force(day: date) -> ColumnElement[bool]:
    return (restricted.c.since <= day) & or_(restricted.c.until.is_(None), restricted.c.until >= day)


def _product(row: Row[Any], names: Sequence[str]) -> Product:
    return Product(
        code=row.code,
        name=row.name,
        full_name=row.full_name,
        aliases=tuple(name for name in names if name not in (row.name, row.full_name)),
        main_code=row.main_code,
        share_class=row.share_class,
        company=row.company,
        manager=row.manager,
        kind=row.kind,
        benchmark=row.benchmark,
        risk_level=row.risk_level,
        risk_source=row.risk_source,
        risk_as_of=row.risk_as_of,
        inception=row.inception,
        on_sale_from=row.on_sale_from,
        on_sale_to=row.on_sale_to,
        minimum_cny=row.minimum_cny,
        manager_since=row.manager_since,
        size_cny=row.size_cny,
        size_as_of=row.size_as_of,
        subscription_fee=_tiers(row.subscription_fee),
        redemption_fee=_tiers(row.redemption_fee),
        lock_months=row.lock_months,
        restricted_reason=row.reason,
    )


def _tiers(stored: Sequence[Sequence[str | None]] | None) -> tuple[FeeTier, ...]:
    return tuple(
        FeeTier(below=None if below is None else Decimal(below), percent=Decimal(str(rate)))
        for below, rate in stored or ()
    )
