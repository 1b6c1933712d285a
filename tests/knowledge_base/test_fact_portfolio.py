"""What a portfolio holds as facts: asset classes, industries, the first ten holdings, with their rows."""

from __future__ import annotations

from decimal import Decimal

from knowledge_base.describe import describe
from knowledge_base.extract import extract_facts
from knowledge_base.facts import Fact
from knowledge_base.parse import parse_bytes

REPORT = """---
title: 星河精选混合型证券投资基金2024年年度报告
type: fund_annual
codes: ['990009']
period: '2024'
names: {'990009': 星河精选混合}
---
# 星河精选混合型证券投资基金2024年年度报告

## 期末基金资产组合情况

金额单位：人民币元

| 序号 | 项目 | 金额 | 占基金总资产的比例（％） |
|---|---|---|---|
| 1 | 权益投资 | 910,000.00 | 88.29 |
| | 其中：股票 | 900,000.00 | 87.31 |
| 2 | 固定收益投资 | - | - |
| 3 | 银行存款和结算备付金合计 | 70,000.00 | 6.96 |
| 9 | 合计 | 1,030,000.00 | 100.00 |

## 报告期末按行业分类的境内股票投资组合

| 代码 | 行业类别 | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|
| A | 农、林、牧、渔业 | - | - |
| C | 制造业 | 300,000.00 | 30.10 |
| J | 金融业 | 450,000.00 | 45.20 |
| | 合计 | 750,000.00 | 75.30 |

## 期末按公允价值占基金资产净值比例大小排序的所有股票投资明细

| 序号 | 股票代码 | 股票名称 | 数量（股） | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|---|---|
| 1 | 600001 | 远山电力 | 12,000 | 91,000.00 | 9.10 |
| 2 | 600002 | 远山港口 | 9,500 | 64,000.00 | 6.40 |
| 11 | 600011 | 远山十一 | 500 | 1,000.00 | 0.10 |

## 累计买入金额超出期初基金资产净值2%或前20名的股票明细

| 序号 | 股票代码 | 股票名称 | 本期累计买入金额 | 占期初基金资产净值比例（％） |
|---|---|---|---|---|
| 1 | 600099 | 远山买入 | 12,000.00 | 19.10 |

## 期末按公允价值占基金资产净值比例大小排序的前五名债券投资明细

| 序号 | 债券代码 | 债券名称 | 数量（张） | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|---|---|
| 1 | 019001 | 24云岭债 | 5,000 | 23,000.00 | 2.30 |
"""


def facts() -> dict[str, list[Fact]]:
    parsed = parse_bytes(REPORT.encode(), name="report.md")
    found = extract_facts("v_1", describe("report.md", REPORT.encode(), parsed), parsed)
    for fact in found:
        assert parsed.text[fact.start : fact.end] == fact.quote
    by: dict[str, list[Fact]] = {}
    for fact in found:
        by.setdefault(fact.attribute, []).append(fact)
    return by


def test_asset_classes_are_shares_of_the_whole() -> None:
    found = facts()
    assert found["stock_position"][0].value == Decimal("87.31")
    assert found["equity_position"][0].value_text == "88.29%"
    assert found["cash_position"][0].period == "2024"
    none = found["fixed_income_position"][0]
    assert none.value is None
    assert none.value_text == "“-”，即未持有"


def test_industries_are_ranked_by_their_share_without_sums_and_empty_rows() -> None:
    told = [(fact.window, fact.value_text) for fact in facts()["industry_position"]]
    assert told == [("N01", "金融业 45.20%"), ("N02", "制造业 30.10%")]


def test_the_first_ten_of_each_list_keep_their_rank_and_row() -> None:
    found = facts()
    stocks = [(fact.window, fact.value_text) for fact in found["stock_holding"]]
    assert stocks == [("N01", "远山电力 9.10%"), ("N02", "远山港口 6.40%")]
    assert found["stock_holding"][0].quote.startswith("1 | 600001 | 远山电力")
    assert [fact.value_text for fact in found["bond_holding"]] == ["24云岭债 2.30%"]
