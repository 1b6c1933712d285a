"""Metrics beyond empyrical, each against another way of computing it: pandas, scipy, or by hand."""

from __future__ import annotations

import math
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from copilot.diagnosis.data.index import read_index
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.metrics import relative, risk
from copilot.diagnosis.metrics.attribution import Segment, brinson, total_effects
from copilot.diagnosis.metrics.costs import FeeSchedule, Tier, cost_over
from copilot.diagnosis.metrics.holdings import (
    correlation_matrix,
    effective_number,
    hhi,
    look_through,
    mixed_returns,
    overlap,
)
from copilot.diagnosis.metrics.payouts import implied_payouts, payout_summary
from copilot.diagnosis.metrics.phases import Phase, market_states, phase_results
from copilot.diagnosis.metrics.ranking import rank, rank_persistence
from copilot.diagnosis.metrics.returns import by_quarter, quarterly_win_rate_against
from copilot.diagnosis.metrics.rolling import distribution, months_before, rolling_returns, rolling_win_rate
from copilot.diagnosis.metrics.style import simplex_least_squares, style_drift, style_fit
from copilot.diagnosis.series import ReturnSeries
from tests.copilot.diagnosis.conftest import drawn_returns, weekdays

EXACT = 1e-9


def series(count: int = 900, seed: int = 1, first: date = date(2021, 1, 4)) -> ReturnSeries:
    days = weekdays(first, date(2027, 12, 31))[:count]
    return ReturnSeries.of(days, list(drawn_returns(count, seed)))


def frame(one: ReturnSeries) -> pd.Series:
    return pd.Series(one.values, index=pd.DatetimeIndex(one.dates))


def rolling_by_pandas(one: ReturnSeries, months: int = 12) -> pd.Series:
    value = (1 + frame(one)).cumprod()
    found = {}
    for day in value.index:
        base = value[: day - pd.DateOffset(months=months)]
        if len(base):
            found[day] = value[day] / base.iloc[-1] - 1
    return pd.Series(found, dtype=float)


def test_rolling_years_are_those_of_pandas() -> None:
    ours, theirs = rolling_returns(series()), rolling_by_pandas(series())
    assert ours.dates.tolist() == [day.date() for day in theirs.index]
    assert ours.values == pytest.approx(theirs.to_numpy(), abs=EXACT)
    told = distribution(ours)
    assert told is not None
    assert (told.p5, told.median, told.p95) == pytest.approx(tuple(theirs.quantile([0.05, 0.5, 0.95])), abs=EXACT)
    assert told.loss_share == pytest.approx((theirs < 0).mean())
    other = rolling_by_pandas(series(seed=2))
    assert rolling_win_rate(series(), series(seed=2)) == pytest.approx((theirs > other).mean())


def test_a_span_with_an_unknown_day_is_unknown() -> None:
    holed = series()
    holed.values[400] = math.nan
    rolled = rolling_returns(holed)
    touched = (rolled.dates >= holed.dates[400]) & (months_before(rolled.dates, 12) < holed.dates[400])
    assert np.isnan(rolled.values[touched]).all()
    assert not np.isnan(rolled.values[~touched]).any()


def test_the_end_of_february_is_a_year_before_the_end_of_february() -> None:
    days = np.array(["2024-02-29", "2023-02-28", "2024-03-31"], dtype="datetime64[D]")
    assert months_before(days, 12).astype(str).tolist() == ["2023-02-28", "2022-02-28", "2023-03-31"]
    assert months_before(days, 1).astype(str).tolist() == ["2024-01-29", "2023-01-28", "2024-02-29"]


