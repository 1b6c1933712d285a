from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.catalog import Catalog
from knowledge_base.describe import describe
from knowledge_base.extract import extract_facts
from knowledge_base.facts import Fact, FactStore
from knowledge_base.parse import parse_bytes
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, advisor, report, sync, write

CLASSES = """<table><tr class=cc><td>项目</td><td colspan=2>数值</td></tr>
<tr><td>基金简称</td><td colspan=2>云岭价值</td></tr><tr><td>基金主代码</td><td colspan=2>990002</td></tr>
<tr><td>下属2级基金的基金简称</td><td>云岭价值A</td><td>云岭价值C</td></tr>
<tr><td>下属2级基金的交易代码</td><td>990002</td><td>990022</td></tr></table>"""


def facts(text: str, name: str = "a.html") -> list[Fact]:
    content = text.encode()
    parsed = parse_bytes(content, name=name)
    found = extract_facts("v_1", describe(name, content, parsed), parsed)
    for fact in found:
        assert parsed.text[fact.start : fact.end] == fact.quote
    return list(found)


def short(found: list[Fact], attribute: str) -> list[tuple[str | None, str | None, str | None, str]]:
    return [
        (fact.product_code, fact.share_class, fact.period, str(fact.value))
        for fact in found
        if fact.attribute == attribute
    ]


def test_an_annual_report() -> None:
    found = facts(report())
    whole = ("990001", None)
    assert short(found, "net_value_growth") == [
        (*whole, "2024Q4", "1.00"),
        (*whole, "2024", "3.21"),
        (*whole, "2024", "3.21"),
    ]
    assert short(found, "benchmark_return")[-1] == (*whole, "2024", "2.10")
    assert short(found, "profit") == [(*whole, "2024", "12345.67"), (*whole, "2023", "-1000.00")]
    assert short(found, "total_shares") == [(*whole, "2024", "1000000.00")]
    assets = next(fact for fact in found if fact.attribute == "net_asset_value")
    assert (assets.unit, assets.as_of) == ("人民币元", date(2024, 12, 31))
    growth = [fact for fact in found if fact.attribute == "net_value_growth"][-1]
    assert (growth.unit, growth.value_text, growth.window) == ("%", "3.21%", "REPORT")


@pytest.mark.parametrize(
    ("sentence", "growth", "benchmark"),
    [
        (
            (
                "截至报告期末，本基金A类基金份额净值为0.94元，C类基金份额净值为0.93元，报告期内，A类基金份额净值增长率为1.50%，"
                "C类基金份额净值增长率为-1.36%，同期业绩基准增长率为-1.33%。"
            ),
            [("A", "1.50"), ("C", "-1.36")],
            [("A", "-1.33"), ("C", "-1.33")],
        ),
        (
            (
                "云岭价值A基金份额净值为1.1元，本报告期份额净值增长率为2.27%，同期业绩比较基准收益率为0.51%；"
                "云岭价值C基金份额净值为1.2元，本报告期份额净值增长率为2.39%，同期业绩比较基准收益率为0.52%。"
            ),
            [("A", "2.27"), ("C", "2.39")],
            [("A", "0.51"), ("C", "0.52")],
        ),
        ("过去三年份额净值增长率为9.99%，累计份额净值增长率为8.88%。", [], []),
    ],
)
def test_sentences_by_share_class(
    sentence: str, growth: list[tuple[str, str]], benchmark: list[tuple[str, str]]
) -> None:
    found = facts(f"<h1>云岭价值混合型证券投资基金2024年年度报告</h1>{CLASSES}<p>{sentence}</p>")
    assert [(a, b) for _, a, _, b in short(found, "net_value_growth")] == growth
    assert [(a, b) for _, a, _, b in short(found, "benchmark_return")] == benchmark


def test_columns_by_year_and_share_class() -> None:
    table = """<table><tr class=cc><td rowspan=2>指标</td><td colspan=2>2024年</td>
<td colspan=2>2023年</td></tr>
<tr class=cc><td>云岭价值A</td><td>云岭价值C</td><td>云岭价值A</td><td>云岭价值C</td></tr>
<tr><td>1.本期利润</td><td>1</td><td>2</td><td>3</td><td>-</td></tr></table>
<table><tr class=cc><td>项目</td><td>已实现部分</td><td>未实现部分</td></tr>
<tr><td>本期利润</td><td>7</td><td>8</td></tr></table>"""
    found = facts(f"<h1>云岭价值混合型证券投资基金2024年年度报告</h1>{CLASSES}{table}")
    assert short(found, "profit") == [
        ("990002", "A", "2024", "1"),
        ("990022", "C", "2024", "2"),
        ("990002", "A", "2023", "3"),
    ]


