"""The prose of a report, composed from findings and figures: what a layman reads first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from compliance_filters.finding import BoundFact
from copilot.diagnosis.analysis import FundAnalysis, FundInput
from copilot.diagnosis.findings import Observation, Severity
from copilot.diagnosis.judged import fund_size, ongoing_fee
from copilot.diagnosis.parts import FigureRow
from copilot.diagnosis.suitability import LEVEL_RULE, LEVEL_TITLE
from copilot.diagnosis.unjudged import too_young
from copilot.diagnosis.windows import LEAST_MONTHS, add_months


def summary(analysis: FundAnalysis, observations: Sequence[Observation]) -> Iterator[str]:
    fund = analysis.fund
    kind = f"，类型为{fund.fund_type}" if fund.fund_type else ""
    risk = f"，产品风险等级{fund.risk_level}" if fund.risk_level else "，产品风险等级未提供"
    yield f"{fund.name}（{fund.code}）{kind}{risk}。"
    yield from performance_lines(analysis)
    yield attention(observations)
    day = judged_from(analysis)
    yield f"下一步：暂不据此调整，待{day}记录满六个月后重新诊断。" if day else next_step(observations)


def judged_from(analysis: FundAnalysis) -> date | None:
    """The day from which figures may be shown; None where they may be today."""
    fund = analysis.fund
    start = max(fund.inception or fund.nav.first_day, fund.nav.first_day)
    return add_months(start, LEAST_MONTHS) if too_young(analysis) else None


def attention(observations: Sequence[Observation], *, above: Sequence[BoundFact] = ()) -> str:
    """What stands out, in one line; `above`: how many products lie above the client's level, and their share."""
    titles = list(dict.fromkeys(seen.title for seen in observations))
    if above:
        count, share = above
        told = f"{LEVEL_TITLE}的产品{count.value}只，占持仓{share.value}%"
        others = [title for title in titles if title != LEVEL_TITLE]
        return f"需要留意：{told}" + (f"；另有{'、'.join(others)}" if others else "") + "，详见诊断发现。"
    if titles:
        return f"需要留意：{'、'.join(titles)}，详见诊断发现。"
    return "按现有规则未发现需要特别留意之处，这不代表没有风险。"


def next_step(observations: Sequence[Observation]) -> str:
    """What a reader can do now: the gravest finding decides."""
    graver = [seen for seen in observations if seen.severity is not Severity.NOTICE]
    if any(seen.rule == LEVEL_RULE for seen in observations):
        return "下一步：先与投资顾问核对风险承受能力与产品风险等级，再决定是否继续持有。"
    if any(seen.rule == "short_record" for seen in observations):
        return "下一步：净值记录尚短，暂不据此调整，待记录更长后再评价。"
    if graver:
        return f"下一步：请就“{graver[0].title}”向投资顾问了解原因，再决定是否调整。"
    return "下一步：没有必须调整的理由，可以按原计划持有并定期复查。"


def performance_lines(analysis: FundAnalysis) -> Iterator[str]:
    """Returns and the deepest fall in a layman's words, the benchmark beside; or why they are not shown."""
    rows = {row.name: row for row in analysis.figures}
    if analysis.window is None:
        young = too_young(analysis)
        yield f"{young}，按规定不展示业绩。" if young else "净值记录中断，其间收益未知，无法评价跨越中断的区间与风险。"
        if not young:
            yield from _returns(rows, analysis.benchmark_name)
        return
    yield from _returns(rows, analysis.benchmark_name)
    fall, dates = rows.get("最大回撤"), analysis.drawdown
    if fall and dates:
        back = f"已于{dates.recovery}收复" if dates.recovery else "至今尚未收复"
        beside = f"，同期基准最大回撤{fall.benchmark}%" if fall.benchmark is not None else ""
        when = f"该次下跌自{dates.peak}起，{dates.trough}见底，{back}"
        yield f"{analysis.window.name}最大回撤{fall.value}%{beside}。{when}。"


def _returns(rows: Mapping[str, FigureRow], benchmark_name: str | None) -> Iterator[str]:
    """The long run and the last year in one line: neither may hide the other."""
    shown = [rows[name] for name in ("近3年收益率", "近1年收益率") if name in rows]
    if not shown:
        shown = [rows[name] for name in ("近6个月收益率", "有记录以来收益率") if name in rows][:1]
    parts = []
    for row in shown:
        told = row.sentence(benchmark_name)[:-1]
        if row.benchmark is not None:
            told += f"，{'跑赢' if row.value >= row.benchmark else '落后'}{row.distance}个百分点"
        parts.append(told)
    if parts:
        yield "；".join(parts) + "。"


def profile(fund: FundInput) -> str:
    """Who the fund is, in one sentence; what nobody told is said to be unknown."""
    size, fee = fund_size(fund), ongoing_fee(fund)
    since = f"，自{fund.manager_since}起管理" if fund.manager_since else ""
    told = [
        f"类型为{fund.fund_type or '未知'}",
        f"产品风险等级{fund.risk_level or '未提供'}",
        f"基金经理{fund.manager}{since}" if fund.manager else "基金经理未提供",
        f"基金规模{size}亿元（{fund.size_as_of}）" if size is not None else "近期规模未提供",
        f"每年费率合计{fee}%" if fee is not None else "费率资料不全",
    ]
    return "，".join(told) + "。"