def test_monthly_capture_and_quarters_are_those_of_pandas() -> None:
    own, other = series(seed=3), series(seed=4)

    def by(one: ReturnSeries, rule: str) -> pd.Series:
        return (1 + frame(one)).resample(rule).prod() - 1

    mine, market = by(own, "ME"), by(other, "ME")
    up = market > 0
    expected = ((1 + mine[up]).prod() ** (12 / up.sum()) - 1) / ((1 + market[up]).prod() ** (12 / up.sum()) - 1)
    assert relative.monthly_up_capture(own, other) == pytest.approx(expected, abs=EXACT)
    assert list(by_quarter(own).values()) == pytest.approx(by(own, "QE").tolist(), abs=EXACT)
    assert quarterly_win_rate_against(own, other) == pytest.approx((by(own, "QE") > by(other, "QE")).mean())
    assert relative.correlation(own, other) == pytest.approx(frame(own).corr(frame(other)), abs=EXACT)


def test_capture_without_a_falling_month_is_unknown() -> None:
    rising = ReturnSeries.of(weekdays(date(2024, 1, 1), date(2024, 3, 29)), [0.001] * 65)
    assert math.isnan(relative.monthly_down_capture(rising, rising))


def test_falls_do_not_overlap_and_come_deepest_first() -> None:
    days = weekdays(date(2024, 1, 1), date(2024, 2, 28))
    given = ReturnSeries.of(days[:8], [0.1, -0.1, 0.2, -0.3, 0.1, 0.5, -0.05, 0.0])
    found = risk.worst_drawdowns(given)
    assert [round(one.depth, 4) for one in found] == [-0.3, -0.1, -0.05]
    assert (found[0].peak, found[0].trough, found[0].recovery) == (days[2], days[3], days[5])
    assert found[0].recovery_days == (days[5] - days[3]).days
    assert found[2].recovery is None


@pytest.mark.parametrize("seed", range(6))
def test_style_weights_are_the_best_of_all_subsets(seed: int) -> None:
    """Every subset of styles is solved on its plane; the best whose weights are all >= 0 is the answer."""
    draw = np.random.default_rng(seed)
    styles = draw.normal(0, 0.01, (300, 5))
    fund = styles @ np.array([0.5, 0.5, 0, 0, 0]) * (1 + 0.3 * (seed % 2)) + draw.normal(0, 0.004, 300)
    best = min(_subset_fits(styles, fund), key=lambda pair: pair[0])[1]
    assert simplex_least_squares(styles, fund) == pytest.approx(best, abs=1e-7)


def _subset_fits(styles: np.ndarray, fund: np.ndarray) -> list[tuple[float, np.ndarray]]:
    found = []
    for chosen in product([False, True], repeat=styles.shape[1]):
        at = np.flatnonzero(chosen)
        if not len(at):
            continue
        base, rest = at[0], at[1:]
        weights = np.zeros(styles.shape[1])
        if len(rest):
            moved = styles[:, rest] - styles[:, [base]]
            weights[rest] = np.linalg.lstsq(moved, fund - styles[:, base], rcond=None)[0]
        weights[base] = 1 - weights[rest].sum()
        if (weights >= -1e-12).all():
            found.append((float(((styles @ weights - fund) ** 2).sum()), weights))
    return found


def test_style_of_a_mix_is_that_mix_and_its_drift_is_half_the_change() -> None:
    styles = {name: series(400, seed) for name, seed in (("大盘", 11), ("小盘", 12), ("债券", 13))}
    mixed = ReturnSeries(
        dates=styles["大盘"].dates, values=0.6 * styles["大盘"].values + 0.4 * styles["债券"].values
    )  # fmt: skip
    fit = style_fit(mixed, styles)
    assert fit is not None
    assert fit.weights == pytest.approx({"大盘": 0.6, "小盘": 0.0, "债券": 0.4}, abs=1e-8)
    assert fit.r_squared == pytest.approx(1.0)
    whole = style_fit(styles["小盘"], styles)
    assert whole is not None
    assert style_drift(fit, whole) == pytest.approx(1.0)
    assert style_fit(mixed.between(None, date(2021, 2, 1)), styles) is None


