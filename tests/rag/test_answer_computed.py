"""Differences, sums and premises over facts, with the arithmetic shown"""

from __future__ import annotations

import pytest

from rag.numbers import QuotedNumbers
from tests.rag.asked import ask
from tests.rag.firm import Firm, report


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
