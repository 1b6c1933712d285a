"""Metrics against empyrical-reloaded to 1e-9, and what happens at the edges."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd
import pytest

from copilot.diagnosis import metrics
from copilot.diagnosis.data.index import read_index
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.series import ReturnSeries
from eval.suites.funds import reference_metrics
from tests.copilot.diagnosis.conftest import drawn_returns, weekdays

TOLERANCE = 1e-9


def frame(series: ReturnSeries) -> pd.Series:
    return pd.Series(series.values, index=pd.DatetimeIndex(series.dates))


def assert_agree(own: ReturnSeries, benchmark: ReturnSeries) -> None:
    ours, theirs = metrics.raw_metrics(own, benchmark), reference_metrics(own, benchmark)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE, nan_ok=True), name


def series(count: int, seed: int, first: date = date(2020, 1, 1)) -> ReturnSeries:
    days = weekdays(first, date(2026, 12, 31))[:count]
    return ReturnSeries.of(days, list(drawn_returns(count, seed)))


@pytest.mark.parametrize("count", [2, 3, 30, 252, 1250])
def test_agrees_with_empyrical(count: int) -> None:
    assert_agree(series(count, count), series(count, count + 1))


def test_agrees_where_calendars_differ() -> None:
    own, other = series(800, 1), series(900, 2, date(2020, 3, 2))
    thinned = ReturnSeries(dates=own.dates[::2], values=own.values[::2])
    assert_agree(thinned, other)


def test_agrees_on_rising_only_and_constant_series() -> None:
    days = weekdays(date(2024, 1, 1), date(2024, 6, 28))
    rising = ReturnSeries.of(days, [0.001 + 0.0001 * (i % 3) for i in range(len(days))])
    ours = metrics.raw_metrics(rising)
    assert math.isnan(ours["calmar"])
    assert ours["max_drawdown"] == 0
    constant = ReturnSeries.of(days, [0.001] * len(days))
    assert metrics.sharpe(constant.values) == empyrical.sharpe_ratio(frame(constant)) == math.inf


@pytest.mark.data
@pytest.mark.parametrize("code", ["000004", "000118", "000180", "000186", "000076", "022368"])
def test_agrees_with_empyrical_on_real_funds(real_data: Path, code: str) -> None:
    own = read_nav(real_data / "nav" / f"{code}.csv", code).returns
    assert_agree(own, read_index(real_data / "index" / "000300.csv", "沪深300").returns())


def test_too_little_data_gives_nan_never_zero() -> None:
    empty = ReturnSeries.of([], [])
    assert all(math.isnan(value) for value in metrics.raw_metrics(empty, empty).values())
    single = metrics.raw_metrics(series(1, 1))
    assert math.isnan(single["annualised_volatility"])
    assert math.isnan(single["sharpe"])


def test_unknown_days_are_left_out_of_the_mean() -> None:
    values = np.array([0.01, math.nan, -0.02, 0.03])
    known = values[~np.isnan(values)]
    assert metrics.annualised_volatility(values) == pytest.approx(metrics.annualised_volatility(known))
    assert metrics.total_return(values) == pytest.approx(metrics.total_return(known))


def test_the_deepest_drawdown_has_its_dates() -> None:
    days = weekdays(date(2024, 1, 1), date(2024, 1, 10))[:6]
    found = metrics.deepest_drawdown(ReturnSeries.of(days, [0.1, -0.2, -0.1, 0.2, 0.3, 0.0]))
    assert found is not None
    assert (found.peak, found.trough, found.recovery) == (days[0], days[2], days[4])
    assert found.depth == pytest.approx(-0.28)


def test_a_drawdown_may_not_be_over() -> None:
    days = weekdays(date(2024, 1, 1), date(2024, 1, 10))[:3]
    found = metrics.deepest_drawdown(ReturnSeries.of(days, [-0.1, -0.1, 0.05]))
    assert found is not None
    assert found.recovery is None
    assert metrics.deepest_drawdown(ReturnSeries.of(days, [0.1, 0.0, 0.05])) is None


def test_years_and_months_compound_their_own_days() -> None:
    days = [date(2023, 12, 28), date(2023, 12, 29), date(2024, 1, 2), date(2024, 2, 1)]
    given = ReturnSeries.of(days, [0.1, 0.1, -0.1, 0.05])
    assert metrics.by_year(given) == pytest.approx({2023: 0.21, 2024: -0.055})
    assert metrics.by_month(given)[2024 * 12] == pytest.approx(-0.1)
    assert metrics.monthly_win_rate(given) == pytest.approx(2 / 3)
    assert metrics.monthly_win_rate_against(given, ReturnSeries.of(days, [0.0] * 4)) == pytest.approx(2 / 3)
