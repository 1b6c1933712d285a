"""What is quoted is the kind of thing asked for, and what a question takes for granted is held against it"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from knowledge_base.products import ResolvedQuestion
from rag.apart import asked_apart
from rag.unknown import unknown_products
from tests.rag.asked import ask
from tests.rag.firm import Firm

PARK = """---
title: 远山产业园封闭式基础设施证券投资基金2024年年度报告
type: fund_annual
codes: ['990020']
period: '2024'
names: {'990020': 远山产业园REIT}
---
# 远山产业园封闭式基础设施证券投资基金2024年年度报告

## 运营指标

资产项目名称：北塔项目

| 指标名称 | 本期 | 上年同期 |
|---|---|---|
| 平均月末租金 | 4.25 | 5.64 |
| 期末出租率 | 62.98% | 60.74% |

资产项目名称：南塔项目

| 指标名称 | 本期 | 上年同期 |
|---|---|---|
| 平均月末租金 | 4.24 | 5.60 |
| 期末出租率 | 66.99% | 51.56% |

## 运营情况

报告期内，本基金平均月末租金同比下降17.66%，主要因为园区竞争加剧。

清洁单位由甲公司更换为乙公司，因为前者为同一项目提供清洁服务已满三年。

## 清洁单位

| 项目 | 名称 | 办公地址 |
|---|---|---|
| 清洁单位 | 乙公司 | 远山路1号 |

## 利润表

| 项目 | 本期 | 上年度 |
|---|---|---|
| 广告位收入 | 1,100,000.00 | 900,000.00 |
| 停车场收入 | 2,200,000.00 | 800,000.00 |

## 基金管理费

| 项目 | 本期 2024-01-01至2024-12-31 | 上年度可比期间 2023-01-01至2023-12-31 |
|---|---|---|
| 当期发生的基金应支付的管理费 | 4,066,573.90 | 10,018,949.76 |

## 基金托管费

| 项目 | 本期 2024-01-01至2024-12-31 | 上年度可比期间 2023-01-01至2023-12-31 |
|---|---|---|
| 当期发生的基金应支付的托管费 | 1,320,296.29 | 2,976,015.08 |
"""


@pytest.fixture
def park(firm: Firm) -> Firm:
    firm.put("park.md", PARK)
    return firm


def test_the_line_above_a_table_says_what_its_rows_are_of(park: Firm) -> None:
    text = ask(park, "远山产业园REIT南塔项目的平均月末租金").text
    assert "4.24" in text
    assert "4.25" not in text


def test_a_reason_is_no_row_of_a_table(park: Firm) -> None:
    assert "已满三年" in ask(park, "远山产业园REIT为什么更换清洁单位").text


def test_two_things_are_answered_one_by_one(park: Firm) -> None:
    text = ask(park, "远山产业园REIT广告位收入和停车场收入各多少").text
    assert "1,100,000.00" in text
    assert "2,200,000.00" in text


@pytest.mark.parametrize(
    ("question", "apart"),
    [
        ("股票收益和股利收益各多少", ("股票收益各多少", "股利收益各多少")),
        ("一号楼和二号楼的出租率哪个高", ("一号楼的出租率哪个高", "二号楼的出租率哪个高")),
        ("股票和债券怎么配置", ()),
        ("收益分别是多少", ()),
    ],
)
def test_what_is_asked_apart(question: str, apart: Sequence[str]) -> None:
    assert asked_apart(question) == tuple(apart)


class TestFeesPaid:
    def test_what_was_paid_is_an_amount(self, park: Firm) -> None:
        assert "10,018,949.76元" in ask(park, "远山产业园REIT2023年付了多少管理费").text

    def test_fees_of_a_year_add_up_as_amounts(self, park: Firm) -> None:
        assert "5,386,870.19元" in ask(park, "远山产业园REIT2024年管理费加托管费一共多少").text

    def test_a_rate_stays_a_rate(self, park: Firm) -> None:
        for asked in ("远山产业园REIT的管理费率是多少", "远山产业园REIT的管理费收多少"):
            assert "4,066,573.90" not in ask(park, asked).text


class TestPremisesOfSentences:
    def test_the_other_direction_is_told(self, park: Firm) -> None:
        answer = ask(park, "远山产业园REIT的平均月末租金为什么上涨")
        assert answer.text.startswith("这一说法与文件记载不符。")
        assert "下降17.66%" in answer.text

    def test_the_same_direction_is_not_judged(self, park: Firm) -> None:
        for asked in ("远山产业园REIT的平均月末租金为什么下降", "远山产业园REIT的平均月末租金为什么没有上涨"):
            assert "这一说法" not in ask(park, asked).text

    def test_why_over_a_figure_that_says_otherwise(self, firm: Firm) -> None:
        assert ask(firm, "为什么云岭稳健混合2024年亏了").text.startswith("这一说法与文件记载不符。")


def test_a_fund_of_which_only_its_holding_period_is_named_is_unknown() -> None:
    def everything_known(wanted: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(wanted, 0.5)

    question = "华安证券睿赢一年持有的管理费"
    assert unknown_products(question, ResolvedQuestion(question=question), everything_known)
    about_holders = "持有一年持有期基金的客户能赎回吗"
    assert not unknown_products(about_holders, ResolvedQuestion(question=about_holders), everything_known)


def test_less_than_the_year_before_is_of_the_figure_before(firm: Firm) -> None:
    answer = ask(firm, "比上一年少了多少", history=("云岭稳健混合2024年净值增长率",))
    assert "3.25%" in answer.text
