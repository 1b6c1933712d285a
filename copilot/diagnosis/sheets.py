"""The report's tables, each with the sentences that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from copilot.diagnosis.blocks import Block, Lines, Look, Opening, Sheet
from copilot.diagnosis.match.suggestion import Advice, Option, Suggestion
from copilot.diagnosis.parts import ComparisonRow, FigureRow, HoldingRow

HOLDING_HEADS = ("产品", "市值（元）", "占比", "风险等级", "近1年收益", "同期基准", "最大回撤")
COMPARISON_HEADS = ("产品", "近3年收益", "同期基准", "年化波动", "夏普比率", "年费率", "规模")
OPTION_HEADS = ("方案", "风险等级", "得分", "赎回费（元）", "申购费（元）", "每年费率", "主要理由")
_NONE = "—"


def figure_sheet(title: str, rows: Sequence[FigureRow], benchmark_name: str | None, *, of: str = "") -> Sheet:
    """Figures with the benchmark beside. `of`: the fund's name, where several funds are told of."""
    return Sheet(
        title=title,
        heads=("指标", "区间", "本产品", benchmark_name or "基准"),
        rows=tuple((row.name, row.period, cell(row.value, row.unit), cell(row.benchmark, row.unit)) for row in rows),
        words=2,
        sentences=tuple(f"{of}{row.sentence(benchmark_name)}" for row in rows),
        widths=(1.6, 2.0, 1.0, 1.2),
    )


def holding_sheet(rows: Sequence[HoldingRow], benchmark_name: str | None) -> Sheet:
    """A client's holdings, the largest first."""
    return Sheet(
        title="持仓明细",
        heads=HOLDING_HEADS,
        rows=tuple(
            (
                f"{row.name}（{row.code}）",
                f"{row.amount_cny:,}",
                cell(row.weight, "%"),
                row.risk_level or "未知",
                cell(row.year_return, "%"),
                cell(row.year_benchmark, "%"),
                cell(row.max_drawdown, "%"),
            )
            for row in rows
        ),
        words=1,
        sentences=tuple(row.sentence(benchmark_name) for row in rows),
        widths=(2.6, 1.7, 0.95, 1.0, 1.2, 1.1, 1.1),
    )


def comparison_sheet(rows: Sequence[ComparisonRow]) -> Sheet:
    """The funds side by side; what nobody told is a dash."""
    return Sheet(
        title="产品对比",
        heads=COMPARISON_HEADS,
        rows=tuple(
            (
                f"{row.name}（{row.code}）",
                cell(row.long_return, "%"),
                cell(row.long_benchmark, "%"),
                cell(row.volatility, "%"),
                cell(row.sharpe, ""),
                cell(row.fee, "%"),
                cell(row.size, "亿元"),
            )
            for row in rows
        ),
        words=1,
        sentences=tuple(row.sentence() for row in rows),
        widths=(2.6, 1.1, 1.1, 1.1, 1.0, 0.9, 1.3),
    )


def advice_blocks(advice: Advice) -> Iterator[Block]:
    """Suggestions, each with its alternatives side by side; or why there are none."""
    yield Opening(title="调整建议")
    yield Lines(lines=advice.lead)
    for suggestion in advice.suggestions:
        yield Lines(title=f"{suggestion.name}（{suggestion.code}）", lines=suggestion.lines)
        yield _options(suggestion)
    yield Lines(lines=advice.closing, look=Look.SMALL)


def _options(suggestion: Suggestion) -> Sheet:
    return Sheet(
        title="方案对比",
        heads=OPTION_HEADS,
        rows=tuple(_option(one) for one in suggestion.options),
        words=1,
        sentences=tuple(one.sentence for one in suggestion.options),
        widths=(2.0, 0.9, 0.7, 1.1, 1.1, 0.9, 3.0),
        marked=tuple(n for n, one in enumerate(suggestion.options) if one is suggestion.chosen),
    )


def _option(one: Option) -> tuple[str, ...]:
    return (
        one.title,
        one.risk_level or "未知",
        cell(one.score, ""),
        cell(one.exit_cny, ""),
        cell(one.front_cny, ""),
        cell(one.yearly_fee, "%"),
        "；".join(one.reasons),
    )


def cell(value: Decimal | None, unit: str) -> str:
    """A value with its unit, grouped by thousands where it is large; a dash where it is not known."""
    if value is None:
        return _NONE
    return f"{value:,}{unit}" if abs(value) >= 1000 else f"{value}{unit}"
