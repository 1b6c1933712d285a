"""Prompt injection: instructions to a model in what a client says or a document holds."""

from __future__ import annotations

import re

from compliance_filters.finding import Draft, Finding, ReviewContext
from compliance_filters.normalise import Normaliser
from compliance_filters.rules import RulePack, compile_pattern
from mandarin.script import strip_invisible

_ENGLISH = re.compile("[A-Za-z]{3}")


class InjectionFilter:
    """Judges every target, client input above all; `scan` serves documents before they reach a prompt."""

    name = "injection"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("input.injection")
        self._patterns = tuple(compile_pattern(p) for p in pack.settings.get("injection") or ())
        self._normalise = Normaliser(pack.lexicon)

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings of input.injection in the draft; the context is not needed."""
        return self.scan(draft.text)

    def scan(self, text: str) -> tuple[Finding, ...]:
        """Instructions hidden in any text, invisible characters taken out first."""
        views = [self._normalise(text)]
        if _ENGLISH.search(text):  # spaces between Latin words must stay
            views.append(strip_invisible(text))
        spans = sorted(
            {
                view.original_span(*m.span())
                for view in views
                for pattern in self._patterns
                for m in pattern.finditer(view.text)
            }
        )
        kept = [s for i, s in enumerate(spans) if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans[:i])]
        return tuple(self._rule.finding(text, start, end) for start, end in kept)
