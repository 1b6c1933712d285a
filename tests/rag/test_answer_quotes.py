"""Sentences and table rows quoted word for word"""

from __future__ import annotations

from tests.rag.asked import ask
from tests.rag.firm import Firm, report


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
