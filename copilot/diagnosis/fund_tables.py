"""A fund in phases of the market, and what holding it costs: tables of its own report."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import isfinite

from copilot.diagnosis.blocks import Block, Sheet
from copilot.diagnosis.bound import Bound, BoundPart
from copilot.diagnosis.measured.fund import COST_AMOUNT, FundMeasures
from copilot.diagnosis.metrics.costs import Cost
from copilot.diagnosis.metrics.phases import PhaseResult
from copilot.diagnosis.rounding import rounded
from copilot.diagnosis.windows import old_enough

_NONE = "—"
_COSTS = (("申购费", "front"), ("运作费用", "ongoing"), ("赎回费", "exit"), ("费用合计", "total"))


def fund_tables(measured: FundMeasures | None) -> BoundPart:
    """What the record spans and the fees allow; empty for a fund too young to be shown."""
    if measured is None or not measured.told:
        return BoundPart()
    bound, code = Bound(), measured.code
    phases = [one for one in measured.regimes if _shown(one, measured.benchmark_name is not None)]
    told = [_phase(one, measured.benchmark_name, code, bound) for one in phases]
    blocks: list[Block] = [
        Sheet(
            title="市场阶段表现",
            heads=("阶段", "区间", "本产品", measured.benchmark_name or "基准", "最大回撤"),
            rows=tuple(row for row, _ in told),
            words=2,
            sentences=tuple(sentence for _, sentence in told),
            widths=(1.9, 2.2, 1.0, 1.2, 1.0),
        ),
        _costs(measured, bound),
    ]
    return BoundPart(blocks=tuple(blocks), facts=tuple(bound.facts), names=tuple(one.phase.name for one in phases))


def _shown(one: PhaseResult, compared: bool) -> bool:
    """No return without the benchmark beside it, where there is one, and none of a phase under six months."""
    known = isfinite(one.total_return) and (isfinite(one.benchmark_return) or not compared)
    return known and old_enough(one.phase.base, one.phase.end)


def _phase(one: PhaseResult, beside: str | None, code: str, bound: Bound) -> tuple[tuple[str, ...], str]:
    period = f"{one.phase.base}至{one.phase.end}"
    own = bound.percent("阶段收益率", one.total_return, entity=code, period=period)
    fall = bound.percent("阶段最大回撤", one.max_drawdown, entity=code, period=period)
    other = bound.percent("同期基准阶段收益率", one.benchmark_return, period=period) if beside else _NONE
    compared = f"，同期基准{beside}为{other}" if beside else ""
    return (one.phase.name, period, own, other, fall), f"阶段收益率{own}（{period}）{compared}，阶段最大回撤{fall}。"


def _costs(measured: FundMeasures, bound: Bound) -> Sheet:
    """Rows of the horizons of which a fee is known."""
    known = {
        years: cost for years, cost in measured.costs.items() if any(isfinite(getattr(cost, key)) for _, key in _COSTS)
    }
    told = [_cost(years, cost, measured.code, bound) for years, cost in known.items()]
    return Sheet(
        title="持有费用测算",
        heads=("持有时间（每万元）", *(f"{name}（元）" for name, _ in _COSTS)),
        rows=tuple(row for row, _ in told),
        words=1,
        sentences=tuple(sentence for _, sentence in told),
    )


def _cost(years: str, cost: Cost, code: str, bound: Bound) -> tuple[tuple[str, ...], str]:
    amount = bound.say("测算本金", Decimal(f"{COST_AMOUNT:.0f}"), "元", entity=code)
    horizon = bound.say("测算持有时间", Decimal(years), "年", entity=code)
    told = [(name, value) for name, value in _amounts(cost, code, bound)]
    words = "，".join(f"{name}{value}" if value != _NONE else f"{name}不详" for name, value in told)
    return (horizon, *(value.removesuffix("元") for _, value in told)), (
        f"按测算本金{amount}、测算持有时间{horizon}且净值不变计算：{words}。"
    )


def _amounts(cost: Cost, code: str, bound: Bound) -> Iterator[tuple[str, str]]:
    for name, key in _COSTS:
        value: float = getattr(cost, key)
        yield name, bound.say(name, rounded(value), "元", entity=code) if isfinite(value) else _NONE
