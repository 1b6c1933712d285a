"""An honest no, a question back, and never what is withheld, out of force or deleted"""

from __future__ import annotations

from datetime import date

import pytest

from tests.rag.asked import ask
from tests.rag.documents import RESEARCHER
from tests.rag.firm import Firm, report


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


def test_two_products_that_fit_are_asked_back(firm: Firm) -> None:
    firm.put("cloud2.md", report("云岭稳健债券", "990003", 2024, "2.00%", "1.00%", "稳健。"))
    answer = ask(firm, "云岭稳健2024年净值增长率是多少")
    assert answer.abstained
    assert "请问指的是" in (answer.note or "")
    assert "990001" in (answer.note or "")
    assert "990003" in (answer.note or "")


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
