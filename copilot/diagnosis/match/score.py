"""The score of one option: criteria from 0 to 1, each with its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from copilot.diagnosis.findings import Observation
from copilot.diagnosis.match.policy import Policy
from copilot.diagnosis.match.shelf import Investor
from copilot.diagnosis.match.suggestion import Point

_TENTH = Decimal("0.1")
_GOOD, _POOR = 0.7, 0.35


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of one option; NaN and None where it is not."""

    code: str
    keeps: bool
    kind: str  # id of the kind of fund
    observations: tuple[Observation, ...]
    correlation: float  # the highest with what else is held
    yearly_fee: float  # per cent
    change_cny: float  # both fees of changing; 0 for keeping
    amount_cny: float
    lock_months: int | None = None


@dataclass(frozen=True, kw_only=True)
class Scored:
    score: Decimal  # 0 to 100, one decimal
    points: tuple[Point, ...]
    reasons: tuple[str, ...]


def score(standing: Standing, investor: Investor, policy: Policy) -> Scored:
    """The weighted mean of what can be judged for this client."""
    values = _values(standing, investor, policy)
    points = tuple(
        Point(criterion=name, weight=policy.weights[name], value=value)
        for name, value in values.items()
        if value is not None
    )
    whole = sum(point.weight for point in points)
    mean = sum(point.weight * point.value for point in points) / whole if whole else 0.0
    found = Decimal(repr(100 * mean)).quantize(_TENTH, rounding=ROUND_HALF_UP)
    return Scored(score=found, points=points, reasons=tuple(_reasons(standing, investor, policy, values)))


def _values(one: Standing, investor: Investor, policy: Policy) -> dict[str, float | None]:
    kind = policy.class_of(one.kind)
    return {
        "findings": _clean(one.observations, policy),
        "goal": policy.goals.get(investor.goal or "", {}).get(kind),
        "horizon": _long_enough(investor.horizon_months, policy.horizon_months[kind]),
        "liquidity": _at_hand(one, kind) if investor.liquidity_cny else None,
        "overlap": 1.0 - max(0.0, one.correlation) if isfinite(one.correlation) else _unknown(one),
        "cost": _cheap(one, investor, policy),
        "interest": None if investor.viewed is None else float(not one.keeps and one.code in investor.viewed),
    }


def _clean(observations: Sequence[Observation], policy: Policy) -> float:
    return max(0.0, 1.0 - sum(policy.deductions[seen.severity.value] for seen in observations))


def _long_enough(months: int | None, needed: float) -> float | None:
    if months is None:
        return None
    return 1.0 if needed <= 0 else min(1.0, months / needed)


def _at_hand(one: Standing, kind: str) -> float:
    if one.lock_months:
        return 0.0
    return {"cash": 1.0, "bond": 0.8}.get(kind, 0.5)


def yearly_cost(one: Standing, investor: Investor, policy: Policy) -> float:
    """Per cent a year: running fees, and what changing costs spread over the horizon; NaN where one is unknown."""
    years = (investor.horizon_months or 0) / 12 or policy.usual_horizon_years
    spread = 100 * one.change_cny / one.amount_cny / max(years, 1.0) if one.amount_cny else 0.0
    return one.yearly_fee + spread


def _cheap(one: Standing, investor: Investor, policy: Policy) -> float:
    cost = yearly_cost(one, investor, policy)
    return max(0.0, 1.0 - cost / policy.dear) if isfinite(cost) else _unknown(one)


def _unknown(one: Standing) -> float:
    """Doubt speaks for leaving things as they are."""
    return 1.0 if one.keeps else 0.0


def _reasons(
    one: Standing, investor: Investor, policy: Policy, values: Mapping[str, float | None]
) -> list[str]:  # fmt: skip
    """The criteria that weigh, in words; numbers stand in the table's own columns."""
    told = []
    if one.observations:
        told.append(f"诊断发现{'、'.join(dict.fromkeys(seen.title for seen in one.observations))}")
    else:
        told.append("没有需要留意的诊断发现")
    goal, kind = policy.goal_names.get(investor.goal or ""), policy.class_names[policy.class_of(one.kind)]
    told += _graded(values["goal"], f"{kind}与{goal}的目标相符", f"{kind}与{goal}的目标不符")
    told += _graded(values["horizon"], "", f"投资期限对{kind}偏短")
    told += _graded(values["liquidity"], "便于随时取用", "不便随时取用")
    if isfinite(one.correlation):
        told += _graded(values["overlap"], "与其他持仓相关性低", "与其他持仓相关性高")
    if isfinite(yearly_cost(one, investor, policy)):
        told += _graded(values["cost"], "综合成本低", "综合成本高")
    else:
        told.append("费用资料不全")
    told += ["客户近期浏览过"] if values["interest"] else []
    return [words for words in told if words]


def _graded(value: float | None, good: str, poor: str) -> list[str]:
    if value is None or _POOR < value < _GOOD:
        return []
    return [good if value >= _GOOD else poor]
