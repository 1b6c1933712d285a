"""What the rules judge a fund by: rounded measures with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

from copilot.diagnosis import metrics
from copilot.diagnosis.data.index import Benchmark
from copilot.diagnosis.findings import Measure
from copilot.diagnosis.measured.fund import FundMeasures
from copilot.diagnosis.parts import FigureRow
from copilot.diagnosis.rounding import percent, rounded
from copilot.diagnosis.windows import Window

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundInput

SIZE_KNOWN_DAYS = 200  # a size older than two quarterly reports says nothing of today
_YI = Decimal(100_000_000)
_EXCESS = (("近3年", "long"), ("近1年", "year"))


def fund_measures(fund: FundInput, figures: Sequence[FigureRow], measured: FundMeasures) -> dict[str, Measure]:
    """By name; a measure that is not known is not there."""
    found = [*_of_record(fund), *_of_risk(figures, fund.code), *_of_returns(figures, fund.code)]
    found += [*_of_style(measured, fund.code), *_of_firm(fund)]
    return {measure.name: measure for measure in found}


def fund_labels(
    fund: FundInput, window: Window | None, drawdown: metrics.Drawdown | None, index: Benchmark | None
) -> dict[str, str]:
    """Words that rules may name."""
    labels = {
        "first_day": str(fund.nav.first_day),
        "one_year": "一年",
        "long_period": "近3年",
        "year_period": "近1年",
        "risk_period": window.name if window else "",
        "benchmark": index.name if index else "",
        "kind": fund.kind.name,
        "manager": fund.manager or "现任基金经理",
        "manager_since": str(fund.manager_since or ""),
        "size_as_of": str(fund.size_as_of or ""),
    }
    if drawdown:
        labels |= {"peak": str(drawdown.peak), "trough": str(drawdown.trough)}
    return labels


def fund_size(fund: FundInput) -> Decimal | None:
    """Net assets in 亿元, where they were told lately."""
    if fund.size_cny is None or fund.size_as_of is None:
        return None
    if (fund.nav.last_day - fund.size_as_of).days > SIZE_KNOWN_DAYS:
        return None
    return rounded(float(fund.size_cny / _YI))


def ongoing_fee(fund: FundInput) -> Decimal | None:
    """All yearly fees in per cent; None where one is not known."""
    rate = fund.fees.ongoing if fund.fees else float("nan")
    return percent(rate) if isfinite(rate) else None


def _of_record(fund: FundInput) -> Iterator[Measure]:
    days = Decimal((fund.nav.last_day - fund.nav.first_day).days)
    yield Measure(name="life_days", label="净值记录天数", value=days, unit="天", entity=fund.code)
    gap = Decimal(fund.nav.gap_days)
    yield Measure(name="gap_days", label="缺口天数", value=gap, unit="天", entity=fund.code)


def _of_risk(figures: Sequence[FigureRow], code: str) -> Iterator[Measure]:
    rows = {row.name: row for row in figures}
    volatility, depth = rows.get("年化波动率"), rows.get("最大回撤")
    if volatility:
        yield _measure("volatility", volatility, volatility.value, code)
    if depth:
        yield _measure("max_drawdown", depth, depth.value, code)
        yield _measure("drawdown_size", depth, abs(depth.value), code)


def _of_returns(figures: Sequence[FigureRow], code: str) -> Iterator[Measure]:
    """Return against benchmark over three years and one, where both are known."""
    rows = {row.name: row for row in figures}
    for period, name in _EXCESS:
        row = rows.get(f"{period}收益率")
        if row is None or row.benchmark is None:
            continue
        excess = row.value - row.benchmark
        yield _measure(f"return_{name}", row, row.value, code)
        label = f"同期基准{row.name}"
        yield Measure(name=f"benchmark_{name}", label=label, value=row.benchmark, unit="%", period=row.period)
        for measure, value in ((f"excess_{name}", excess), (f"lag_{name}", abs(excess))):
            label = f"{period}超额收益"
            yield Measure(name=measure, label=label, value=value, unit="个百分点", period=row.period, entity=code)


def _of_style(measured: FundMeasures, code: str) -> Iterator[Measure]:
    style = measured.style
    if style is None or not isfinite(style.drift):
        return
    yield Measure(name="style_drift", label="风格变动幅度", value=percent(style.drift), unit="%", entity=code)
    least = min(style.now.r_squared, style.before.r_squared if style.before else float("nan"))
    if isfinite(least):
        yield Measure(name="style_fit", label="风格解释度", value=percent(least), unit="%", entity=code)


def _of_firm(fund: FundInput) -> Iterator[Measure]:
    fee, size = ongoing_fee(fund), fund_size(fund)
    if fee is not None:
        yield Measure(name="ongoing_fee", label="每年费率合计", value=fee, unit="%", entity=fund.code)
    if size is not None:
        yield Measure(name="fund_size", label="基金规模", value=size, unit="亿元", entity=fund.code)
    if fund.manager_since is not None:
        days = Decimal((fund.nav.last_day - fund.manager_since).days)
        yield Measure(name="manager_days", label="现任经理任职天数", value=days, unit="天", entity=fund.code)


def _measure(name: str, row: FigureRow, value: Decimal, code: str) -> Measure:
    return Measure(name=name, label=row.name, value=value, unit=row.unit, period=row.period, entity=code)
