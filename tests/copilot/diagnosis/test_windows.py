"""Which periods may be shown."""

from datetime import date

import pytest

from copilot.diagnosis.windows import add_months, old_enough, risk_window, trailing_windows, year_windows


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 8, 31), 6, date(2025, 2, 28)),
        (date(2024, 1, 31), -2, date(2023, 11, 30)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_add_months(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_exactly_six_months_pass_and_a_day_less_does_not() -> None:
    assert old_enough(date(2026, 5, 20), date(2026, 11, 20))
    assert not old_enough(date(2026, 5, 21), date(2026, 11, 20))


def test_no_trailing_period_is_shorter_than_six_months() -> None:
    assert trailing_windows(date(2026, 6, 1), date(2026, 11, 20)) == ()
    names = [w.name for w in trailing_windows(date(2026, 1, 5), date(2026, 11, 20))]
    assert names == ["近6个月", "有记录以来"]


def test_the_running_year_is_shown_from_half_a_year_on() -> None:
    early = [w.name for w in trailing_windows(date(2020, 1, 2), date(2026, 6, 29))]
    late = [w.name for w in trailing_windows(date(2020, 1, 2), date(2026, 6, 30))]
    assert "今年以来" not in early
    assert "今年以来" in late


def test_only_whole_years_are_calendar_years() -> None:
    assert [w.name for w in year_windows(date(2021, 11, 22), date(2026, 11, 20))] == [
        "2022年",
        "2023年",
        "2024年",
        "2025年",
    ]


def test_nothing_under_a_year_is_annualised() -> None:
    short = risk_window(date(2026, 1, 5), date(2026, 11, 20))
    long = risk_window(date(2025, 11, 20), date(2026, 11, 20))
    assert short is not None
    assert not short.may_annualise
    assert long is not None
    assert long.may_annualise
    assert risk_window(date(2026, 10, 1), date(2026, 11, 20)) is None
