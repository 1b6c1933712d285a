"""Who holds a fund as facts: holders by class, institutions and people, insiders, and what is paid and held"""

from __future__ import annotations

from decimal import Decimal

import pytest

from knowledge_base.describe import describe
from knowledge_base.extract import extract_facts
from knowledge_base.facts import Fact
from knowledge_base.parse import parse_bytes

REPORT = """<html><h1>星河双季债券型证券投资基金2024年年度报告</h1><h2>基金基本情况</h2>
<table><tr><td>基金简称</td><td colspan=2>星河双季债券</td></tr><tr><td>基金主代码</td><td colspan=2>990071</td></tr>
<tr><td>下属分级基金的基金简称</td><td>星河双季债券A</td><td>星河双季债券C</td></tr>
<tr><td>下属分级基金的交易代码</td><td>990071</td><td>990072</td></tr></table>
<h2>期末基金份额持有人户数及持有人结构</h2>
<table><thead><tr><th rowspan=3>份额级别</th><th rowspan=3>持有人户数(户)</th>
<th rowspan=3>户均持有的基金份额（份）</th><th colspan=4>持有人结构</th></tr>
<tr><th colspan=2>机构投资者</th><th colspan=2>个人投资者</th></tr>
<tr><th>持有份额（份）</th><th>占总份额比例（%）</th><th>持有份额（份）</th><th>占总份额比例（%）</th></tr></thead>
<tbody><tr><td>星河双季债券A</td><td>1,986</td><td>80.29</td><td>117.49</td><td>73.83%</td><td>41.25</td><td>26.17%</td></tr>
<tr><td>星河双季债券C</td><td>30</td><td>3.69</td><td>-</td><td>-%</td><td>99.26</td><td>100.00%</td></tr>
<tr><td>合计</td><td>2,016</td><td>9.60</td><td>117.49</td><td>45.37%</td><td>141.51</td><td>54.63%</td></tr></tbody></table>
<h2>期末基金管理人的从业人员持有本基金的情况</h2>
<table><thead><tr><th>项目</th><th>持有份额总数（份）</th><th>占基金总份额比例（%）</th></tr></thead>
<tbody><tr><td>基金管理人所有从业人员持有本基金</td><td>227,026.19</td><td>0.24%</td></tr></tbody></table>
<h2>单一投资者持有基金份额比例达到或超过20%的情况</h2>
<table><thead><tr><th>投资者类别</th><th>序号</th><th>持有份额</th><th>份额占比</th></tr></thead>
<tbody><tr><td>机构</td><td>1</td><td>1,945.79</td><td>37.50%</td></tr><tr><td>个人</td><td>-</td><td>-</td><td>-</td></tr></tbody></table>
<h2>其他费用</h2><p>单位：人民币元</p>
<table><thead><tr><th>项目</th><th>本期 2024-01-01至2024-12-31</th>
<th>上年度可比期间 2023-01-01至2023-12-31</th></tr></thead>
<tbody><tr><td>审计费用</td><td>22,800.00</td><td>44,000.00</td></tr></tbody></table></html>"""


@pytest.fixture(scope="module")
def facts() -> tuple[Fact, ...]:
    content = REPORT.encode()
    parsed = parse_bytes(content, name="report.html")
    return extract_facts("v_1", describe("report.html", content, parsed), parsed)


def values(facts: tuple[Fact, ...], attribute: str) -> dict[str, Decimal | None]:
    return {fact.entity: fact.value for fact in facts if fact.attribute == attribute}


def test_a_value_of_each_class_and_of_the_fund(facts: tuple[Fact, ...]) -> None:
    assert values(facts, "holder_count") == {
        "星河双季债券A": Decimal(1986),
        "星河双季债券C": Decimal(30),
        "星河双季债券": Decimal(2016),
    }
    assert values(facts, "individual_share")["星河双季债券C"] == Decimal("100.00")


def test_what_is_not_printed_is_no_fact(facts: tuple[Fact, ...]) -> None:
    assert "星河双季债券C" not in values(facts, "institution_share")


def test_people_of_the_house_and_one_large_investor(facts: tuple[Fact, ...]) -> None:
    assert values(facts, "staff_shares") == {"星河双季债券": Decimal("227026.19")}
    (one,) = [fact for fact in facts if fact.attribute == "single_investor_share"]
    assert one.value_text == "37.50%（机构）"


def test_a_fee_paid_of_both_years(facts: tuple[Fact, ...]) -> None:
    paid = {fact.period: fact.value for fact in facts if fact.attribute == "audit_fee"}
    assert paid == {"2024": Decimal("22800.00"), "2023": Decimal("44000.00")}


def test_a_quarterly_report_tells_of_employees_in_a_sentence() -> None:
    text = """---
title: 星河双季债券型证券投资基金2025年第1季度报告
type: fund_quarterly
codes: ['990071']
period: '2025Q1'
---
本公司从业人员及其配偶购买持有本基金份额合计83,269.19份。
"""
    content = text.encode()
    parsed = parse_bytes(content, name="report.md")
    found = extract_facts("v_2", describe("report.md", content, parsed), parsed)
    assert [fact.value for fact in found if fact.attribute == "staff_shares"] == [Decimal("83269.19")]
