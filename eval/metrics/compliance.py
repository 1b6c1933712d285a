"""Metrics of `tougu eval compliance`: findings by rule and overlapping span, verdicts by text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eval.metrics.counts import Counts, Part, when
from eval.metrics.summed import Metric, macro_f1, ratio

HARMLESS = frozenset({"pass", "revise"})
UNVERIFIED = "number.unverified"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A finding: its rule, and its span; None for a gold finding without a quote."""

    rule: str
    span: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Gold and prediction of one text. `alternatives` are rules that are neither a miss nor a false alarm."""

    gold: tuple[Mark, ...]
    predicted: tuple[Mark, ...]
    gold_verdict: str
    verdict: str
    tags: frozenset[str] = frozenset()
    alternatives: frozenset[str] = frozenset()


def matches(gold: Mark, found: Mark) -> bool:
    """The rule is right and the spans overlap; the rule alone where gold or finding has no span."""
    if gold.rule != found.rule:
        return False
    if gold.span is None or found.span is None:
        return True
    return gold.span[0] < found.span[1] and found.span[0] < gold.span[1]


def counts(item: Judged, only: Callable[[str], bool] = lambda _rule: True) -> Counts:
    """Counts of one text over the rules that `only` admits.

    Each gold finding is found or missed; of findings that match none, each rule is one false alarm,
    however often it stands in the text.
    """
    gold = [g for g in item.gold if only(g.rule)]
    found = [f for f in item.predicted if only(f.rule)]
    hit = sum(any(matches(g, f) for f in found) for g in gold)
    astray = {f.rule for f in found if not any(matches(g, f) for g in gold)}
    return Counts(tp=hit, fn=len(gold) - hit, fp=len(astray - item.alternatives))


@ratio
def block_recall(item: Judged) -> Part:
    """Share of texts with gold verdict block that are blocked."""
    return when(item.gold_verdict == "block", item.verdict == "block")


@ratio
def false_block_rate(item: Judged) -> Part:
    """Share of texts with gold pass or revise that are blocked."""
    return when(item.gold_verdict in HARMLESS, item.verdict == "block")


@ratio
def needless_review_rate(item: Judged) -> Part:
    """Share of texts with gold pass or revise that wait for an officer."""
    return when(item.gold_verdict in HARMLESS, item.verdict == "review")


@ratio
def rule_f1(item: Judged) -> Part:
    """Micro F1 over findings."""
    return counts(item).of_f1


@macro_f1
def rule_macro_f1(item: Judged) -> Mapping[str, tuple[int, int, int]]:
    """Mean F1 over the rules that gold holds."""
    rules = {mark.rule for mark in (*item.gold, *item.predicted)}
    by_rule = {rule: counts(item, rule.__eq__) for rule in rules}
    return {rule: (c.tp, c.fp, c.fn) for rule, c in by_rule.items()}


def f1_of(prefix: str) -> Metric[Judged]:
    """Micro F1 over the rules that start with `prefix` (one rule, or a family such as `pii.`)."""
    return ratio(lambda item: counts(item, lambda rule: rule.startswith(prefix)).of_f1)


def found_with_tag(tag: str) -> Metric[Judged]:
    """Share of violating texts with the tag that get any right finding."""

    def part(item: Judged) -> Part:
        right = any(matches(g, f) for g in item.gold for f in item.predicted)
        return when(tag in item.tags and item.gold, right)

    return ratio(part)


@ratio
def verdict_accuracy(item: Judged) -> Part:
    """Share of texts whose verdict is the gold one."""
    return when(True, item.verdict == item.gold_verdict)


@ratio
def negation_accuracy(item: Judged) -> Part:
    """Verdict accuracy on texts with the tag negation."""
    return when("negation" in item.tags, item.verdict == item.gold_verdict)


@ratio
def compliant_not_passed_rate(item: Judged) -> Part:
    """Share of texts tagged compliant whose verdict is neither pass nor revise."""
    return when("compliant" in item.tags, item.verdict not in HARMLESS)


@ratio
def altered_number_recall(item: Judged) -> Part:
    """Share of texts with a gold number.unverified that get one."""
    altered = any(g.rule == UNVERIFIED for g in item.gold)
    return when(altered, any(f.rule == UNVERIFIED for f in item.predicted))
