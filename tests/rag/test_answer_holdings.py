"""Ranked lists, asset classes and industries: what a fund holds, and never what it holds for itself"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.rag.asked import ask
from tests.rag.firm import Firm

LISTS = """---
title: 星河精选混合型证券投资基金2024年年度报告
type: fund_annual
codes: ['990009']
period: '2024'
names: {'990009': 星河精选混合}
---
# 星河精选混合型证券投资基金2024年年度报告

## 期末按公允价值占基金资产净值比例大小排序的股票投资明细

| 序号 | 股票代码 | 股票名称 | 数量（股） | 占基金资产净值比例（％） |
|---|---|---|---|---|
| 1 | 600001 | 远山电力 | 12,000 | 9.10 |
| 2 | 600002 | 远山港口 | 9,500 | 6.40 |
| 3 | 600003 | 远山水务 | 9,000 | 5.20 |

## 期末按公允价值占基金资产净值比例大小排序的债券投资明细

| 序号 | 债券代码 | 债券名称 | 数量（张） | 占基金资产净值比例（％） |
|---|---|---|---|---|
| 1 | 019001 | 24云岭债 | 5,000 | 2.30 |
| 2 | 019002 | 24澄湖债 | 4,000 | 1.10 |
"""


class TestLists:
    def test_one_row_by_its_rank(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        text = ask(firm, "星河精选混合第二大重仓股是哪只").text
        assert "远山港口" in text
        assert "远山电力" not in text

    def test_the_list_of_the_kind_asked_for(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        text = ask(firm, "星河精选混合前两大债券有哪些").text
        assert "24云岭债" in text
        assert "远山" not in text

    def test_what_the_first_rows_add_up_to(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        text = ask(firm, "星河精选混合前两大重仓股合计占比").text
        assert "前2名合计占比为15.50%（9.10% + 6.40%）" in text

    def test_a_list_that_is_not_there(self, firm: Firm) -> None:
        assert ask(firm, "澄湖纯债债券前十大持有人是谁").abstained


POSITIONS = """---
title: 晨曦平衡混合型证券投资基金2024年年度报告
type: fund_annual
codes: ['990019']
period: '2024'
names: {'990019': 晨曦平衡混合}
---
# 晨曦平衡混合型证券投资基金2024年年度报告

## 期末基金资产组合情况

| 序号 | 项目 | 金额（元） | 占基金总资产的比例（％） |
|---|---|---|---|
| 1 | 权益投资 | 580,000.00 | 58.20 |
| | 其中：股票 | 580,000.00 | 58.20 |
| 2 | 固定收益投资 | 300,000.00 | 30.10 |
| | 其中：债券 | 300,000.00 | 30.10 |
| 3 | 贵金属投资 | - | - |

## 报告期末按行业分类的境内股票投资组合

| 代码 | 行业类别 | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|
| C | 制造业 | 300,000.00 | 30.10 |
| J | 金融业 | 250,000.00 | 25.20 |

## 期末按公允价值占基金资产净值比例大小排序的所有股票投资明细

| 序号 | 股票代码 | 股票名称 | 数量（股） | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|---|---|
| 1 | 600001 | 远山电力 | 12,000 | 91,000.00 | 9.10 |
| 2 | 600002 | 远山港口 | 9,500 | 64,000.00 | 6.40 |
"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("晨曦平衡混合的股票仓位多少", ["股票占基金总资产的比例为58.20%"]),
        ("晨曦平衡混合2024年末债券占比", ["债券占基金总资产的比例为30.10%"]),
        ("晨曦平衡混合黄金占比多少", ["贵金属投资占基金总资产的比例为“-”，即未持有"]),
        (
            "晨曦平衡混合前十大重仓股",
            ["2024年末股票投资明细中，远山电力占基金资产净值9.10%", "远山港口占基金资产净值6.40%"],
        ),
        ("晨曦平衡混合第二大重仓股是哪只", ["末股票投资明细中，远山港口占基金资产净值6.40%"]),
        (
            "晨曦平衡混合的行业配置",
            ["2024年末行业配置中，制造业占基金资产净值30.10%", "金融业占基金资产净值25.20%"],
        ),
        ("晨曦平衡混合前两大重仓股合计占多少", ["15.50%（9.10% + 6.40%）"]),
    ],
)
def test_what_a_fund_holds_is_told_from_facts(firm: Firm, question: str, said: Sequence[str]) -> None:
    firm.put("positions.md", POSITIONS)
    answer = ask(firm, question)
    assert not answer.abstained, answer.note
    assert all(part in answer.text for part in said), answer.text
    assert all("占基金资产净值" not in part or answer.citations for part in said)


