"""A verdict in words for the adviser: what, where, why, and what to say instead."""

from __future__ import annotations

from collections.abc import Mapping

from compliance_filters.finding import Outcome, Verdict

_WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "可以发送。",
    Outcome.REVISE: "已按批准的文字补正后放行，原文与改后文均已留存。",
    Outcome.RETURN: "请修改标出的内容后重新提交。",
    Outcome.REVIEW: "需要合规人员审核后才能发送。",
    Outcome.BLOCK: "不得发送。",
}


def explain(verdict: Verdict) -> str:
    """The verdict in a few Chinese lines for the adviser: what, where, why, and what to say instead."""
    lines = [_WORDS[verdict.outcome]]
    for number, finding in enumerate(verdict.findings, 1):
        law = f"（依据：{finding.law}）" if finding.law and finding.law != "-" else ""
        lines.append(f"{number}. {finding.reason}{law}")
        if finding.suggestion:
            lines.append(f"   建议：{finding.suggestion}")
    if verdict.errors:
        lines.append("部分检查未能完成，已转交合规人员。")
    return "\n".join(lines)
