"""What a report reads of a fund: NAV and disclosures of the data source, names and fees of the firm's own records."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from copilot.diagnosis.errors import DiagnosisError, NavFileError
from knowledge_base.access import Principal
from knowledge_base.facts import Fact, FactStore
from knowledge_base.products import FeeTier, Product, Products
from mandarin.numerals import find_numerals

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundInput
    from copilot.diagnosis.data.provider import FundData
    from copilot.diagnosis.metrics.costs import FeeSchedule, Tier
    from copilot.diagnosis.series import DataNote

_log = logging.getLogger(__name__)
Part = TypeVar("Part")

_ATTRIBUTES = ("fund_manager", "manager_since", "net_asset_value", "minimum_holding")
_SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
_MONTHS = {"年": 12, "个月": 1, "月": 1}
_DAY = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})")
_DAYS_A_MONTH = 30


@dataclass(frozen=True, kw_only=True)
class FundRecords:
    """Reads funds for one report, as one principal may."""

    products: Products
    terms: FactStore | None
    source: FundData
    principal: Principal
    today: date

    def known(self, codes: Iterable[str]) -> dict[str, Product]:
        """Products by code, restricted or not as of today."""
        wanted = set(codes)
        return {product.code: product for product in self.shelf if product.code in wanted}

    @cached_property
    def shelf(self) -> tuple[Product, ...]:
        """Every product the firm knows; the match says what is on the shelf today."""
        return self.products.all(principal=self.principal, on=self.today)

    def fund(self, code: str, product: Product | None) -> FundInput:
        """All that is known of one fund. Raises DiagnosisError when it has no NAV that can be used."""
        return self._completed({code: self._read(code, product)}, {code: product})[code]

    def funds(self, products: Mapping[str, Product]) -> dict[str, FundInput]:
        """The funds whose NAV can be read; the report names the others as not judged."""
        found = {}
        for code, product in products.items():
            try:
                found[code] = self._read(code, product)
            except DiagnosisError:
                continue
        return self._completed(found, products)

    def lock_months(self, product: Product) -> int | None:
        """The least holding period: as imported, else as documents state it."""
        if product.lock_months is not None:
            return product.lock_months
        stated = [fact for fact in self._stated([product.code]) if fact.attribute == "minimum_holding"]
        return months_of(stated[0].value_text) if stated else None

    def _read(self, code: str, product: Product | None) -> FundInput:
        from copilot.diagnosis.analysis import FundInput
        from copilot.diagnosis.data.benchmark import contract_benchmark
        from copilot.diagnosis.data.calendars import fund_kind

        kind = fund_kind(product.kind if product else None)
        nav = self.source.nav(code, kind=kind, today=self.today)
        portfolio, unseen = _told(lambda: self.source.portfolio(code, self.today), "持仓披露")
        segments, unsplit = _told(lambda: self.source.segments(code, self.today), "分段归因")
        return FundInput(
            code=code,
            name=(product.full_name or product.name) if product else f"基金{code}",
            nav=replace(nav, notes=(*nav.notes, *unseen, *unsplit)),
            fund_type=product.kind if product else None,
            risk_level=product.risk_level if product else None,
            inception=product.inception if product else None,
            contract_benchmark=product.benchmark if product else None,
            own_benchmark=contract_benchmark(product.benchmark if product else None, self.source.index, kind=kind),
            portfolio=portfolio,
            segments=segments or (),
        )

    def _completed(
        self, funds: Mapping[str, FundInput], products: Mapping[str, Product | None] | Mapping[str, Product]
    ) -> dict[str, FundInput]:
        """The funds with manager, size and fees: as imported, else as documents in force state them."""
        from copilot.diagnosis.data.terms import fees_of

        stated = self._stated(list(funds))
        fees = fees_of(stated)
        found = {}
        for code, fund in funds.items():
            product, mine = products.get(code), [fact for fact in stated if fact.product_code == code]
            manager, since = _manager(product, mine)
            size, size_as_of = _size(product, mine)
            found[code] = replace(
                fund,
                fees=_with_imported(fees.get(code), product),
                manager=manager,
                manager_since=since,
                size_cny=size,
                size_as_of=size_as_of,
            )
        return found

    def _stated(self, codes: Sequence[str]) -> tuple[Fact, ...]:
        from copilot.diagnosis.data.terms import FEE_ATTRIBUTES

        if self.terms is None or not codes:
            return ()
        return self.terms.find(codes, (*FEE_ATTRIBUTES, *_ATTRIBUTES), principal=self.principal, on=self.today)


def _told(read: Callable[[], Part], what: str) -> tuple[Part | None, tuple[DataNote, ...]]:
    """A file beside the NAV, or None with a note: a row that cannot be read does not cost the whole report."""
    from copilot.diagnosis.series import DataNote, NoteLevel

    try:
        return read(), ()
    except NavFileError as error:
        _log.warning("%s", error)
        text = f"{what}文件有误，未采用：请核对文件后重新生成报告。"
        return None, (DataNote(kind="unread", level=NoteLevel.SERIOUS, text=text),)


def months_of(words: str) -> int | None:
    """A period in months: 三年, 3年, 180天; None where it is none."""
    found = next(iter(find_numerals(words)), None)
    if found is None:
        return None
    if found.unit in _MONTHS:
        return int(found.value * _MONTHS[found.unit])
    return ceil(found.value / _DAYS_A_MONTH) if found.unit in ("天", "日") else None


def _manager(product: Product | None, stated: Sequence[Fact]) -> tuple[str | None, date | None]:
    """Who manages the fund and since when; the latest of several who do it together decides."""
    if product and product.manager_since:
        return product.manager, product.manager_since
    latest = max((fact.as_of or date.min for fact in stated if fact.attribute == "manager_since"), default=None)
    of_latest = [f for f in stated if f.attribute == "manager_since" and (f.as_of or date.min) == latest]
    days = [date(*map(int, found.groups())) for fact in of_latest if (found := _DAY.search(fact.value_text))]
    names = [fact.value_text for fact in stated if fact.attribute == "fund_manager"]
    name = product.manager if product and product.manager else next(iter(names), None)
    return name, max(days, default=None)


def _size(product: Product | None, stated: Sequence[Fact]) -> tuple[Decimal | None, date | None]:
    """Net assets of the whole fund, the latest told; those of one share class alone say nothing of it."""
    if product and product.size_cny is not None and product.size_as_of:
        return product.size_cny, product.size_as_of
    told = [f for f in stated if f.attribute == "net_asset_value" and f.value is not None and not f.share_class]
    latest = max((fact.as_of for fact in told if fact.as_of), default=None)
    values = {_yuan(fact) for fact in told if fact.as_of == latest}
    return (values.pop(), latest) if len(values) == 1 and latest else (None, None)


def _yuan(fact: Fact) -> Decimal:
    scale = next((by for name, by in _SCALES.items() if name in (fact.unit or "")), Decimal(1))
    return (fact.value or Decimal(0)) * scale


def _with_imported(fees: FeeSchedule | None, product: Product | None) -> FeeSchedule | None:
    """The firm's own tiers come before those of documents."""
    from copilot.diagnosis.metrics.costs import FeeSchedule

    if product is None or not (product.subscription_fee or product.redemption_fee):
        return fees
    known = fees or FeeSchedule()
    return replace(
        known,
        subscription=_tiers(product.subscription_fee) or known.subscription,
        redemption=_tiers(product.redemption_fee) or known.redemption,
    )


def _tiers(stored: Sequence[FeeTier]) -> tuple[Tier, ...]:
    from copilot.diagnosis.metrics.costs import Tier

    return tuple(
        Tier(below=None if tier.below is None else float(tier.below), rate=float(tier.percent / 100)) for tier in stored
    )
