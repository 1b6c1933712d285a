"""Every number of a text is bound to a fact or to a cited source; what is not goes back to the writer."""

from __future__ import annotations

from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.numbers.evidence import known_reader
from compliance_filters.numbers.judge import Judge
from compliance_filters.numbers.mentions import AttributeWords
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.stated import StatedChecker
from compliance_filters.rules.pack import RulePack

_MINUS = {0x2212: "-"}  # the minus sign of typesetters (14.6−13.1): one character for one, so that places stay


class NumberFilter:
    """number.unverified for every number that no fact and no cited source supports."""

    name = "numbers"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("number.unverified")
        self._words = AttributeWords(pack.settings["attributes"])
        self._known = known_reader(self._words)
        self._stated = StatedChecker()

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in order of place; nothing where the context says that numbers are not checked."""
        if draft.target in (Target.CLIENT_INPUT, Target.ADVISOR_SPEECH) or not context.numbers_are_checked:
            return ()
        known = self._known(context.facts, context.sources, context.products)
        text = draft.text.translate(_MINUS)
        products = known.products_in(text)
        page = Page(text, self._words, products)
        judge = Judge(page, known, products, context)
        faults = [*judge.faults(), *self._stated.faults(text, known, context, products)]
        return tuple(self._finding(draft.text, *fault) for fault in sorted(faults))

    def _finding(self, text: str, start: int, end: int, why: str) -> Finding:
        reason = self._rule.reason.replace("{quote}", text[start:end]).replace("{why}", why)
        return self._rule.finding(text, start, end, reason=reason)
