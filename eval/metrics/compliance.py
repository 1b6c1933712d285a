"""Metrics of `tougu eval compliance`: findings by rule and overlapping span, verdicts by text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.metrics.counts import Counts, share, total

HARMLESS = frozenset({"pass", "revise"})


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
    """Counts of one text over the rules that `only` admits; several findings of one gold count once."""
    gold = [g for g in item.gold if only(g.rule)]
    found = [f for f in item.predicted if only(f.rule)]
    hit = sum(any(matches(g, f) for f in found) for g in gold)
    alarms = {f.rule for f in found if not any(matches(g, f) for g in gold) and f.rule not in item.alternatives}
    return Counts(tp=hit, fn=len(gold) - hit, fp=len(alarms))


def block_recall(items: Sequence[Judged]) -> float | None:
    """Share of texts with gold verdict block that are blocked."""
    return share([i.verdict == "block" for i in items if i.gold_verdict == "block"])


def false_block_rate(items: Sequence[Judged]) -> float | None:
    """Share of texts with gold pass or revise that are blocked."""
    return share([i.verdict == "block" for i in items if i.gold_verdict in HARMLESS])


def rule_f1(items: Sequence[Judged]) -> float | None:
    """Micro F1 over findings."""
    return total(counts(i) for i in items).f1


def rule_macro_f1(items: Sequence[Judged]) -> float | None:
    """Mean F1 over the rules that gold holds."""
    rules = sorted({g.rule for i in items for g in i.gold})
    scores = [f1_of(rule)(items) or 0.0 for rule in rules]
    return sum(scores) / len(scores) if scores else None


def f1_of(prefix: str) -> Callable[[Sequence[Judged]], float | None]:
    """Micro F1 over the rules that start with `prefix` (one rule, or a family such as `pii.`)."""
    return lambda items: total(counts(i, lambda rule: rule.startswith(prefix)) for i in items).f1


def found_with_tag(tag: str) -> Callable[[Sequence[Judged]], float | None]:
    """Share of violating texts with the tag that get any right finding."""

    def recall(items: Sequence[Judged]) -> float | None:
        chosen = [i for i in items if tag in i.tags and i.gold]
        return share([any(matches(g, f) for g in i.gold for f in i.predicted) for i in chosen])

    return recall


def verdict_accuracy(items: Sequence[Judged]) -> float | None:
    """Share of texts whose verdict is the gold one."""
    return share([i.verdict == i.gold_verdict for i in items])


def negation_accuracy(items: Sequence[Judged]) -> float | None:
    """Verdict accuracy on texts with the tag negation."""
    return verdict_accuracy([i for i in items if "negation" in i.tags])


def compliant_not_passed_rate(items: Sequence[Judged]) -> float | None:
    """Share of texts tagged compliant whose verdict is neither pass nor revise."""
    return share([i.verdict not in HARMLESS for i in items if "compliant" in i.tags])


def altered_number_recall(items: Sequence[Judged]) -> float | None:
    """Share of texts with a gold number.unverified that get one."""
    chosen = [i for i in items if any(g.rule == "number.unverified" for g in i.gold)]
    return share([any(f.rule == "number.unverified" for f in i.predicted) for i in chosen])
