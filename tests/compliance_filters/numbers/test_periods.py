"""Periods of figures: read from words, compared with those of facts."""

from __future__ import annotations

import pytest

from compliance_filters.numbers.periods import Period, period_of_fact, periods_in

ROLLING_6, ROLLING_12 = Period(kind="rolling", length=6), Period(kind="rolling", length=12)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("过去六个月", ROLLING_6),
        ("近半年", ROLLING_6),
        ("近一年", ROLLING_12),
        ("最近12个月", ROLLING_12),
        ("近一年半", Period(kind="rolling", length=18)),
        ("近5个交易日", Period(kind="rolling", length=-5)),
        ("2024年度", Period(kind="calendar", year=2024)),
        ("2024年上半年", Period(kind="calendar", year=2024, first=1, last=6)),
        ("2026年第3季度", Period(kind="calendar", year=2026, first=7, last=9)),
        ("2026Q3", Period(kind="calendar", year=2026, first=7, last=9)),
        ("前三季度", Period(kind="calendar", first=1, last=9)),
        ("截至2026年9月30日", Period(kind="day", year=2026, first=9, last=9, day=30)),
        ("2022年至2024年", Period(kind="calendar", years=(2022, 2023, 2024))),
        ("自基金合同生效起至今", Period(kind="life")),
        ("今年以来", Period(kind="ytd")),
    ],
)
def test_a_period_is_read(text: str, period: Period) -> None:
    assert [mention.value for mention in periods_in(text)] == [period]


@pytest.mark.parametrize("text", ["两个季度", "三只基金", "50000元", "代码990001", ""])
def test_what_is_no_period(text: str) -> None:
    assert periods_in(text) == ()


@pytest.mark.parametrize(
    ("mine", "theirs", "agrees"),
    [
        ("近一年", "过去12个月", True),
        ("近一年", "近三年", False),
        ("2024年", "2024", True),
        ("2024年", "2023", False),
        ("2026年9月末", "2026Q3", True),
        ("截至2026年9月30日", "2026Q3", True),
        ("截至2026年6月30日", "2026Q3", False),
        ("近一年", "2025-09-30至2026-09-30", True),
        ("2025年", "2025-01-01至2025-12-31", True),
        ("近一年", "2024", None),
        ("2026年前三季度", "2026-01-01至2026-06-30", False),
        ("2026年6月", "2026年上半年", True),
        ("2026年", "2026年上半年", True),
    ],
)
def test_agreement_with_a_facts_period(mine: str, theirs: str, agrees: bool | None) -> None:
    (period,) = (mention.value for mention in periods_in(mine))
    found = {period.agrees(other) for other in period_of_fact(theirs, "净值增长率")}
    assert agrees in found if agrees is not None else found == {None}


def test_what_stands_before_the_first_of_several_periods_holds_for_all() -> None:
    three, six, twelve = (Period(kind="rolling", length=n) for n in (3, 6, 12))
    assert [mention.value for mention in periods_in("近三个月、半年和一年")] == [three, six, twelve]
    assert [mention.value for mention in periods_in("近三个月、两年期的债券")] == [three]


@pytest.mark.parametrize(
    ("text", "months"),
    [("2024年4月至12月上涨5.6%", (4, 12)), ("2026年1月1日至6月30日", (1, 6)), ("2026年3月至2026年5月", (3, 3))],
)
def test_months_of_a_range(text: str, months: tuple[int, int]) -> None:
    found = periods_in(text)[0].value
    assert (found.first, found.last) == months
