"""From findings to an outcome, and the mechanical mends that an outcome of revise allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from compliance_filters.finding import Draft, Finding, Outcome
from compliance_filters.rulebook import Judged


@dataclass(frozen=True, kw_only=True)
class Mended:
    """A text after its mends; as it was, with the reason, where they do not make it clean."""

    text: str
    left: tuple[str, ...] = ()  # why it could not be mended
    unread: tuple[str, ...] = ()  # filters that did not look at the mended text

    @property
    def errors(self) -> tuple[str, ...]:
        return (*self.unread, *self.left)


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


def mended(draft: Draft, findings: Sequence[Finding], judge: Callable[[Draft], Judged]) -> Mended:
    """The draft mended and judged again by `judge`: only what comes out clean is taken."""
    helpless = sorted({f.rule for f in findings if f.replacement is None and f.append is None})
    if helpless:
        return Mended(text=draft.text, left=(f"mend: nothing approved to mend {', '.join(helpless)}",))
    text = mend(draft.text, findings)
    again = judge(replace(draft, text=text))
    if again.errors or again.findings:
        rules = ", ".join(sorted({f.rule for f in again.findings}))
        left = (f"mend: the mended text is still not clean ({rules})",)
        return Mended(text=draft.text, left=left, unread=again.errors)
    return Mended(text=text)
