"""Holders, insiders and fees in words of speech; which way a size went; classes and funds that are not there"""

from __future__ import annotations

import pytest

from tests.knowledge_base.test_fact_holders import REPORT
from tests.rag.asked import ask
from tests.rag.firm import FRONT, Firm

HOUSE = FRONT.format(
    title="星河黄金交易型开放式证券投资基金2024年年度报告",
    type="fund_annual",
    more="codes: ['990081']\nperiod: '2024'\nnames: {'990081': 星河黄金ETF}\n",
) + (
    """# 星河黄金交易型开放式证券投资基金2024年年度报告

## 主要会计数据和财务指标

| 期间数据和指标 | 2024年 | 2023年 |
|---|---|---|
| 本期基金份额净值增长率 | -4.40% | 2.05% |
| 期末基金资产净值 | 1,800.00 | 1,200.00 |

## 开放式基金份额变动

| 项目 | 数值 |
|---|---|
| 本报告期期初基金份额总额 | 800.00 |
| 本报告期期末基金份额总额 | 1,200.00 |

## 期末按公允价值占基金资产净值比例大小排序的所有权益投资明细

| 序号 | 公司名称（英文） | 公司名称（中文） | 数量（股） | 公允价值 | 占基金资产净值比例（％） |
|---|---|---|---|---|---|
| 1 | Yuanshan Power Ltd | 远山电力集团股份有限公司 | 1,000 | 90.00 | 9.10 |
| 2 | Yunling Cloud Music Inc | 云岭云音乐股份有限公司 | 65,500 | 58.90 | 5.89 |
"""
)


@pytest.fixture
def reports(firm: Firm) -> Firm:
    firm.put("holders.html", REPORT)
    firm.put("gold.md", HOUSE)
    firm.sync()
    return firm


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("星河双季一共多少人持有", "2,016户"),
        ("星河双季A类散户占比", "26.17%"),
        ("星河双季机构占多少", "45.37%"),
        ("星河双季员工自己买了多少", "227,026.19份"),
        ("星河双季24年审计费多少", "22,800.00元"),
        ("星河黄金ETF云岭云音乐拿了多少比例", "5.89%"),
        ("星河黄金ETF24年份额是多了还是少了", "1,200.00份"),
    ],
)
def test_figures_as_people_ask_for_them(reports: Firm, question: str, said: str) -> None:
    assert said in ask(reports, question).text


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("星河黄金ETF24年份额缩水了吗", False),
        ("星河黄金ETF24年份额增加了吗", True),
        ("星河黄金ETF2024年规模缩水了对吗", False),
        ("星河黄金ETF24年涨了吗", False),
        ("星河黄金ETF24年跌了吗", True),
    ],
)
def test_which_way_it_went_is_held_against_the_figures(reports: Firm, question: str, holds: bool) -> None:
    told = ask(reports, question).text
    assert ("与文件记载一致" in told, "与文件记载不符" in told) == (holds, not holds)


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("星河黄金ETF的Y类净值增长率", "Y类"),  # a fund without classes
        ("星河双季E类持有人户数", "E类"),  # another class
        ("星河双季港币份额净值", "港币"),
        ("星河黄金ETF联接C类规模", ""),  # what feeds the ETF
        ("星河黄金ETF的联接基金规模", ""),
        ("星河黄金ETF持有人户数", ""),  # another product tells of it
        ("星河黄金ETF25年一季度出租率", ""),
        ("星河双季2025年二季度审计费用", ""),
    ],
)
def test_what_is_told_of_another_one_is_refused(reports: Firm, question: str, note: str) -> None:
    answer = ask(reports, question)
    assert answer.abstained
    assert note in (answer.note or "")
