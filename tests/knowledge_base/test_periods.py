from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.periods import (
    find_periods,
    last_day,
    period_of,
    period_of_range,
    reported_period,
    window_of,
)

TODAY = date(2025, 5, 5)


@pytest.mark.parametrize(
    ("question", "periods"),
    [
        ("2024年净值增长率", ["2024"]),
        ("2024年四季度规模", ["2024Q4"]),
        ("2024年第2季度末", ["2024Q2"]),
        ("2024Q3", ["2024Q3"]),
        ("去年涨了多少", ["2024"]),
        ("前年呢", ["2023"]),
        ("24年年报", ["2024"]),
        ("过去一年收益", ["P1Y"]),
        ("近三个月", ["P3M"]),
        ("最近半年", ["P6M"]),
        ("成立以来", ["INCEPTION"]),
        ("2024年上半年", ["2024H1"]),
        ("上半年业绩", ["2024H1"]),
        ("四季度", ["2024Q4"]),
        ("一季度", ["2025Q1"]),
        ("上季度", ["2025Q1"]),
        ("2024年12月31日", ["2024"]),
        ("2023年和2024年对比", ["2023", "2024"]),
        ("一年持有期", []),
        ("养老目标2045", []),
    ],
)
def test_periods_in_words(question: str, periods: list[str]) -> None:
    found = find_periods(question, today=TODAY)
    assert [match.period or match.window for match in found] == periods


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("某基金2024年年度报告", "2024"),
        ("某基金2024年第4季度报告", "2024Q4"),
        ("某基金2024年四季报", "2024Q4"),
        ("某基金2024年中期报告", "2024H1"),
        ("某基金产品资料概要", None),
    ],
)
def test_the_period_a_title_names(title: str, period: str | None) -> None:
    assert reported_period(title) == period


@pytest.mark.parametrize(
    ("window", "as_of", "period"),
    [
        ("P1Y", date(2024, 12, 31), "2024"),
        ("P3M", date(2024, 9, 30), "2024Q3"),
        ("P6M", date(2024, 6, 30), "2024H1"),
        ("P1Y", date(2024, 6, 30), "P1Y..2024-06-30"),
        ("INCEPTION", date(2024, 12, 31), "INCEPTION..2024-12-31"),
    ],
)
def test_one_spelling_for_one_period(window: str, as_of: date, period: str) -> None:
    assert period_of(window, as_of) == period
    assert last_day(period) == as_of


def test_columns_and_rows() -> None:
    assert period_of_range("2024-10-01 - 2024-12-31") == "2024Q4"
    assert period_of_range("报告期（2026年第3季度）") == "2026Q3"
    assert period_of_range("2023年") == "2023"
    assert period_of_range("上年度末 2023年12月31日") == "2023"
    assert period_of_range("数值") is None
    assert window_of("自基金合同生效起至今") == "INCEPTION"
    assert window_of("近三年") == "P3Y"
    assert window_of("基金份额") is None
