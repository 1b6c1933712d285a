"""From findings to an outcome, and the mechanical mends that an outcome of revise allows."""

from __future__ import annotations

from collections.abc import Sequence

from compliance_filters.finding import Finding, Outcome


def worst(findings: Sequence[Finding], errors: Sequence[str] = ()) -> Outcome:
    """The worst finding wins; any error is at least a review."""
    outcome = max((f.outcome for f in findings), default=Outcome.PASS)
    return max(outcome, Outcome.REVIEW) if errors else outcome


def mend(text: str, findings: Sequence[Finding]) -> str:
    """Put replacements at their places and approved texts at the end, each once. Pure."""
    position = 0
    pieces: list[str] = []
    masks = sorted((f for f in findings if f.replacement is not None), key=lambda f: f.start)
    for finding in masks:
        if finding.start < position:
            continue
        pieces += (text[position : finding.start], finding.replacement or "")
        position = finding.end
    body = "".join([*pieces, text[position:]])
    added = dict.fromkeys(f.append for f in findings if f.append)
    return "\n".join([body.rstrip("\n"), *added]) if added else body
