"""Every plain metric of a whole series at once, without any display rule."""

from __future__ import annotations

from copilot.diagnosis.metrics import relative, returns, risk
from copilot.diagnosis.series import ReturnSeries


def raw_metrics(series: ReturnSeries, benchmark: ReturnSeries | None = None) -> dict[str, float]:
    """Every metric of the whole series without any display rule, risk-free rate 0, as fractions.

    Counterparts in empyrical-reloaded, default arguments: total_return = cum_returns_final,
    annualised_return = annual_return, annualised_volatility = annual_volatility, max_drawdown,
    sharpe = sharpe_ratio, sortino = sortino_ratio, calmar = calmar_ratio, downside_risk,
    value_at_risk, conditional_value_at_risk, beta, alpha, up_capture, down_capture, and
    information_ratio = excess_sharpe * sqrt(252). tracking_error is annual_volatility of the difference.
    Metrics that need a benchmark are absent without one.
    """
    values = series.values
    metrics = {
        "total_return": returns.total_return(values),
        "annualised_return": returns.annualised_return(values),
        "annualised_volatility": risk.annualised_volatility(values),
        "max_drawdown": risk.max_drawdown(values),
        "sharpe": risk.sharpe(values),
        "sortino": risk.sortino(values),
        "calmar": risk.calmar(values),
        "downside_risk": risk.downside_risk(values),
        "value_at_risk": risk.value_at_risk(values),
        "conditional_value_at_risk": risk.conditional_value_at_risk(values),
    }
    if benchmark is None:
        return metrics
    return metrics | {
        "beta": relative.beta(series, benchmark),
        "alpha": relative.alpha(series, benchmark),
        "tracking_error": relative.tracking_error(series, benchmark),
        "information_ratio": relative.information_ratio(series, benchmark),
        "up_capture": relative.up_capture(series, benchmark),
        "down_capture": relative.down_capture(series, benchmark),
    }
