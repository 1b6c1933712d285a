"""Figures from facts: product, period, card, what contradicts, and the risk level beside them"""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.access import Principal
from knowledge_base.errors import UnknownProductError
from knowledge_base.products import Product
from tests.rag.asked import ask
from tests.rag.documents import ADVISOR, TODAY
from tests.rag.firm import PROFILE, Firm, report


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
