"""What is told of funds and accounts, what is withheld and why, and that the JSON is plain."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.disclosure import FundPortfolio
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.data.peers import PeerReturn, peer_table
from copilot.diagnosis.data.rates import ConstantRate, RateSeries
from copilot.diagnosis.diagnose import Settings, diagnose_fund
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.measured.fund import FundMeasures, Market, measure_fund
from copilot.diagnosis.metrics.basics import TRADING_DAYS
from tests.copilot.diagnosis.conftest import LAST, WriteNav

MakeFund = Callable[..., FundInput]
MARKET = Market(risk_free=ConstantRate(percent=Decimal("1.5")))
TODAY = LAST + timedelta(days=1)


def measured(fund: FundInput, index: IndexSeries | None, market: Market = MARKET) -> FundMeasures:
    return measure_fund(fund.nav, fund.kind, index, market, inception=fund.inception)


def test_the_printed_figures_are_the_measured_ones(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(), index, today=TODAY)
    assert report.measures is not None
    fund = report.measures.funds["990001"]
    window = fund.window("近3年")
    assert window is not None
    assert window.benchmark is not None
    shown = {row.name: row for row in report.figures}
    assert shown["夏普比率"].value == pytest.approx(Decimal(str(window.own["sharpe"])), abs=Decimal("0.005"))
    assert float(shown["近3年收益率"].benchmark or 0) == pytest.approx(
        window.benchmark["total_return"] * 100, abs=0.005
    )  # type: ignore[index]
    assert float(shown["年化阿尔法"].value) == pytest.approx(window.relative["alpha"] * 100, abs=0.005)


def test_nothing_under_six_months_and_nothing_a_year_under_a_year(make_fund: MakeFund, index: IndexSeries) -> None:
    young = measured(make_fund(first=LAST - timedelta(days=21)), index)
    assert (young.told, young.windows, young.scenarios, young.rolling) == (False, (), (), None)
    half = measured(make_fund("990002", first=date(2026, 2, 2)), index)
    assert half.told
    for window in half.windows:
        assert window.window.months >= 6
        assert not {"annualised_return", "annualised_volatility", "sharpe"} & set(window.own)
        assert window.withheld["yearly"] == "under_one_year"
    old = measured(make_fund("990003"), index)
    annualised = {w.window.name for w in old.windows if "annualised_return" in w.own}
    assert annualised == {w.window.name for w in old.windows if w.window.months >= 12}


def test_a_hole_of_a_year_is_not_judged_across(tmp_path: Path, write_nav: WriteNav, index: IndexSeries) -> None:
    path = write_nav("990004")
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not "2024-03-01" <= line[:10] <= "2025-02-28"]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    fund = FundInput(code="990004", name="云岭样本4号混合A", nav=read_nav(path, "990004"), fund_type="混合型")
    found = measured(fund, index)
    across, within = found.window("近3年"), found.window("近1年")
    assert across is not None
    assert within is not None
    assert (dict(across.own), across.withheld) == ({}, {"all": "unknown_day"})
    assert "sharpe" in within.own
    assert found.drawdowns == ()
    assert all(math.isnan(year.own) for year in found.years if year.year in (2024, 2025))
    report = diagnose_fund(fund, index, today=TODAY)
    assert "近3年收益率" not in {row.name for row in report.figures}
    assert "净值记录中断，其间收益未知" in report.summary[1]
    assert report.summary[2].startswith("近1年收益率")  # what the hole does not touch is told, and how it was computed
    assert any("对照基准" in line for line in report.conventions)


def test_weekly_nav_is_not_annualised_by_days(write_nav: WriteNav, index: IndexSeries) -> None:
    path = write_nav("990005")
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *lines[::5]]) + "\n", encoding="utf-8")
    fund = FundInput(code="990005", name="云岭样本5号混合A", nav=read_nav(path, "990005"), fund_type="混合型")
    window = measured(fund, index).window("近3年")
    assert window is not None
    assert window.withheld["yearly"] == "sparse"
    assert "total_return" in window.own
    assert "sparse" in {note.kind for note in diagnose_fund(fund, index, today=TODAY).notes}


def test_a_benchmark_that_starts_later_stands_beside_nothing_before(make_fund: MakeFund, index: IndexSeries) -> None:
    from_ = np.datetime64("2025-06-02")
    late = replace(index, dates=index.dates[index.dates >= from_], closes=index.closes[index.dates >= from_])
    found = measured(make_fund(), late)
    long, short = found.window("近3年"), found.window("近1年")
    assert long is not None
    assert short is not None
    assert (long.benchmark, long.withheld["benchmark"]) == (None, "short_benchmark")
    assert short.benchmark is not None


def test_a_rate_series_gives_what_the_constant_gives(make_fund: MakeFund, index: IndexSeries) -> None:
    series = RateSeries(name="国债", dates=np.array(["2015-01-01"], dtype="datetime64[D]"), annual=np.array([0.015]))
    constant, changing = measured(make_fund(), index), measured(make_fund(), index, Market(risk_free=series))
    assert constant.windows[-1].own == pytest.approx(changing.windows[-1].own)
    assert constant.windows[-1].relative == pytest.approx(changing.windows[-1].relative)
    late = replace(series, dates=np.array(["2026-01-01"], dtype="datetime64[D]"))
    without = measured(make_fund(), index, Market(risk_free=late)).windows[-1]
    assert "sharpe" not in without.own
    assert without.withheld["sharpe"] == "no_rate"
    told = diagnose_fund(make_fund(), index, today=TODAY, settings=Settings(rates=series))
    assert any("无风险利率为国债" in line for line in told.conventions)


def test_style_and_ranks_where_there_are_any(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = make_fund()
    rows = [PeerReturn(code=f"99{n:04d}", group=fund.kind.id, period=p, as_of=LAST, total_return=0.01 * (n - 1))
            for n in range(2, 10) for p in ("2024", "2025", "P1Y")]  # fmt: skip
    rows += [replace(rows[0], code=fund.code, period=p, total_return=0.035) for p in ("2024", "2025", "P1Y")]
    market = replace(MARKET, styles={"大盘": index}, peers=peer_table(rows))
    found = measured(fund, index, market)
    assert found.style is not None
    assert found.style.now.weights == {"大盘": 1.0}
    assert found.style.drift == 0
    assert found.ranking is not None
    best = found.ranking.ranks[0]
    assert (best.period, best.place, best.of) == ("P1Y", 6, 9)
    assert found.ranking.persistence == {"2024-2025": pytest.approx(1.0)}


def test_json_is_plain_and_whole(make_fund: MakeFund, index: IndexSeries) -> None:
    inside = FundPortfolio(
        code="990001", assets={"股票": 0.9}, industries={"制造业": 0.6}, securities={"600001": 0.08},
        names={"600001": "山泉股份"}, as_of=dict.fromkeys(("资产", "行业", "证券"), date(2026, 9, 30)),
    )  # fmt: skip
    funds = {code: replace(make_fund(code, seed=n), portfolio=inside) for n, code in enumerate(("990001", "990002"))}
    holdings = [Holding(code=code, name=code, amount_cny=Decimal("1234567890.12"), risk_level="R3") for code in funds]
    holdings.append(Holding(code="990009", name="无净值", amount_cny=Decimal(100)))
    client = ClientInput(designation="客户<b>#set {x} \\input", level=None)
    report = diagnose_client(client, holdings, funds, index, today=TODAY)
    assert report.measures is not None
    plain = json.loads(json.dumps(report.measures.json(), allow_nan=False))
    assert plain["version"] == 1
    assert set(plain["funds"]) == set(funds)
    assert plain["portfolio"]["codes"] == ["990001", "990002"]
    assert sum(plain["portfolio"]["weights"].values()) == pytest.approx(1)
    assert plain["portfolio"]["overlaps"][0]["value"] == pytest.approx(0.08)
    assert plain["portfolio"]["industries"]["unknown"] == pytest.approx(0.4, abs=1e-6)
    assert {one["id"] for one in plain["portfolio"]["scenarios"]} == {"s2015", "s2018", "s202003", "s2022"}
    assert plain["account"] is None


def test_the_yearly_rate_is_that_of_the_convention() -> None:
    daily = ConstantRate(percent=Decimal("1.5")).daily_on(np.array(["2024-01-02"], dtype="datetime64[D]"))[0]
    assert (1 + daily) ** TRADING_DAYS == pytest.approx(1.015)