def test_a_key_facts_sheet() -> None:
    found = facts(
        "---\ntitle: 听松短债A产品资料概要\ntype: fund_profile\ncodes: ['990011']\n---\n"
        "| 项目 | 内容 |\n|---|---|\n| 基金代码 | 990011 |\n| 风险等级 | R2 |\n| 基金经理 | 岳清和 |\n"
        "| 首次最低申购金额 | 1,000元 |\n| 最短持有期 | 7天 |\n\n"
        "| 费用类别 | 年费率 |\n|---|---|\n| 管理费 | 0.30% |\n| 托管费 | 0.05% |\n",
        "a.md",
    )
    values = {fact.attribute: (fact.value_text, fact.value, fact.unit, fact.period) for fact in found}
    assert values["risk_level"] == ("R2", None, None, None)
    assert values["fund_manager"] == ("岳清和", None, None, None)
    assert values["minimum_purchase"] == ("1,000元", Decimal(1000), "元", None)
    assert values["management_fee_rate"] == ("0.30%", Decimal("0.30"), "%", None)
    assert values["custody_fee_rate"][1] == Decimal("0.05")
    assert values["minimum_holding"][0] == "7天"


def test_of_two_rates_in_the_notes_the_later_one_holds() -> None:
    found = facts(
        report(
            extra="<p>至2023年8月13日，托管费按前一日基金资产净值0.25%的年费率计提。</p>"
            "<p>自2023年8月14日起，托管费按前一日基金资产净值0.20%的年费率计提。</p>"
        )
    )
    assert short(found, "custody_fee_rate") == [("990001", None, None, "0.20")]


def test_managers_in_office_only() -> None:
    found = facts(
        report(
            extra="<table><tr class=cc><td>姓名</td><td>任职日期</td><td>离任日期</td></tr>"
            "<tr><td>甲某</td><td>2020-01-01</td><td>-</td></tr>"
            "<tr><td>乙某</td><td>2019-01-01</td><td>2021-01-01</td></tr></table>"
        )
    )
    assert [fact.value_text for fact in found if fact.attribute == "fund_manager"] == ["甲某"]


def test_find_by_period_window_label_and_day(engine: Engine, tmp_path: Path) -> None:
    metadata.create_all(engine)
    write(tmp_path, "d/a.html", report())
    write(
        tmp_path,
        "d/b.md",
        "---\ntitle: 内部概要\ntype: fund_profile\ncodes: ['990001']\nlabels: [internal]\n---\n"
        "| 基金代码 | 990001 |\n|---|---|\n| 风险等级 | R2 |\n",
    )
    sync(tmp_path / "d", engine)
    store = FactStore(engine)

    def values(*attributes: str, **narrow: str) -> list[str]:
        found = store.find(["990001"], attributes or None, principal=advisor(), **narrow)  # type: ignore[arg-type]
        return [fact.value_text for fact in found]

    assert set(values("net_value_growth", period="2024")) == {"3.21%"}
    assert values("net_value_growth", period="2022") == []
    assert values("net_value_growth", window="P3M") == ["1.00%"]
    assert set(values("net_value_growth", window="P1Y")) == {"3.21%"}
    assert values("net_asset_value", period="2024Q4") == ["5,000,000.00"]
    assert values("risk_level") == []
    assert len(store.find(["990001"], ["risk_level"], principal=SYSTEM)) == 1
    assert store.find([], None, principal=SYSTEM) == ()


def test_decimals_come_back_exactly(engine: Engine, tmp_path: Path) -> None:
    metadata.create_all(engine)
    write(tmp_path, "d/a.html", report().replace("12,345.67", "98,765,432,109,876.54321"))
    sync(tmp_path / "d", engine)
    found = FactStore(engine).find(["990001"], ["profit"], "2024", principal=SYSTEM)
    assert found[0].value == Decimal("98765432109876.54321")


@pytest.mark.data
def test_the_real_figures_of_a_real_annual_report(engine: Engine, tmp_path: Path, real_data: Path) -> None:
    metadata.create_all(engine)
    source = next((real_data / "fund_reports").glob("001056_REPORT_*.html"))
    write(tmp_path, f"d/{source.name}", source.read_text(encoding="utf-8"))
    sync(tmp_path / "d", engine)
    store = FactStore(engine)
    growth = store.find(["001056"], ["net_value_growth"], "2024", principal=SYSTEM)
    benchmark = store.find(["001056"], ["benchmark_return"], "2024", principal=SYSTEM)
    assert {fact.value for fact in growth} == {Decimal("-20.27")}
    assert {fact.value for fact in benchmark} == {Decimal("11.13")}
    assert {fact.unit for fact in (*growth, *benchmark)} == {"%"}
    for fact in (*growth, *benchmark):
        assert Catalog(engine).text(fact.version_id, principal=SYSTEM)[fact.start : fact.end] == fact.quote
