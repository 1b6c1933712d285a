"""The report's tables as rows of words, shared by all renderings."""

from __future__ import annotations

from decimal import Decimal

from copilot.diagnosis.report import DiagnosisReport

HOLDING_HEADS = ("产品", "市值（元）", "占比", "风险等级", "近1年收益", "同期基准", "最大回撤")
_NONE = "—"


def heads(report: DiagnosisReport) -> tuple[str, str, str, str]:
    """Column heads of the two figure tables; the benchmark is named."""
    return ("指标", "区间", "本产品", report.benchmark_name or "基准")


def figure_rows(report: DiagnosisReport, *groups: str) -> list[list[str]]:
    """Rows of the figures that belong to the groups, the benchmark's value beside."""
    return [
        [row.name, row.period, _cell(row.value, row.unit), _cell(row.benchmark, row.unit)]
        for row in report.figures
        if row.group in groups
    ]


def holding_rows(report: DiagnosisReport) -> list[list[str]]:
    """Rows of a client's holdings, the largest first."""
    return [
        [
            f"{row.name}（{row.code}）",
            f"{row.amount_cny:,}",
            _cell(row.weight, "%"),
            row.risk_level or "未知",
            _cell(row.year_return, "%"),
            _cell(row.year_benchmark, "%"),
            _cell(row.max_drawdown, "%"),
        ]
        for row in report.holdings
    ]


def _cell(value: Decimal | None, unit: str) -> str:
    return _NONE if value is None else f"{value}{unit}"
