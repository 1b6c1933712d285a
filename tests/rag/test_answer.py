"""Answers over a synced knowledge base: facts, quotes, an honest no, and never what is withheld."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.access import Principal
from knowledge_base.errors import UnknownProductError
from knowledge_base.products import Product
from prompts.chat import Message
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat
from rag.draft import Drafter
from rag.numbers import QuotedNumbers
from rag.passage import Answer
from tests.rag.documents import ADVISOR, RESEARCHER, TODAY
from tests.rag.firm import PROFILE, Firm, report

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


@pytest.fixture
def firm(engine: Engine, tmp_path: Path) -> Firm:
    return Firm(engine, tmp_path)


def ask(
    firm: Firm,
    question: str,
    *,
    principal: Principal = ADVISOR,
    history: tuple[str, ...] = (),
    on: date = TODAY,
    drafter: Drafter | None = None,
) -> Answer:
    turns = [Message(role="user", content=text) for text in history]
    answer = firm.answerer(drafter=drafter).answer(question, principal, turns, on=on)
    for citation in answer.citations:
        assert firm.text(citation.version_id)[citation.start : citation.end] == citation.quote
    assert QuotedNumbers().unsupported_numbers(answer) == ()
    used = {n for sentence in answer.sentences for n in sentence.citations}
    assert used == {citation.n for citation in answer.citations}
    return answer


class TestFacts:
    def test_growth_and_benchmark_of_a_year(self, firm: Firm) -> None:
        answer = ask(firm, "云岭稳健混合2024年净值增长率和业绩比较基准各是多少")
        assert answer.text.startswith("云岭稳健混合")
        assert "过去一年（截至2024年末）净值增长率为3.25%，同期业绩比较基准收益率为2.17%。[1][2]" in answer.text
        assert answer.citations[0].quote == "过去一年 | 3.25% | 2.17%"

    @pytest.mark.parametrize(
        "named", ["云岭稳健混合", "990001", "yunlingwenjianhunhe", "云岭稳健混合怎么样", "云岭稳健混合最近怎么样"]
    )
    def test_a_product_named_alone_is_told_by_its_card(self, firm: Firm, named: str) -> None:
        answer = ask(firm, named)
        assert "净值增长率为3.25%，同期业绩比较基准收益率为2.17%" in answer.text
        assert "远山电力" not in answer.text

    def test_a_card_tells_what_holds_until_changed_beside_the_latest_period(self, firm: Firm) -> None:
        firm.put("profile.md", PROFILE)
        text = ask(firm, "990001").text
        assert ("3.25%" in text, "管理费率为1.20%" in text) == (True, True)

    def test_what_is_asked_beside_a_name_is_no_card(self, firm: Firm) -> None:
        for asked in ("云岭稳健混合sharpe", "云岭稳健混合有多少只"):
            assert "3.25%" not in ask(firm, asked).text

    def test_two_products_side_by_side(self, firm: Firm) -> None:
        text = ask(firm, "云岭稳健混合和澄湖纯债债券2024年净值增长率分别是多少").text
        assert "3.25%" in text
        assert "-1.40%" in text

    @pytest.mark.parametrize("question", ["那业绩比较基准呢", "业绩比较基准收益率是多少？"])
    def test_product_and_period_come_from_history(self, firm: Firm, question: str) -> None:
        answer = ask(firm, question, history=("云岭稳健混合2024年净值增长率是多少",))
        assert "2.17%" in answer.text
        assert "2024年" in answer.text

    def test_metric_and_period_come_from_history(self, firm: Firm) -> None:
        answer = ask(firm, "那澄湖纯债债券呢", history=("云岭稳健混合2024年净值增长率是多少",))
        assert "-1.40%" in answer.text
        assert "3.25%" not in answer.text

    def test_a_period_that_is_not_there_is_said_so_with_the_nearest(self, firm: Firm) -> None:
        answer = ask(firm, "云岭稳健混合2019年净值增长率是多少")
        assert answer.abstained
        assert "未找到2019年的净值增长率" in (answer.note or "")
        assert "2024年" in (answer.note or "")

    def test_documents_that_disagree_are_both_given(self, firm: Firm) -> None:
        quarterly = report("云岭稳健混合", "990001", 2024, "3.52%", "2.17%", "更正。").replace(
            "type: fund_annual", "type: other"
        )
        firm.put("correction.md", quarterly.replace("年年度报告", "年年度报告更正"))
        answer = ask(firm, "云岭稳健混合2024年净值增长率是多少")
        assert "3.25%" in answer.text
        assert "3.52%" in answer.text
        assert "不一致" in (answer.note or "")


class TestWholeAndGeneral:
    def test_a_quote_goes_on_behind_a_semicolon(self, firm: Firm) -> None:
        firm.put(
            "convert.md",
            "---\ntitle: 基金转托管说明\ntype: rule\n---\n# 基金转托管说明\n\n"
            "转托管申请当日受理；节假日提交的申请顺延至下一工作日。\n",
        )
        assert "当日受理；节假日提交的申请顺延至下一工作日。" in ask(firm, "转托管申请怎么受理").text

    def test_a_general_question_is_answered_from_general_documents(self, firm: Firm) -> None:
        own = report(
            "云岭稳健混合", "990001", 2024, "3.25%", "2.17%", "本基金的赎回款在T+9个工作日内到账，赎回款到账快。"
        )
        firm.put("cloud.md", own)
        answer = ask(firm, "赎回款多少个工作日内到账")
        assert "T+3个工作日" in answer.text
        assert "T+9" not in answer.text


class Register:
    """The product register: the first class of one fund is rated."""

    def get(self, code: str, *, principal: Principal, on: date | None = None) -> Product:
        if code != "990001":
            raise UnknownProductError(code)
        return Product(
            code=code, name="别名", risk_level="R3", risk_source="远山证券评级委员会", risk_as_of=date(2026, 7, 1)
        )


class TestRisk:
    def test_the_level_stands_beside_with_its_source_and_never_in_the_text(self, firm: Firm) -> None:
        answerer = firm.answerer()
        answerer.register = Register()
        answer = answerer.answer("云岭稳健混合和澄湖纯债债券2024年净值增长率差多少", ADVISOR, on=TODAY)
        assert [risk.text for risk in answer.risks] == ["云岭稳健混合：风险等级R3（远山证券评级委员会，2026-07-01）"]
        assert "R3" not in answer.text


class TestComputed:
    def test_the_difference_of_two_products_is_shown(self, firm: Firm) -> None:
        text = ask(firm, "云岭稳健混合和澄湖纯债债券2024年净值增长率差多少").text
        assert "云岭稳健混合的净值增长率比澄湖纯债债券高出4.65%（3.25% - (-1.40%)）" in text

    def test_growth_rates_are_not_added_up(self, firm: Firm) -> None:
        assert "合计" not in ask(firm, "云岭稳健混合和澄湖纯债债券2024年净值增长率合计").text

    def test_a_later_year_less_an_earlier_one(self, firm: Firm) -> None:
        firm.put("cloud2023.md", report("云岭稳健混合", "990001", 2023, "1.05%", "0.40%", "仓位不变。"))
        text = ask(firm, "云岭稳健混合2023年和2024年净值增长率相差多少").text
        assert "2024年的净值增长率比2023年增加2.20%" in text

    def test_compared_figures_stand_in_a_table_with_citations_and_the_arithmetic(self, firm: Firm) -> None:
        answer = ask(firm, "云岭稳健混合和澄湖纯债债券2024年净值增长率差多少")
        assert answer.table is not None
        assert answer.table.header[0] == "产品"
        assert [[cell.text for cell in row] for row in answer.table.rows] == [
            ["云岭稳健混合", "3.25%"],
            ["澄湖纯债债券", "-1.40%"],
        ]
        quotes = {citation.n: citation.quote for citation in answer.citations}
        for _, cell in answer.table.rows:
            assert any(cell.text in quotes[n] for n in cell.citations)
        assert answer.table.result is not None
        assert answer.table.result[0].text == "差"
        assert answer.table.result[1].text == "4.65%（3.25% - (-1.40%)）"
        assert answer.text.endswith(answer.table.text)

    def test_periods_of_one_product_are_rows_too(self, firm: Firm) -> None:
        firm.put("cloud2023.md", report("云岭稳健混合", "990001", 2023, "1.05%", "0.40%", "仓位不变。"))
        table = ask(firm, "云岭稳健混合2023年和2024年净值增长率相差多少").table
        assert table is not None
        assert table.header[0] == "期间"
        assert sorted(row[1].text for row in table.rows) == ["1.05%", "3.25%"]
        assert table.result is not None
        assert table.result[1].text == "2.20%（3.25% - 1.05%）"

    def test_of_three_products_the_highest_and_the_lowest_are_told(self, firm: Firm) -> None:
        firm.put("hill.md", report("远山成长混合", "990003", 2024, "8.10%", "0.40%", "加仓。"))
        answer = ask(firm, "云岭稳健混合、澄湖纯债债券、远山成长混合2024年净值增长率哪个最高")
        assert "净值增长率最高的是远山成长混合，最低的是澄湖纯债债券，相差9.50%（8.10% - (-1.40%)）" in answer.text
        assert answer.table is not None
        assert len(answer.table.rows) == 3
        assert QuotedNumbers().unsupported_numbers(answer) == ()

    def test_a_single_figure_makes_no_table(self, firm: Firm) -> None:
        assert ask(firm, "云岭稳健混合2024年净值增长率是多少").table is None

    @pytest.mark.parametrize(
        ("question", "verdict"),
        [
            ("云岭稳健混合2024年净值增长率是5%对吧", "这一说法与文件记载不符"),
            ("云岭稳健混合2024年净值增长率是3.25%对吧", "这一说法与文件记载一致"),
            ("澄湖纯债债券2024年涨了1.4%对吧", "这一说法与文件记载不符"),
            ("澄湖纯债债券2024年亏了吧", "这一说法与文件记载一致"),
        ],
    )
    def test_a_premise_is_held_against_the_facts(self, firm: Firm, question: str, verdict: str) -> None:
        assert ask(firm, question).text.startswith(verdict)


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


class TestQuotes:
    def test_a_sentence_is_quoted_word_for_word(self, firm: Firm) -> None:
        answer = ask(firm, "基金赎回几天到账")
        assert answer.sentences[0].text == answer.citations[0].quote
        assert "T+3个工作日内到账" in answer.text

    def test_a_section_answers_a_question_that_is_its_heading(self, firm: Firm) -> None:
        assert "提高了利率债仓位" in ask(firm, "云岭稳健混合报告期内的投资策略和运作分析").text

    def test_a_table_row_is_rendered_with_its_columns(self, firm: Firm) -> None:
        answer = ask(firm, "云岭稳健混合期末持有远山港口多少股")
        assert "远山港口：数量 9,500股" in answer.text
        assert "远山港口 | 9,500" in answer.citations[0].quote
        assert "远山电力" not in answer.text

    def test_a_list_comes_whole(self, firm: Firm) -> None:
        text = ask(firm, "澄湖纯债债券的股票投资明细有哪些").text
        assert "远山电力" in text
        assert "远山港口" in text

    def test_another_products_passage_is_no_answer(self, firm: Firm) -> None:
        answer = ask(firm, "澄湖纯债债券的投资策略和运作分析")
        assert "短久期信用债" in answer.text
        assert {citation.title for citation in answer.citations} == {"澄湖纯债债券型证券投资基金2024年年度报告"}


class TestAbstention:
    @pytest.mark.parametrize(
        "question",
        [
            "星辰创新成长混合2024年净值增长率是多少",
            "代码990099的管理费率是多少",
            "云岭稳健混合的审计报告签字会计师有几位",
            "明天大盘会涨吗",
            "云岭稳健混合的创始人在哪里上的大学",
        ],
    )
    def test_an_honest_no(self, firm: Firm, question: str) -> None:
        answer = ask(firm, question)
        assert answer.abstained
        assert answer.sentences == ()
        assert (answer.note or "").startswith("未找到")
        assert answer.searched != ()

    def test_an_unknown_fund_is_named(self, firm: Firm) -> None:
        assert "星辰创新成长混合" in (ask(firm, "星辰创新成长混合2024年净值增长率是多少").note or "")

    def test_an_unknown_fund_beside_a_known_one(self, firm: Firm) -> None:
        answer = ask(firm, "云岭稳健混合与星辰创新成长混合2024年净值增长率")
        assert "3.25%" in answer.text
        assert "没有星辰创新成长混合的资料" in (answer.note or "")


class TestAccess:
    QUESTION = "云岭稳健混合的拟任接班人是谁"

    def test_what_is_withheld_appears_nowhere(self, firm: Firm) -> None:
        for question in (self.QUESTION, "云岭稳健混合换手率目标是多少", "内部纪要说了什么"):
            answer = ask(firm, question)
            assert "赵启明" not in repr(answer)
            assert "45%" not in repr(answer)
            assert "内部纪要" not in repr(answer).replace("内部纪要说了什么", "")

    def test_who_holds_the_label_gets_it(self, firm: Firm) -> None:
        assert "赵启明" in ask(firm, self.QUESTION, principal=RESEARCHER).text

    def test_what_is_not_in_force_is_not_used(self, firm: Firm) -> None:
        assert ask(firm, "基金转换补差费按多少收取").abstained
        assert "0.50%" in ask(firm, "基金转换补差费按多少收取", on=date(2024, 6, 1)).text

    def test_a_deleted_document_answers_nothing(self, firm: Firm) -> None:
        (firm.documents / "lake.md").unlink()
        firm.sync()
        answer = ask(firm, "澄湖纯债债券2024年净值增长率是多少")
        assert answer.abstained
        assert "-1.40%" not in repr(answer)
        assert not any("澄湖" in passage.chunk.title for passage in answer.passages)


class TestChatModel:
    QUESTION = "云岭稳健混合报告期内的投资策略和运作分析"

    def test_a_draft_that_stands(self, firm: Firm) -> None:
        model = ScriptedChat(["该基金降低了信用债久期，同时提高利率债仓位。[1]"])
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert answer.by == "scripted"
        assert answer.text == "该基金降低了信用债久期，同时提高利率债仓位。[1]"
        assert "利率债" in model.asked[0][-1].content
        assert "赵启明" not in model.asked[0][-1].content

    @pytest.mark.parametrize(
        "bad",
        [
            "仓位提高到了88%[1]。",
            "仓位有所提高。",
            "仓位有所提高[99]。",
            "The fund cut its duration[1].",
            "该基金非常适合您，现在就可以大胆买入[1]。",
        ],
        ids=["number", "bare", "range", "english", "elsewhere"],
    )
    def test_a_sentence_that_fails_is_replaced_by_the_extractive_one(self, firm: Firm, bad: str) -> None:
        model = ScriptedChat([f"该基金降低了信用债久期[1]。{bad}"] * 2)
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert bad.replace("[1]", "") not in answer.text.replace("[1]", "")
        assert answer.sentences[0].text == "该基金降低了信用债久期。"
        assert answer.sentences[1].text == "本基金降低了信用债久期，提高了利率债仓位。"

    def test_the_model_may_write_once_more_what_failed(self, firm: Firm) -> None:
        good = "该基金降低了信用债久期，提高了利率债仓位[1]。"
        model = ScriptedChat(["该基金降低了信用债久期[1]。仓位提高到了88%[1]。", good])
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert [sentence.text for sentence in answer.sentences] == ["该基金降低了信用债久期，提高了利率债仓位。"]
        assert "仓位提高到了88%[1]。" in model.asked[1][-1].content

    @pytest.mark.parametrize("reply", ["全是编造，收益8.8%。", ChatUnavailableError("no answer")])
    def test_the_extractive_answer_stands_in(self, firm: Firm, reply: str | Exception) -> None:
        answer = ask(firm, self.QUESTION, drafter=Drafter(ScriptedChat([reply]), PromptLibrary()))
        assert answer.by == "extractive"
        assert "提高了利率债仓位" in answer.text
        assert "原文摘录" in str(answer.note), "it is said"


class Breaks(ScriptedChat):
    """Says what it was told to, then breaks off."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]:
        yield from super().stream(messages, max_tokens=max_tokens)
        raise ChatUnavailableError("the server said no more")