def test_correlations_are_those_of_pandas_also_where_calendars_differ() -> None:
    many = [series(500, seed, date(2021, 1, 4 + seed)) for seed in range(6)]
    many[2] = ReturnSeries(dates=many[2].dates[::2], values=many[2].values[::2])
    many[3].values[7] = math.nan
    expected = pd.concat([frame(one) for one in many], axis=1).corr()
    assert correlation_matrix(many) == pytest.approx(expected.to_numpy(), abs=EXACT)
    constant = ReturnSeries(dates=many[0].dates, values=np.full(500, 0.001))
    alone = correlation_matrix([many[0], constant, many[1].between(None, date(2021, 2, 10))])
    assert np.isnan(alone[0, 1:]).all()


def test_concentration_overlap_and_look_through() -> None:
    assert hhi([3, 3, 3, 3]) == pytest.approx(0.25)
    assert effective_number([5, 5]) == pytest.approx(2.0)
    assert math.isnan(hhi([0.0]))
    assert overlap({"a": 0.1, "b": 0.05}, {"a": 0.04, "c": 0.2}) == pytest.approx(0.04)
    seen = look_through({"X": 0.5, "Y": 0.3, "Z": 0.2}, {"X": {"银行": 0.4}, "Y": {"银行": 0.1, "医药": 0.6}})
    assert seen.weights == pytest.approx({"银行": 0.23, "医药": 0.18})
    assert seen.known + seen.unknown == pytest.approx(1.0)


def test_a_mix_is_the_weighted_mean_on_shared_days() -> None:
    a, b = series(10, 1), series(10, 2)
    mixed = mixed_returns({"a": a, "b": b.between(b.dates[2].astype(object))}, {"a": 3.0, "b": 1.0})
    assert mixed.values == pytest.approx((0.75 * a.values + 0.25 * b.values)[3:])


def test_brinson_adds_up_to_the_excess_return() -> None:
    """The textbook case of Bacon, Practical Portfolio Performance Measurement (2008), chapter 5."""
    segments = {
        "UK": Segment(weight=0.4, benchmark_weight=0.4, portfolio_return=0.20, benchmark_return=0.10),
        "Japan": Segment(weight=0.3, benchmark_weight=0.2, portfolio_return=-0.05, benchmark_return=-0.04),
        "US": Segment(weight=0.3, benchmark_weight=0.4, portfolio_return=0.06, benchmark_return=0.08),
    }
    effects = brinson(segments)
    whole = total_effects(effects)
    assert whole.total == pytest.approx(0.083 - 0.064)
    assert (effects["UK"].selection, effects["Japan"].allocation) == pytest.approx((0.04, -0.0104))
    with pytest.raises(DiagnosisError, match="sum to"):
        brinson({"UK": segments["UK"]})


def test_phases_need_a_record_that_spans_them() -> None:
    own, market = series(600, 5), series(600, 6)
    inside = Phase(id="a", name="内", base=date(2021, 3, 1), end=date(2021, 6, 30))
    before = Phase(id="b", name="前", base=date(2020, 3, 2), end=date(2021, 3, 1))
    within, early = phase_results(own, market, [inside, before])
    part = frame(own)["2021-03-02":"2021-06-30"]
    assert within.total_return == pytest.approx((1 + part).prod() - 1, abs=EXACT)
    assert math.isnan(early.total_return)
    assert math.isnan(early.estimate)


def test_a_crash_before_the_funds_time_is_told_by_beta_only_where_it_fits() -> None:
    market = series(900, 6)
    crash = Phase(id="c", name="急跌", base=date(2021, 2, 1), end=date(2021, 3, 1))
    late = market.between(date(2022, 1, 3))
    like = ReturnSeries(dates=late.dates, values=late.values * 1.2)
    (told,) = phase_results(like, market, [crash], estimate=True)
    assert told.estimate == pytest.approx(1.2 * told.benchmark_return)
    (silent,) = phase_results(series(600, 7, date(2022, 1, 4)), market, [crash], estimate=True)
    assert math.isnan(silent.estimate)


