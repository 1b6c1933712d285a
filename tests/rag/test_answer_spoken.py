"""Figures asked for in words of speech, on a quarterly report with share classes as firms print it"""

from __future__ import annotations

from datetime import date

import pytest

from tests.rag.asked import ask
from tests.rag.firm import Firm

SHARES = """<html><h1>{name}型证券投资基金2025年第1季度报告</h1><h2>基金基本情况</h2>
<table><tr><td>基金简称</td><td colspan=2>{name}</td></tr><tr><td>基金主代码</td><td colspan=2>{code}1</td></tr>
<tr><td>下属分级基金的基金简称</td><td>{name}A</td><td>{name}C</td></tr>
<tr><td>下属分级基金的交易代码</td><td>{code}1</td><td>{code}2</td></tr></table>
<h2>基金经理简介</h2><table><tr><th>姓名</th><th>职务</th><th>任职日期</th><th>离任日期</th><th>证券从业年限</th></tr>
<tr><td>{manager}</td><td>本基金基金经理</td><td>2021-03-01</td><td>-</td><td>{years}</td></tr></table>
<h2>开放式基金份额变动</h2><p>单位：份</p><table><tr><th>项目</th><th>{name}A</th><th>{name}C</th></tr>
<tr><td>报告期期初基金份额总额</td><td>5,000.00</td><td>900.00</td></tr>
<tr><td>报告期期间基金总申购份额</td><td>1,000.00</td><td>50.00</td></tr>
<tr><td>减：报告期期间基金总赎回份额</td><td>2,500.50</td><td>100.25</td></tr>
<tr><td>报告期期末基金份额总额</td><td>3,499.50</td><td>849.75</td></tr></table></html>"""
YEARS = """---
title: 澄湖两岸债券型证券投资基金2024年年度报告
type: fund_annual
codes: ['990041']
period: '2024'
names: {'990041': 澄湖两岸债券}
---
# 澄湖两岸债券型证券投资基金2024年年度报告

## 主要财务指标

| 期间数据和指标 | 2024年 | 2023年 |
|---|---|---|
| 本期基金份额净值增长率 | 4.40% | -2.05% |
| 期末基金资产净值 | 5,000.00 | 2,000.00 |

## 基金份额变动

| 项目 | 数值 |
|---|---|
| 本报告期期初基金份额总额 | 1,200.00 |
| 本报告期期末基金份额总额 | 800.00 |

## 基金净值表现

| 阶段 | 份额净值增长率① | 业绩比较基准收益率③ |
|---|---|---|
| 过去一年 | 4.40% | 3.15% |
"""


@pytest.fixture
def books(firm: Firm) -> Firm:
    firm.put("hill.html", SHARES.format(name="远山双利混合", code="99003", manager="秦朗", years="12年"))
    firm.put("pine.html", SHARES.format(name="听松臻选混合", code="99005", manager="林语", years="7年"))
    firm.put("banks.md", YEARS)
    return firm


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("澄湖两岸23年亏了几个点", "2023年净值增长率为-2.05%"),
        ("澄湖两岸23年亏多少个点", "2023年净值增长率为-2.05%"),
        ("澄湖两岸24年赢基准多少", "高出1.25%（4.40% - 3.15%）"),
        ("澄湖两岸24年份额缩水缩了多少", "减少400.00份（800.00份 - 1,200.00份）"),
        ("远山双利一季度A类份额变了多少", "减少1,500.50份（3,499.50份 - 5,000.00份）"),
        ("远山双利一季度C类被赎走多少份", "报告期总赎回份额为100.25份"),
        ("远山双利一季度AC两类加起来赎了多少份", "合计为2,600.75份（2,500.50份 + 100.25份）"),
        ("远山双利一季度两类合计申了多少份", "合计为1,050.00份（1,000.00份 + 50.00份）"),
        ("远山双利的基金经理干了多少年", "基金经理为秦朗，证券从业年限为12年"),
        ("远山双利和听松臻选的经理谁资历老", "证券从业年限比听松臻选混合高出5年（12年 - 7年）"),
        ("24年云岭稳健和澄湖两岸谁好", "澄湖两岸债券"),
        ("远山双利的A一季度净跑了多少份", "（1,000.00份 - 2,500.50份）"),
        ("远山双利A一季度净增了多少份", "（1,000.00份 - 2,500.50份）"),
        ("远山双利A一季度份额缩成啥样了", "减少1,500.50份（3,499.50份 - 5,000.00份）"),
        ("远山双利现在经理就剩谁了", "基金经理为秦朗"),
        ("远山双利谁在管 几个人", "基金经理为秦朗"),
        ("澄湖两岸24年末盘子是23年末的几倍", "的2.50倍（5,000.00元 ÷ 2,000.00元）"),
    ],
)
def test_told_as_it_was_asked(books: Firm, question: str, told: str) -> None:
    assert told in ask(books, question).text


def test_the_person_spoken_of_before(books: Firm) -> None:
    assert "12年" in ask(books, "这个人干多少年了", history=("远山双利谁在管",)).text


