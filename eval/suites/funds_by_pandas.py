"""Metrics that empyrical lacks, computed another way: by pandas, from the definitions of docs/report.md."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from copilot.diagnosis.series import ReturnSeries

Series: TypeAlias = Any  # pandas.Series; its stubs do not know periods as group keys


def further_metrics(own: ReturnSeries, benchmark: ReturnSeries) -> dict[str, float]:
    """The product's own functions, under the names of `by_pandas`."""
    from copilot.diagnosis import metrics
    from copilot.diagnosis.metrics.rolling import distribution, rolling_returns, rolling_win_rate

    spread = distribution(rolling_returns(own))
    return {
        "correlation": metrics.correlation(own, benchmark),
        "monthly_win_rate": metrics.monthly_win_rate(own),
        "quarterly_win_rate": metrics.quarterly_win_rate(own),
        "monthly_win_rate_against": metrics.monthly_win_rate_against(own, benchmark),
        "quarterly_win_rate_against": metrics.quarterly_win_rate_against(own, benchmark),
        "monthly_up_capture": metrics.monthly_up_capture(own, benchmark),
        "monthly_down_capture": metrics.monthly_down_capture(own, benchmark),
        "rolling_median": spread.median if spread else nan,
        "rolling_worst": spread.worst if spread else nan,
        "rolling_loss_share": spread.loss_share if spread else nan,
        "rolling_win_rate": rolling_win_rate(own, benchmark),
        "last_year_return": list(metrics.by_year(own).values())[-1] if len(own) else nan,
    }


def by_pandas(own: ReturnSeries, benchmark: ReturnSeries) -> dict[str, float]:
    """The same by resampling and label arithmetic."""
    import pandas as pd

    mine = pd.Series(own.values, index=pd.DatetimeIndex(own.dates))
    both = pd.concat([mine, pd.Series(benchmark.values, index=pd.DatetimeIndex(benchmark.dates))], axis=1).dropna()
    fund, market = both.iloc[:, 0], both.iloc[:, 1]
    months, market_months = _periods(fund, "M"), _periods(market, "M")
    quarters, market_quarters = _periods(fund, "Q"), _periods(market, "Q")
    rolled, rolled_market = _rolled(mine), _rolled(pd.Series(benchmark.values, index=mine.index))
    both_known = rolled.notna() & rolled_market.notna()
    ahead = (rolled > rolled_market)[both_known]
    rolled = rolled.dropna()
    return {
        "correlation": float(fund.corr(market)),
        "monthly_win_rate": float((_periods(mine, "M") > 0).mean()),
        "quarterly_win_rate": float((_periods(mine, "Q") > 0).mean()),
        "monthly_win_rate_against": float((months > market_months).mean()),
        "quarterly_win_rate_against": float((quarters > market_quarters).mean()),
        "monthly_up_capture": _captured(months, market_months, market_months > 0),
        "monthly_down_capture": _captured(months, market_months, market_months < 0),
        "rolling_median": float(rolled.median()) if len(rolled) else nan,
        "rolling_worst": float(rolled.min()) if len(rolled) else nan,
        "rolling_loss_share": float((rolled < 0).mean()) if len(rolled) else nan,
        "rolling_win_rate": float(ahead.mean()) if len(ahead) else nan,
        "last_year_return": float(_periods(mine, "Y").iloc[-1]) if len(mine) else nan,
    }


def _periods(returns: Series, rule: str) -> Series:
    """Compounded by calendar period; an unknown day counts as no change."""
    return (1 + returns.fillna(0)).groupby(returns.index.to_period(rule)).prod() - 1


def _rolled(returns: Series) -> Series:
    """For each day since twelve months before, from the last value known then; NaN over an unknown day."""
    import pandas as pd

    value = (1 + returns.fillna(0)).cumprod()
    bases = returns.index - pd.DateOffset(months=12)
    before = value.index.searchsorted(bases, side="right") - 1
    whole = before >= 0
    unknown = returns.isna().cumsum().to_numpy()
    found = value.to_numpy()[whole] / value.to_numpy()[before[whole]] - 1
    found[unknown[whole] > unknown[before[whole]]] = nan
    return pd.Series(found, index=returns.index[whole])


def _captured(own: Series, market: Series, chosen: Series) -> float:
    """Annualised over annualised, months chosen."""
    count = int(chosen.sum())
    if not count:
        return nan
    mine, its = ((1 + one[chosen]).prod() ** (12 / count) - 1 for one in (own, market))
    return float(mine / its) if its else nan
