"""Sentence by sentence to the advisor's screen; sending still needs the verdict on the whole text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Verdict
from compliance_filters.mend import mend
from knowledge_base.access import Principal

_RECENT = 600  # characters before a sentence that are judged with it: a heading, a question, who speaks


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A sentence that cleared by itself; on the screen only, and only until it is retracted."""

    n: int
    text: str  # with identifiers masked


@dataclass(frozen=True, kw_only=True)
class Held:
    """A sentence that is not shown, and the rules that keep it back."""

    n: int
    rules: tuple[str, ...]
    reasons: tuple[str, ...] = ()  # for people, without the words found


@dataclass(frozen=True, kw_only=True)
class Retracted:
    """A sentence that was shown and must be taken from the screen, and why."""

    n: int
    rules: tuple[str, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The verdict on the whole text; what was shown before it counts for nothing without `verdict.cleared`."""

    verdict: Verdict


Event = Shown | Held | Retracted | Finished


class SentenceJudge(Protocol):
    """The gate, as far as a text on its way to the screen needs it."""

    def judge(self, draft: Draft, context: ReviewContext) -> tuple[tuple[Finding, ...], tuple[str, ...]]: ...

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict: ...


def release_sentences(
    gate: SentenceJudge,
    sentences: Iterable[str],
    draft: Draft,
    context: ReviewContext | Callable[[], ReviewContext],
    *,
    principal: Principal,
) -> Iterator[Event]:
    """Judge sentences as a writer produces them; `draft` gives target and author, its text is not read.

    Each sentence is judged with what stands before it. One that turns an earlier one into a violation
    retracts that one at once, and a whole text that is not cleared retracts all. However the iteration
    ends, the text that was written so far is judged and recorded: a reader who leaves early leaves a trace.

    context: where a writer finds its sources as it goes, it is asked for anew for each sentence.
    """
    now = context if callable(context) else lambda: context
    text = ""
    shown: dict[int, tuple[int, int]] = {}
    try:
        for n, sentence in enumerate(sentences):
            start, text = len(text), text + sentence
            begin = max(0, start - _RECENT)
            findings, errors = gate.judge(replace(draft, text=text[begin:]), now())
            stopped = [f for f in findings if f.outcome >= Outcome.RETURN]
            own = _within(stopped, start - begin, len(text) - begin)
            for earlier, (first, last) in list(shown.items()):
                against = _within(stopped, first - begin, last - begin)
                if against:
                    del shown[earlier]
                    yield Retracted(n=earlier, rules=_rules(against), reasons=_reasons(against))
            if own or errors:
                rules = (*_rules(own), *(["error"] if errors else []))
                yield Held(n=n, rules=tuple(sorted(rules)), reasons=_reasons(own))
            else:
                shown[n] = (start, len(text))
                yield Shown(n=n, text=_masked(sentence, findings, start - begin))
    finally:
        verdict = gate.review(replace(draft, text=text), now(), principal=principal)
    if verdict.cleared is None:
        stopping = [f for f in verdict.findings if f.outcome >= Outcome.RETURN]
        rules, reasons = _rules(stopping) or ("error",), _reasons(stopping)
        yield from (Retracted(n=n, rules=rules, reasons=reasons) for n in shown)
    yield Finished(verdict=verdict)


def _within(findings: Iterable[Finding], start: int, end: int) -> list[Finding]:
    return [f for f in findings if f.start < end and start < max(f.end, f.start + 1)]


def _rules(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(sorted({f.rule for f in findings}))


def _reasons(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Each reason once, without the words found: they stand in a text that is not shown."""
    return tuple(dict.fromkeys(f.reason.replace(f.quote, "……") if f.quote else f.reason for f in findings))


def _masked(sentence: str, findings: Iterable[Finding], start: int) -> str:
    """The sentence with the replacements that lie inside it; approved texts are added to the whole only."""
    inside = [
        replace(f, start=f.start - start, end=f.end - start, append=None)
        for f in findings
        if f.replacement is not None and start <= f.start and f.end <= start + len(sentence)
    ]
    return mend(sentence, inside)