def test_market_states_sort_quarters_by_the_benchmark() -> None:
    own, market = series(700, 8), series(700, 9)
    states = {one.state: one for one in market_states(own, market)}
    quarters = by_quarter(market)
    assert sum(one.quarters for one in states.values()) == len(quarters)
    up = [q for q, value in quarters.items() if value > 0.05]
    assert states["up"].quarters == len(up)
    assert states["up"].mean_return == pytest.approx(np.mean([by_quarter(own)[q] for q in up]), nan_ok=True)


def test_ranks_and_whether_they_last() -> None:
    place = rank("2024", 0.10, [0.2, 0.05, 0.1, -0.1, 0.0, math.nan])
    assert place is not None
    assert (place.place, place.of, place.quartile) == (2, 6, 1)
    assert place.percentile == pytest.approx(3 / 5)
    assert rank("2024", 0.1, [0.2, 0.1]) is None
    draw = np.random.default_rng(3)
    first = {str(i): float(v) for i, v in enumerate(np.round(draw.normal(size=30), 1))}
    second = {code: value + float(draw.normal()) for code, value in first.items()}
    expected = pd.Series(first).corr(pd.Series(second), method="spearman")
    assert rank_persistence(first, second) == pytest.approx(expected, abs=EXACT)
    assert math.isnan(rank_persistence({"a": 1.0}, {"a": 2.0}))


def test_a_dividend_is_worked_out_of_nav_and_growth() -> None:
    days = weekdays(date(2024, 1, 1), date(2025, 12, 31))[:520]
    returns = ReturnSeries.of(days, [0.0, 0.01, 0.02, *[0.0] * 517])
    nav = np.array([1.0, 1.01, 1.01 * 1.02 - 0.08, *[1.01 * 1.02 - 0.08] * 517])
    (paid,) = implied_payouts(returns, nav)
    assert (paid.day, paid.declared) == (days[2], False)
    assert paid.per_unit == pytest.approx(0.08)
    assert payout_summary([paid], returns, nav).trailing_yield == 0.0
    assert implied_payouts(returns, nav / np.array([1, 1, *[2] * 518])) == ()  # half the NAV gone: a split


def test_costs_take_the_front_load_off_the_amount_and_the_tiers_by_bound() -> None:
    fees = FeeSchedule(
        management=0.012, custody=0.002, service=0.0,
        subscription=(Tier(below=1e6, rate=0.015), Tier(below=None, rate=0.005)),
        redemption=(Tier(below=7, rate=0.015), Tier(below=365, rate=0.005), Tier(below=None, rate=0.0)),
    )  # fmt: skip
    cost = cost_over(fees, 10_000, 3, discount=0.1)
    assert cost.front == pytest.approx(10_000 - 10_000 / 1.0015)
    assert cost.ongoing == pytest.approx(10_000 / 1.0015 * (1 - 0.986**3))
    assert cost.exit == 0.0
    assert cost_over(fees, 10_000, 0.5).exit > 0
    unknown = cost_over(FeeSchedule(management=0.012, custody=0.002), 10_000, 1)
    assert unknown.ongoing == pytest.approx(140.0)
    assert math.isnan(unknown.total)
    assert math.isnan(cost_over(FeeSchedule(management=0.012), 10_000, 1).ongoing)


@pytest.mark.data
def test_real_funds_agree_with_pandas(real_data: Path) -> None:
    market = read_index(real_data / "index" / "000300.csv", "沪深300")
    for code in ("000020", "000176", "022368"):
        own = read_nav(real_data / "nav" / f"{code}.csv", code).returns
        other = market.returns_on(own.dates)
        assert rolling_returns(own).values == pytest.approx(rolling_by_pandas(own).to_numpy(), abs=1e-6)
        both = pd.concat([frame(own), frame(other)], axis=1).dropna()
        assert relative.correlation(own, other) == pytest.approx(both.corr().iloc[0, 1], abs=1e-6)
