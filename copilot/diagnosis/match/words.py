"""What stands before and after the suggestions: what was compared, what was not, and what a score means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot.diagnosis.match.policy import Policy
from copilot.diagnosis.match.shelf import Investor
from copilot.diagnosis.match.suggestion import Suggestion


def lead(investor: Investor, policy: Policy) -> list[str]:
    """What is compared at all, and what the client did not tell."""
    goal = policy.goal_names.get(investor.goal or "")
    missing = [
        name
        for name, known in (
            ("投资目标", goal),
            ("投资期限", investor.horizon_months is not None),
            ("近期用款需要", investor.liquidity_cny is not None),
        )
        if not known
    ]
    lines = ["以下只比较今日在售、不在限制清单内、风险等级不高于客户风险承受能力的产品，维持不变始终是方案之一。"]
    lines += [f"客户的投资目标为{goal}。"] if goal else []
    lines += [f"客户未提供{'、'.join(missing)}，相应项目未计分，只比较同类产品。"] if missing and not goal else []
    lines += [f"客户未提供{'、'.join(missing)}，相应项目未计分。"] if missing and goal else []
    return lines


def closing(counts: Mapping[str, int], suggestions: Sequence[Suggestion]) -> list[str]:
    """How many products were compared, why others were not, what is unknown."""
    considered = counts.get("参与比较", 0)
    left_out = "，".join(f"{name}{value}只" for name, value in counts.items() if name != "参与比较" and value)
    lines = [f"货架上参与比较{considered}只" + (f"；未参与的产品：{left_out}。" if left_out else "。")]
    if any(option.exit_cny is None or option.front_cny is None for one in suggestions for option in one.options):
        lines.append("标为未知的费用没有资料可依，请以产品公告为准；费用未知的方案在成本一项不得分。")
    lines.append("得分按适当性之外的诊断发现、目标、期限、取用、重叠、成本与浏览记录加权计算，不代表对未来收益的判断。")
    return lines
