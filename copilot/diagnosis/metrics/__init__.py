"""Metrics: pure functions whose docstrings say unit, convention and when the answer is NaN.

One file a question: how much (`returns`), how bumpy (`risk`), against what (`relative`), over which span
(`rolling`), in which market (`phases`), like what (`style`), among whom (`ranking`), paid out (`payouts`),
at what cost (`costs`), together with what (`holdings`), by what decision (`attribution`), and for this very
client (`account`). Shared conventions stand in `basics`.
"""

from copilot.diagnosis.metrics.basics import TAIL, TRADING_DAYS
from copilot.diagnosis.metrics.raw import raw_metrics
from copilot.diagnosis.metrics.relative import (
    alpha,
    beta,
    correlation,
    down_capture,
    information_ratio,
    monthly_down_capture,
    monthly_up_capture,
    tracking_error,
    up_capture,
)
from copilot.diagnosis.metrics.returns import (
    annualised_return,
    by_month,
    by_quarter,
    by_year,
    monthly_win_rate,
    monthly_win_rate_against,
    quarterly_win_rate,
    quarterly_win_rate_against,
    total_return,
)
from copilot.diagnosis.metrics.risk import (
    Drawdown,
    annualised_volatility,
    calmar,
    conditional_value_at_risk,
    deepest_drawdown,
    downside_risk,
    drawdowns,
    max_drawdown,
    sharpe,
    sortino,
    value_at_risk,
    worst_drawdowns,
)

__all__ = [
    "TAIL",
    "TRADING_DAYS",
    "Drawdown",
    "alpha",
    "annualised_return",
    "annualised_volatility",
    "beta",
    "by_month",
    "by_quarter",
    "by_year",
    "calmar",
    "conditional_value_at_risk",
    "correlation",
    "deepest_drawdown",
    "down_capture",
    "downside_risk",
    "drawdowns",
    "information_ratio",
    "max_drawdown",
    "monthly_down_capture",
    "monthly_up_capture",
    "monthly_win_rate",
    "monthly_win_rate_against",
    "quarterly_win_rate",
    "quarterly_win_rate_against",
    "raw_metrics",
    "sharpe",
    "sortino",
    "total_return",
    "tracking_error",
    "up_capture",
    "value_at_risk",
    "worst_drawdowns",
]