def test_a_note_below_a_table_gives_no_reason_and_no_share(books: Firm) -> None:
    books.put(
        "notes.md",
        YEARS.replace("990041", "990043").replace("澄湖两岸", "澄湖远岸")
        + "\n## 持有人\n\n注：报告期内基金管理人未发生固有资金赎回本基金的情况。\n\n"
        "注：本基金本报告期内未出现单一投资者持有基金份额比例达到或超过20%的情况。\n",
    )
    assert "未发生" not in ask(books, "澄湖远岸为什么赎回这么多").text
    assert ask(books, "澄湖远岸24年机构占多少").abstained


def test_why_a_manager_went_is_not_answered_with_who_is_there(books: Firm) -> None:
    for question in ("远山双利为什么换基金经理", "远山双利的基金经理为啥辞职"):
        answer = ask(books, question)
        assert answer.abstained
        assert "不符" not in repr(answer)


REPO = """---
title: 质押式报价回购业务指引
type: rule
---
# 质押式报价回购业务指引

| 期限 | 参考年利率 | 起点金额 |
|---|---|---|
| 7天 | 1.80% | 1,000元 |
| 28天 | 1.95% | 1,000元 |
| 91天 | 2.05% | 50,000元 |

提前终止按0.35%的年利率计息。
"""


THINGS = ("开户", "销户", "转账", "密码", "双录", "回访", "印花税", "佣金", "新股", "融资", "权限", "证件")


@pytest.fixture
def shelf(firm: Firm) -> Firm:
    """The firm with rules on other things, so that words of one rule are rare."""
    for n, thing in enumerate(
        ("开户", "销户", "转账", "密码", "双录", "回访", "印花税", "佣金", "新股", "融资", "权限", "证件")
    ):
        text = f"---\ntitle: {thing}说明\ntype: rule\n---\n# {thing}说明\n\n{thing}由营业部受理。\n"
        (firm.documents / f"rule{n}.md").write_text(text, encoding="utf-8")
    firm.sync()
    return firm


class TestRulesInWordsOfSpeech:
    def test_a_term_is_answered_by_its_own_row(self, shelf: Firm) -> None:
        shelf.put("repo.md", REPO)
        answer = ask(shelf, "一个月左右那档报价回购的参考年利率").text
        assert "28天：参考年利率 1.95%" in answer
        assert "2.05%" not in answer

    def test_a_term_without_a_row_is_refused(self, shelf: Firm) -> None:
        shelf.put("repo.md", REPO)
        assert ask(shelf, "半年期的报价回购利率几个点").abstained

    def test_what_is_taken_out_early(self, shelf: Firm) -> None:
        shelf.put("repo.md", REPO)
        assert "0.35%" in ask(shelf, "七天的那个回购，没到日子想把钱拿出来，利息按多少给").text

    def test_a_level_of_risk_is_one_word(self, shelf: Firm) -> None:
        shelf.put(
            "levels.md",
            "---\ntitle: 适当性匹配规则\ntype: rule\n---\n# 适当性匹配规则\n\n"
            "C1可购买R1，C2可购买R2及以下，C3可购买R3及以下，C5可购买全部等级的产品。\n",
        )
        assert "C3可购买R3及以下" in ask(shelf, "C3的客户最高能买什么等级的产品").text

    def test_the_largest_of_all_funds_is_told_by_no_one_report(self, shelf: Firm) -> None:
        assert ask(shelf, "56只股票基金里公允价值最大的是哪只").abstained


def strategy(quarter: str, years: str, share: str, until: str) -> str:
    return f"""---
title: 2026年{quarter}季度资产配置观点
type: research
{until}---
# 2026年{quarter}季度资产配置观点

长端国债方面，建议久期保持在{years}左右。

## 参考比例

| 资产 | 稳健型 | 进取型 |
|---|---|---|
| 权益 | 15% | {share} |
"""


class TestOfItsTime:
    @pytest.fixture
    def views(self, shelf: Firm) -> Firm:
        shelf.put("third.md", strategy("三", "3年", "65%", "effective_from: 2026-07-03\neffective_to: 2026-10-08\n"))
        shelf.put("fourth.md", strategy("四", "两年", "70%", "effective_from: 2026-10-09\n"))
        return shelf

    def test_a_past_quarter_is_answered_by_what_was_in_force_then(self, views: Firm) -> None:
        answer = ask(views, "三季度研究所建议长端国债的久期放在几年", on=date(2026, 11, 20))
        assert "3年" in answer.text
        assert "两年" not in answer.text
        assert "现已失效" in (answer.note or "")

    def test_without_a_time_what_is_in_force_answers(self, views: Firm) -> None:
        answer = ask(views, "研究所建议长端国债的久期放在几年", on=date(2026, 11, 20))
        assert "两年" in answer.text
        assert answer.note is None

    def test_two_quarters_are_each_answered_by_their_own(self, views: Firm) -> None:
        text = ask(views, "四季度和三季度给进取型的权益各多少", on=date(2026, 11, 20)).text
        assert "四季度资产配置观点》：权益：进取型 70%" in text
        assert "三季度资产配置观点》：权益：进取型 65%" in text
