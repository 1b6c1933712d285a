"""Each finding of the shipped rules: when it speaks, when it is silent, and when it says that it cannot judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from copilot.diagnosis.analysis import FundInput, analyse
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.rates import ConstantRate
from copilot.diagnosis.diagnose import judge_fund
from copilot.diagnosis.findings import Judgement
from copilot.diagnosis.measured.fund import Market
from copilot.diagnosis.metrics.costs import FeeSchedule
from tests.copilot.diagnosis.conftest import LAST

MakeFund = Callable[..., FundInput]


def judged(fund: FundInput, index: IndexSeries, market: Market | None = None) -> Judgement:
    return judge_fund(analyse(fund, index, market=market), None)


def rules_of(judgement: Judgement) -> set[str]:
    return {seen.rule for seen in judgement.observations}


@pytest.mark.parametrize(
    ("kind", "yearly", "speaks"),
    [("混合型-偏股", 0.0165, True), ("混合型-偏股", 0.015, False), ("债券型", 0.011, True), ("债券型", 0.008, False),
     ("指数型-股票", 0.011, True), ("货币型", 0.007, True), ("货币型", 0.003, False), ("FOF", 0.015, False)],
)  # fmt: skip
def test_a_fee_is_high_for_its_kind(
    make_fund: MakeFund, index: IndexSeries, kind: str, yearly: float, speaks: bool
) -> None:
    fund = replace(make_fund(), fund_type=kind, fees=FeeSchedule(management=yearly - 0.001, custody=0.001))
    found = judged(fund, index)
    assert any(rule.startswith("high_fee") for rule in rules_of(found)) is speaks
    assert "费用偏高" not in found.unjudged


@pytest.mark.parametrize(
    ("size", "rule"), [("30000000", "tiny_fund"), ("50000000", "small_fund"), ("199000000", "small_fund"), ("3e9", "")]
)
def test_a_small_fund_may_be_closed(make_fund: MakeFund, index: IndexSeries, size: str, rule: str) -> None:
    fund = replace(make_fund(), size_cny=Decimal(size), size_as_of=date(2026, 9, 30))
    assert rules_of(judged(fund, index)) & {"tiny_fund", "small_fund"} == ({rule} if rule else set())


def test_an_old_size_says_nothing(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = replace(make_fund(), size_cny=Decimal(30_000_000), size_as_of=date(2026, 3, 31))
    found = judged(fund, index)
    assert "tiny_fund" not in rules_of(found)
    assert "规模过小，有清盘风险" in found.unjudged


def test_a_new_manager_is_named_with_the_day(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = replace(make_fund(), manager="沈砚秋", manager_since=date(2026, 6, 1))
    seen = next(one for one in judged(fund, index).observations if one.rule == "new_manager")
    assert "沈砚秋自2026-06-01起管理本基金，至今172天" in seen.words
    assert "new_manager" not in rules_of(judged(replace(fund, manager_since=date(2020, 1, 2)), index))


def test_the_last_year_is_judged_beside_the_long_run(make_fund: MakeFund, index: IndexSeries) -> None:
    assert {"lags_benchmark", "lags_lately"} <= rules_of(judged(make_fund(drift=-0.001), index))


def test_a_fund_that_changed_its_style_is_found_out(make_fund: MakeFund, index: IndexSeries) -> None:
    """Two years that follow two style indexes, one after the other."""
    fund = make_fund()
    dates = fund.nav.returns.dates
    rng = np.random.default_rng(5)
    moves = {name: rng.normal(0, 0.012, len(dates)) for name in ("成长", "价值")}
    turned = dates > np.datetime64(date(2025, 11, 20))
    noise = rng.normal(0, 0.001, len(dates))
    drifting = np.where(turned, moves["成长"], moves["价值"]) + noise
    market = Market(
        risk_free=ConstantRate(percent=Decimal("1.5")),
        styles={
            name: IndexSeries(name=name, dates=dates, closes=np.cumprod(1 + values)) for name, values in moves.items()
        },
    )
    nav = replace(fund.nav, returns=replace(fund.nav.returns, values=drifting))
    assert "style_drift" in rules_of(judged(replace(fund, nav=nav), index, market))
    steady = replace(fund.nav, returns=replace(fund.nav.returns, values=moves["价值"] + noise))
    found = judged(replace(fund, nav=steady), index, market)
    assert "style_drift" not in rules_of(found)
    assert "风格漂移" not in found.unjudged


def test_what_nobody_told_cannot_be_judged(make_fund: MakeFund, index: IndexSeries) -> None:
    found = judged(make_fund(), index)
    assert {"风格漂移", "费用偏高", "规模过小，有清盘风险", "规模偏小", "经理刚更换"} <= set(found.unjudged)
    assert found.unjudged.count("费用偏高") == 1


def test_a_record_of_months_is_too_short_to_judge(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = make_fund(first=date(LAST.year, 2, 2))
    assert "short_record" in rules_of(judged(fund, index))