GOLD_HOLDER = """---
title: 澄湖多元配置三个月持有期混合型基金中基金2024年年度报告
type: fund_annual
codes: ['990021']
period: '2024'
names: {'990021': 澄湖多元配置FOF}
---
# 澄湖多元配置三个月持有期混合型基金中基金2024年年度报告

## 报告期末按公允价值占基金资产净值比例大小排序的基金投资明细

| 序号 | 基金代码 | 基金名称 | 运作方式 | 持有份额（份） | 公允价值（元） | 占基金资产净值比例（％） |
|---|---|---|---|---|---|---|
| 1 | 518999 | 华安黄金ETF | 交易型开放式 | 1,200.00 | 91,000.00 | 9.10 |

## 投资策略

报告期内本基金增持了黄金ETF，黄金ETF的管理费率较低，规模稳定。
"""


@pytest.mark.parametrize(
    "question",
    ["黄金ETF的管理费率是多少", "华安黄金ETF规模多大", "518999的规模", "黄金ETF是什么运作方式"],
)
def test_a_holding_is_not_the_product_itself(firm: Firm, question: str) -> None:
    firm.put("holder.md", GOLD_HOLDER)
    answer = ask(firm, question)
    assert answer.abstained, answer.text


def test_industries_are_never_taken_from_the_list_of_holdings(firm: Firm) -> None:
    firm.put("holder.md", GOLD_HOLDER)
    assert "9.10" not in ask(firm, "澄湖多元配置FOF的行业配置").text


def test_who_holds_it_is_still_told(firm: Firm) -> None:
    firm.put("holder.md", GOLD_HOLDER)
    assert "9.10" in ask(firm, "澄湖多元配置FOF持有华安黄金ETF占净值多少").text
    assert "华安黄金ETF" in ask(firm, "澄湖多元配置FOF第一大持仓基金").text


class TestPeriodOfAList:
    def test_another_periods_list_is_no_answer(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        answer = ask(firm, "星河精选混合2023年前两大重仓股")
        assert answer.abstained
        assert "远山电力" not in answer.text
        assert "未找到2023年的内容，现有2024年" in (answer.note or "")

    def test_a_quarter_of_last_year_is_not_that_of_another_year(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        assert ask(firm, "星河精选混合去年四季度前两大重仓股").abstained

    def test_last_year_is_answered_by_the_year_there_is_and_says_so(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        answer = ask(firm, "星河精选混合去年前两大重仓股")
        assert "远山电力" in answer.text
        assert "《星河精选混合型证券投资基金2024年年度报告》" in answer.text
        assert "未找到2025年的内容，现有2024年" in (answer.note or "")

    def test_the_latest_of_several_lists_and_its_report(self, firm: Firm) -> None:
        firm.put("lists.md", LISTS)
        older = LISTS.replace("2024年", "2023年").replace("'2024'", "'2023'").replace("9.10", "9.90")
        firm.put("older.md", older.replace("远山电力", "远山热力"))
        text = ask(firm, "星河精选混合前两大重仓股的市值").text
        assert "远山电力" in text
        assert "远山热力" not in text
        assert "2024年" in text
