"""A section of the right report as the answer: outlook, operation, dividends, and never what it does not tell"""

from __future__ import annotations

import pytest

from tests.rag.asked import ask
from tests.rag.firm import FRONT, Firm

QUARTER = FRONT.format(
    title="松涛增利债券型证券投资基金{year}年第{quarter}季度报告",
    type="fund_quarterly",
    more="codes: ['990061']\nperiod: '{year}Q{quarter}'\nnames: {{'990061': 松涛增利债券}}\n",
) + (
    """# 松涛增利债券型证券投资基金{year}年第{quarter}季度报告

## 报告期内基金投资策略和运作分析

本季度股票市场先涨后跌，受外资流出影响回落。债券市场收益率震荡下行，资金面宽松。
本基金以{held}为主，保持中性久期。展望下一季度，经济有望温和修复。下一阶段组合操作上，将保持{next}仓位。

## 报告期内基金利润分配情况的说明

本报告期内本基金未进行利润分配。

## 风险揭示

投资本基金可能遇到的主要风险包括信用风险、流动性风险。
"""
)


@pytest.fixture
def reports(firm: Firm) -> Firm:
    firm.put("q1.md", QUARTER.format(year=2025, quarter=1, held="短融", next="偏低"))
    firm.put("q2.md", QUARTER.format(year=2025, quarter=2, held="二级资本债", next="偏高"))
    firm.sync()
    return firm


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        ("松涛增利二季度咋操作的", "二级资本债", "短融"),
        ("松涛增利一季度主要压注什么", "短融", "二级资本债"),
        ("松涛增利拿的啥策略", "二级资本债", "短融"),  # the latest where no period is named
        ("松涛增利接下来打算怎么配", "偏高仓位", "以二级资本债为主"),
        ("松涛增利咋看后市", "温和修复", "未进行利润分配"),
        ("松涛增利一季度股市为啥先涨后跌", "外资流出", "温和修复"),
        ("松涛增利有啥风险", "信用风险", "震荡下行"),
        ("松涛增利二季度分红了没", "未进行利润分配", "信用风险"),
    ],
)
def test_the_section_of_the_report_is_quoted(reports: Firm, question: str, said: str, unsaid: str) -> None:
    answer = ask(reports, question)
    assert said in answer.text
    assert unsaid not in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "松涛增利怎么看比特币",  # the section is there and does not tell of it
        "松涛增利2025年四季度咋操作的",  # of a time that no report tells of
        "松涛增利下个月分红吗",  # of what is still to come
        "松涛增利为什么亏在半导体上",
        "霜桥增利有啥风险",  # another product
    ],
)
def test_what_the_section_does_not_tell_is_refused(reports: Firm, question: str) -> None:
    assert ask(reports, question).abstained


def test_a_sentence_for_each_thing_that_is_named(reports: Firm) -> None:
    answer = ask(reports, "松涛增利二季度股市和债市怎么走的")
    assert "先涨后跌" in answer.text
    assert "震荡下行" in answer.text


def test_a_topic_of_a_quarter_without_a_report(reports: Firm) -> None:
    answer = ask(reports, "松涛增利2023年四季度怎么操作的")
    assert answer.abstained
    assert "未找到2023年第4季度的内容" in (answer.note or "")


def test_a_topic_of_a_quarter_of_a_fund_that_has_no_report(firm: Firm) -> None:
    front = FRONT.format(
        title="听涛通航ETF产品资料概要", type="fund_profile", more="codes: ['990071']\nnames: {'990071': 听涛通航ETF}\n"
    )
    firm.put(
        "facts.md",
        front + "# 听涛通航ETF产品资料概要\n\n## 风险揭示\n\n成份股停牌与分红的风险，参考净值计算错误的风险。\n",
    )
    firm.sync()
    assert ask(firm, "听涛通航ETF二季度分红了吗").abstained