class TestGrowing:
    """The answer as it comes into being: each begins as the one before."""

    QUESTION = TestChatModel.QUESTION
    FIRST, SECOND = "该基金降低了信用债久期。", "该基金提高了利率债仓位。"

    def grown(self, firm: Firm, model: ScriptedChat | None) -> list[Answer]:
        drafter = Drafter(model, PromptLibrary()) if model else None
        answers = list(firm.answerer(drafter=drafter).growing(self.QUESTION, ADVISOR, on=TODAY))
        for before, after in pairwise(answers):
            assert after.sentences[: len(before.sentences)] == before.sentences
            assert after.citations[: len(before.citations)] == before.citations
        return answers

    def test_without_a_model_it_is_there_at_once(self, firm: Firm) -> None:
        (only,) = self.grown(firm, None)
        assert only == ask(firm, self.QUESTION)

    @pytest.mark.parametrize("piece", [1, 3, 1000])
    def test_sentence_by_sentence_as_the_model_writes(self, firm: Firm, piece: int) -> None:
        said = "该基金降低了信用债久期[1]。该基金提高了利率债仓位。[1]"
        *growing, whole = self.grown(firm, ScriptedChat([said], piece_characters=piece))
        assert [len(answer.sentences) for answer in growing] == [1, 2]
        assert [sentence.text for sentence in whole.sentences] == [self.FIRST, self.SECOND]
        assert (whole.by, whole.note) == ("scripted", None)

    def test_what_fails_is_never_in_it_and_the_extractive_follows(self, firm: Firm) -> None:
        answers = self.grown(firm, ScriptedChat(["仓位提高到了88%[1]。该基金降低了信用债久期[1]。稳赚不赔。"]))
        assert "88%" not in repr([answer.sentences for answer in answers])
        assert answers[0].sentences[0].text == self.FIRST
        assert answers[-1].sentences[-1].text == "本基金降低了信用债久期，提高了利率债仓位。"
        assert "无法与原文核对" in (answers[-1].note or "")

    def test_a_model_that_breaks_off_is_made_good_and_it_is_said(self, firm: Firm) -> None:
        whole = self.grown(firm, Breaks(["该基金降低了信用债久期[1]。该基金提高"]))[-1]
        assert whole.sentences[0].text == self.FIRST
        assert whole.sentences[-1].text == "本基金降低了信用债久期，提高了利率债仓位。"
        assert "模型中途停止" in (whole.note or "")

    @pytest.mark.parametrize("reply", ["全是编造，收益8.8%。", ChatUnavailableError("no answer")])
    def test_the_extractive_answer_stands_in_and_it_is_said(self, firm: Firm, reply: str | Exception) -> None:
        (only,) = self.grown(firm, ScriptedChat([reply]))
        assert (only.by, only.sentences) == ("extractive", ask(firm, self.QUESTION).sentences)
        assert "原文摘录" in (only.note or "")

    def test_a_loop_is_said_once(self, firm: Firm) -> None:
        whole = self.grown(firm, ScriptedChat(["该基金降低了信用债久期[1]。" * 40]))[-1]
        assert [sentence.text for sentence in whole.sentences] == [self.FIRST]


def test_two_products_that_fit_are_asked_back(firm: Firm) -> None:
    firm.put("cloud2.md", report("云岭稳健债券", "990003", 2024, "2.00%", "1.00%", "稳健。"))
    answer = ask(firm, "云岭稳健2024年净值增长率是多少")
    assert answer.abstained
    assert "请问指的是" in (answer.note or "")
    assert "990001" in (answer.note or "")
    assert "990003" in (answer.note or "")


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
