"""Why a rule could not speak: each point that was not judged, by what was missing for it."""

from __future__ import annotations

from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.findings import Judgement
from copilot.diagnosis.windows import LEAST_MONTHS_ANNUALISED, old_enough

_NOT_TOLD = {  # what the firm's records or documents would have to tell
    "ongoing_fee": "费率资料不全",
    "fund_size": "没有近期的基金规模",
    "manager_days": "没有基金经理任职日期",
    "levels_above": "没有产品风险等级",
}
_NO_STYLE = "没有足以比较的风格指数数据"
_EXCESS = {
    "excess_long": ("近3年收益率", 36, "净值记录不足三年"),
    "excess_year": ("近1年收益率", 12, "净值记录不足一年"),
}
_YOUNG = "净值记录不足一年"
_SPARSE = "净值并非每个交易日都有"
_BROKEN = "净值记录中断"


def too_young(analysis: FundAnalysis) -> str | None:
    """Why nothing of the record may be shown; None where it may."""
    nav = analysis.fund.nav
    if not old_enough(analysis.fund.inception or nav.first_day, nav.last_day):
        return "成立不足六个月"
    return None if old_enough(nav.first_day, nav.last_day) else "净值记录不足六个月"


def unjudged_sentence(analysis: FundAnalysis, judgement: Judgement) -> str:
    """因净值记录不足三年，未判断长期跑输基准；因费率资料不全，未判断费用偏高。 Empty where all was judged."""
    by_reason: dict[str, list[str]] = {}
    for title, measure in judgement.lacking.items():
        by_reason.setdefault(_reason(measure, analysis), []).append(title)
    told = [f"因{reason}，未判断{'、'.join(f'“{title}”' for title in titles)}" for reason, titles in by_reason.items()]
    return f"{'；'.join(told)}。" if told else ""


def _reason(measure: str, analysis: FundAnalysis) -> str:
    if measure in _NOT_TOLD:
        return _NOT_TOLD[measure]
    if young := too_young(analysis):
        return young
    if measure.startswith("style"):
        return _NO_STYLE
    if measure in _EXCESS:
        return _no_excess(measure, analysis)
    nav = analysis.fund.nav
    if measure == "volatility" and not old_enough(nav.first_day, nav.last_day, LEAST_MONTHS_ANNUALISED):
        return _YOUNG
    return _SPARSE if measure == "volatility" and analysis.sparse else _BROKEN


def _no_excess(measure: str, analysis: FundAnalysis) -> str:
    row, months, short = _EXCESS[measure]
    nav = analysis.fund.nav
    if analysis.benchmark_name is None:
        return "没有相称的对照基准"
    if not old_enough(nav.first_day, nav.last_day, months):
        return short
    return "对照基准的行情未覆盖该区间" if row in analysis.uncovered else _BROKEN
