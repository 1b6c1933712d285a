"""Composite benchmarks, rates, calendars, kinds, peers and disclosures."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.data.benchmark import Component, CompositeBenchmark, contract_benchmark, parse_contract
from copilot.diagnosis.data.calendars import calendar, closes_late, fund_kind
from copilot.diagnosis.data.disclosure import portfolio_on, read_positions
from copilot.diagnosis.data.index import IndexSeries, read_index
from copilot.diagnosis.data.peer_files import write_peers
from copilot.diagnosis.data.peers import PeerReturn, peer_table
from copilot.diagnosis.data.provider import NavFolder
from copilot.diagnosis.data.rates import ConstantRate, read_rates
from copilot.diagnosis.diagnose import Settings, conventions
from copilot.diagnosis.errors import DiagnosisError, NavFileError, RuleFileError
from copilot.diagnosis.phases import load_phases, parse_phases
from tests.copilot.diagnosis.conftest import LAST, WriteNav, weekdays

DAYS = np.array(["2024-01-02", "2024-01-03", "2024-01-05", "2024-01-08"], dtype="datetime64[D]")


def index(name: str, *closes: float) -> IndexSeries:
    return IndexSeries(name=name, dates=DAYS[: len(closes)], closes=np.array(closes))


def test_a_composite_is_the_weighted_mean_and_a_rate_grows_by_calendar_days() -> None:
    mixed = CompositeBenchmark(
        name="甲×60%＋存款×40%",
        components=(
            Component(name="甲", weight=0.6, index=index("甲", 100, 110, 99, 99)),
            Component(name="存款", weight=0.4, annual_rate=0.035),
        ),
    )
    values = mixed.returns_on(DAYS).values
    days = np.array([1, 2, 3])
    expected = 0.6 * np.array([0.1, -0.1, 0.0]) + 0.4 * (1.035 ** (days / 365) - 1)
    assert math.isnan(values[0])
    assert values[1:] == pytest.approx(expected)
    assert mixed.returns().values == pytest.approx(expected)


def test_a_later_market_counts_a_day_later() -> None:
    part = Component(name="甲", weight=1.0, index=index("甲", 100, 110, 99, 90), lag_days=1)
    assert part.returns_on(DAYS)[2:] == pytest.approx([0.1, -0.1])
    assert math.isnan(part.returns_on(DAYS)[1])


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ((Component(name="甲", weight=0.9, index=index("甲", 1, 2)),), "sum to 90 %"),
        ((Component(name="甲", weight=1.0),), "no index and no rate"),
        ((Component(name="甲", weight=1.0, annual_rate=0.01),), "no index at all"),
    ],
)
def test_a_composite_that_is_none_is_refused(components: tuple[Component, ...], message: str) -> None:
    with pytest.raises(DiagnosisError, match=message):
        CompositeBenchmark(name="基准", components=components)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("远山宽基300指数收益率×80%＋远山综合债指数收益率×20%", [("远山宽基300", 0.8), ("远山综合债", 0.2)]),
        ("95%×远山宽基300指数收益率+5%×银行活期存款利率（税后）", [("远山宽基300", 0.95), ("银行活期存款利率", 0.05)]),
        ("远山综合债指数(全价)收益率*70% + 远山红利指数*(30%)", [("远山综合债", 0.7), ("远山红利", 0.3)]),
        ("远山宽基300指数收益率", [("远山宽基300", 1.0)]),
        ("远山宽基300指数收益率×95%+1%", []),
        ("三年期定期存款利率+1.5%", []),
        ("远山宽基300指数收益率×80%＋远山综合债指数收益率×30%", []),
        ("", []),
    ],
)
def test_contracts_are_read_wholly_or_not_at_all(words: str, parts: list[tuple[str, float]]) -> None:
    assert [(part.name, pytest.approx(part.weight)) for part in parse_contract(words)] == parts


def test_a_contract_with_an_unknown_part_has_no_benchmark() -> None:
    words = "甲指数收益率×95%＋银行活期存款利率×5%"
    known = {"甲": index("甲", 1, 2, 3)}
    assert contract_benchmark(words, known.get) is None
    mixed = contract_benchmark(words, known.get, deposit_rate=0.0035)
    assert mixed is not None
    assert mixed.name == "甲×95%＋银行活期存款利率×5%"
    assert contract_benchmark("乙指数收益率", known.get) is None


def test_the_rate_in_force_counts_and_before_the_first_none_does(tmp_path: Path) -> None:
    path = tmp_path / "risk_free.csv"
    path.write_text("date,rate\n2024-01-05,2.0\n2024-01-03,1.5\n2024-01-04,abc\n", encoding="utf-8")
    daily = read_rates(path, "国债").daily_on(DAYS)
    assert math.isnan(daily[0])
    assert (1 + daily[1:]) ** 252 - 1 == pytest.approx([0.015, 0.02, 0.02])
    assert (1 + ConstantRate(percent=Decimal("1.5")).daily_on(DAYS)) ** 252 - 1 == pytest.approx([0.015] * 4)
    path.write_text("date,rate\n2024-01-05,5000\n", encoding="utf-8")
    with pytest.raises(NavFileError, match="no usable rate"):
        read_rates(path, "国债")


def test_the_calendar_knows_the_exchange() -> None:
    cn = calendar()
    assert not cn.is_open(date(2024, 2, 12))
    assert cn.trading_days(date(2023, 12, 31), date(2024, 12, 31)) == 242
    assert cn.trading_days(date(2024, 1, 5), date(2024, 1, 5)) == 0
    assert cn.back(date(2024, 2, 19), 1) == date(2024, 2, 8)
    with pytest.raises(RuleFileError):
        calendar("mars")


@pytest.mark.data
def test_the_calendar_is_that_of_real_quotes(real_data: Path) -> None:
    quoted = read_index(real_data / "index" / "000300.csv", "沪深300").dates
    every = np.arange(quoted[0], quoted[-1] + 1)
    assert every[np.is_busday(every, holidays=calendar().closed)].tolist() == quoted.tolist()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("股票型-标准指数", "index"),
        ("股票型", "equity"),
        ("混合型-灵活配置", "mixed_flexible"),
        ("债券型-可转债", "convertible"),
        ("QDII-股票", "qdii_equity"),
        ("QDII-房地产信托", "qdii_other"),
        ("魔法型", "unknown"),
        (None, "unknown"),
    ],
)
def test_kinds_go_by_the_longest_prefix(words: str | None, kind: str) -> None:
    assert fund_kind(words).id == kind


def test_phases_are_in_order_and_a_wrong_file_is_refused() -> None:
    found = load_phases()
    assert all(a.end == b.base for a, b in zip(found.regimes, found.regimes[1:], strict=False))
    assert {"s2015", "s2018", "s202003", "s2022"} == {one.id for one in found.scenarios}
    with pytest.raises(RuleFileError, match="end before they begin"):
        parse_phases("regimes: [{id: a, name: 甲, base: 2024-01-02, end: 2024-01-01}]\nscenarios: []")
    with pytest.raises(RuleFileError):
        parse_phases("regimes: 3")


def test_positions_are_those_known_on_the_day(tmp_path: Path) -> None:
    path = tmp_path / "990001.csv"
    head = "报告期,类别,代码,名称,占净值比例\n"
    rows = "2024-06-30,证券,600001,山泉股份,8.0\n2024-09-30,证券,600002,云杉科技,9.5\n2024-06-30,行业,,制造业,60\n"
    path.write_text(head + rows, encoding="utf-8")
    positions = read_positions(path)
    early, late = (
        portfolio_on("990001", positions, date(2024, 8, 1)),
        portfolio_on("990001", positions, date(2025, 1, 1)),
    )
    assert early is not None
    assert late is not None
    assert dict(early.securities) == {"600001": 0.08}
    assert dict(late.securities) == {"600002": pytest.approx(0.095)}
    assert late.as_of == {"证券": date(2024, 9, 30), "行业": date(2024, 6, 30)}
    assert portfolio_on("990001", positions, date(2024, 1, 1)) is None
    path.write_text(head + "2024-06-30,债券,1,甲,1\n", encoding="utf-8")
    with pytest.raises(NavFileError, match="line 2 is no position"):
        read_positions(path)


def test_old_peers_are_not_compared_over_the_last_year() -> None:
    rows = [
        PeerReturn(code=code, group="bond", period="P1Y", as_of=as_of, total_return=0.01)
        for code, as_of in (("1", date(2024, 6, 28)), ("2", date(2024, 6, 3)), ("3", date(2024, 1, 5)))
    ]
    table = peer_table(rows)
    assert table is not None
    assert set(table.of("bond")["P1Y"]) == {"1", "2"}
    assert table.of("equity") == {}
    assert peer_table([]) is None


def test_a_folder_gives_whatever_lies_in_it(tmp_path: Path, write_nav: WriteNav) -> None:
    for n in range(1, 8):
        write_nav(f"99000{n}", seed=n)
    (tmp_path / "indexes").mkdir()
    closes = "".join(f"{day},{100 + i}\n" for i, day in enumerate(weekdays(date(2024, 1, 1), LAST)))
    (tmp_path / "indexes" / "远山综合债.csv").write_text("date,close\n" + closes, encoding="utf-8")
    folder = NavFolder(tmp_path, None, benchmark_name="")
    assert folder.codes() == tuple(f"99000{n}" for n in range(1, 8))
    assert (folder.benchmark(), folder.risk_free(), folder.portfolio("990001", LAST), folder.peers()) == (None,) * 4
    assert folder.styles() == {}
    assert folder.index("远山综合债") is not None
    assert folder.index("../990001") is None
    kinds = {f"99000{n}": "债券型" for n in range(1, 7)}
    written = write_peers(folder, kinds)
    table = folder.peers()
    assert (written.funds, written.unread) == (6, 0)
    assert table is not None
    assert set(table.of("bond")["2025"]) == set(kinds)


ABROAD = IndexSeries(  # open on 2024-01-04, when the market at home is not asked; closed on 2024-01-05
    name="标普500",
    dates=np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-08"], dtype="datetime64[D]"),
    closes=np.array([90.0, 100.0, 110.0, 121.0, 133.1]),
)


@pytest.mark.parametrize(
    ("words", "lag_days", "levels"),
    [
        ("QDII-普通股票", 0, [100, 110, 121, 133.1]),  # waits for the night: each day's own close, as published at T+2
        ("混合型-偏股", 1, [90, 100, 121, 121]),  # valued in the evening: the last close before it
        ("FOF", 0, [100, 110, 121, 133.1]),  # waits for the NAV of funds that wait
    ],
)
def test_a_part_abroad_counts_by_the_close_that_the_nav_of_the_day_could_know(
    words: str, lag_days: int, levels: list[float]
) -> None:
    known = {"标普500": ABROAD, "甲": index("甲", 100, 110, 99, 90)}
    mixed = contract_benchmark("标普500指数收益率×60%＋甲指数收益率×40%", known.get, kind=fund_kind(words))
    assert mixed is not None
    assert [part.lag_days for part in mixed.components] == [lag_days, 0]
    assert any("上一个收盘" in line for line in conventions(Settings(), mixed, of_contract=True)) is mixed.waits
    assert ABROAD.levels_on(DAYS, lag_days).tolist() == levels
    own = np.diff(levels) / np.array(levels[:-1]) * 0.6
    home = np.diff([100, 110, 99, 90]) / np.array([100, 110, 99]) * 0.4
    assert mixed.returns_on(DAYS).values[1:] == pytest.approx(own + home)


def test_with_a_lag_the_last_close_serves_the_next_trading_day_and_no_later_one() -> None:
    dates = np.array(["2024-01-08", "2024-01-09", "2024-01-10"], dtype="datetime64[D]")
    assert ABROAD.levels_on(dates, 1)[:2].tolist() == [121.0, 133.1]
    assert math.isnan(ABROAD.levels_on(dates, 1)[2])
    assert math.isnan(ABROAD.levels_on(dates)[1])
    friday = IndexSeries(name="乙", dates=DAYS[:3], closes=np.array([1.0, 2.0, 3.0]))
    assert friday.known_until(1) == date(2024, 1, 8)
    mixed = CompositeBenchmark(name="乙", components=(Component(name="乙", weight=1.0, index=friday, lag_days=1),))
    assert mixed.last_day == date(2024, 1, 8)


@pytest.mark.parametrize(
    ("name", "late"),
    [("标普500", True), ("MSCI全球", True), ("MSCI中国A股", False), ("恒生", False), ("沪深300", False),
     ("nasdaq 100", True), ("富时中国A50", False)],
)  # fmt: skip
def test_which_indexes_close_at_night(name: str, late: bool) -> None:
    assert closes_late(name) is late
