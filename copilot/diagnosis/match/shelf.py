"""Hard constraints: what may not be suggested to this client today, whatever its score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.match.suggestion import Snapshot
from copilot.diagnosis.metrics.costs import FeeSchedule
from copilot.diagnosis.suitability import level_number
from copilot.diagnosis.windows import old_enough
from knowledge_base.products import Product

OFF_SHELF, RESTRICTED, UNRATED, TOO_RISKY = "不在销售期", "在限制清单内", "没有风险等级", "高于客户风险等级"
NO_RECORD, SHORT_RECORD, FOREIGN, LOCKED = "没有可用的净值", "记录过短或有缺口", "以外币计价", "持有期长于投资期限"
TOO_SMALL, SAME_FUND = "低于起购金额", "与持仓是同一只基金"


@dataclass(frozen=True, kw_only=True)
class Investor:
    """The client as the match needs them; None where nobody has told us."""

    level: str | None  # C1..C5, valid today; None = none valid
    level_as_of: date | None = None
    level_expires: date | None = None
    questionnaire_id: str | None = None
    goal: str | None = None  # liquidity | preservation | income | growth
    horizon_months: int | None = None
    liquidity_cny: Decimal | None = None  # money needed within a year
    viewed: frozenset[str] | None = None  # codes looked at lately; None = not known or no consent


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A product of the shelf with what was measured of it."""

    product: Product
    analysis: FundAnalysis
    fees: FeeSchedule | None
    lock_months: int | None = None  # least holding period; None = none known


def barred(product: Product, investor: Investor, today: date) -> str | None:
    """Why the product may not be suggested, by the firm's own records; None where nothing speaks against it."""
    if product.restricted:
        return RESTRICTED
    if not product.on_shelf(today):
        return OFF_SHELF
    mine, its = level_number(investor.level), level_number(product.risk_level)
    if its is None:
        return UNRATED
    return None if mine is not None and its <= mine else TOO_RISKY


def unproven(analysis: FundAnalysis, months: int) -> str | None:
    """Why the record does not carry a suggestion: too short, with holes, or in another currency."""
    nav, measured = analysis.fund.nav, analysis.measured
    if nav.currency != "CNY":
        return FOREIGN
    start = max(analysis.fund.inception or nav.first_day, nav.first_day)
    if measured is None or not measured.told or not old_enough(start, nav.last_day, months):
        return SHORT_RECORD
    year = measured.window("近1年")
    return None if year is not None and year.own and not analysis.sparse else SHORT_RECORD


def unfitting(candidate: Candidate, investor: Investor, amount_cny: Decimal) -> str | None:
    """Why this sum cannot go into it: below the smallest purchase, or locked for longer than the client can wait."""
    least = candidate.product.minimum_cny
    if least is not None and amount_cny < least:
        return TOO_SMALL
    lock = candidate.lock_months or 0
    wait = investor.horizon_months
    needs_money = bool(investor.liquidity_cny)
    return LOCKED if lock and ((wait is not None and lock > wait) or needs_money) else None


def snapshot(candidate: Candidate, investor: Investor, today: date) -> Snapshot:
    """The evidence that the product fits, as it stands today."""
    product, nav = candidate.product, candidate.analysis.fund.nav
    assert investor.level is not None
    assert product.risk_level is not None
    return Snapshot(
        checked_on=today,
        client_level=investor.level,
        client_level_as_of=investor.level_as_of,
        client_level_expires=investor.level_expires,
        questionnaire_id=investor.questionnaire_id,
        product_level=product.risk_level,
        product_level_source=product.risk_source,
        product_level_as_of=product.risk_as_of,
        on_sale_from=product.on_sale_from,
        on_sale_to=product.on_sale_to,
        restricted=product.restricted,
        record_first_day=nav.first_day,
        record_last_day=nav.last_day,
    )
