"""What an officer may approve: doubts are theirs to decide, what a rule says with certainty is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Draft, Finding, Outcome
from compliance_filters.mend import mend
from compliance_filters.rulebook import Judged


def approved_text(draft: Draft, judged: Judged, judge: Callable[[Draft], Judged]) -> str:
    """The text that an approval of `draft` delivers: approved words added, identifiers masked, doubts left standing.

    Where nothing approved mends a finding, or the mends do not make the text clean, that was the doubt: the text
    stays as the officer read it. Raises ReviewQueueError where a rule blocks or returns it, or did not look.
    """
    _refuse_certain(judged.findings)
    refuse_unread(judged.errors)
    mends = [f for f in judged.findings if f.outcome is Outcome.REVISE and (f.replacement or f.append) is not None]
    if not mends:
        return draft.text
    text = mend(draft.text, mends)
    again = judge(replace(draft, text=text))
    refuse_unread(again.errors)
    known = {(f.rule, f.outcome) for f in judged.findings if f not in mends}
    clean = all((f.rule, f.outcome) in known for f in again.findings)
    return text if clean else draft.text


def refuse_unread(errors: Sequence[str]) -> None:
    """An officer decides on what the rules doubt, never in place of a rule that did not look."""
    if errors:
        raise ReviewQueueError(
            f"a text that could not be judged cannot be approved ({'; '.join(errors)}): it waits until all filters "
            "work again; until then it can be rejected."
        )


def _refuse_certain(findings: Sequence[Finding]) -> None:
    for outcome, what in ((Outcome.BLOCK, "a blocking finding"), (Outcome.RETURN, "a finding that returns it")):
        if rules := sorted({f.rule for f in findings if f.outcome is outcome}):
            raise ReviewQueueError(f"a text with {what} cannot be approved ({', '.join(rules)}): it must be rewritten.")
