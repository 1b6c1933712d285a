"""Metrics of `tougu eval intent`: one utterance each, gold pairs of intent and polarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.metrics.counts import Counts, compare, share, total

Pair = tuple[str, str]  # intent, polarity


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Gold and prediction of one utterance; `none` is the absence of pairs."""

    gold: frozenset[Pair]
    predicted: frozenset[Pair]
    confidences: tuple[tuple[Pair, float], ...] = ()
    abstained: bool = False
    tags: tuple[str, ...] = ()


def _collapsed(pairs: frozenset[Pair]) -> frozenset[tuple[str, bool]]:
    return frozenset((intent, polarity == "interest") for intent, polarity in pairs)


def micro_f1(items: Sequence[Scored]) -> float | None:
    """F1 over pairs of intent and interest-or-not, counted over all utterances."""
    return total(compare(_collapsed(i.gold), _collapsed(i.predicted)) for i in items).f1


def macro_f1(items: Sequence[Scored]) -> float | None:
    """Mean F1 over the pairs of intent and interest-or-not that the gold holds."""
    labels = {label for item in items for label in _collapsed(item.gold)}
    scores = []
    for label in labels:
        counts = total(compare(_collapsed(i.gold) & {label}, _collapsed(i.predicted) & {label}) for i in items)
        scores.append(counts.f1 or 0.0)
    return sum(scores) / len(scores) if scores else None


def intent_micro_f1(items: Sequence[Scored]) -> float | None:
    """F1 over intents alone."""
    return total(compare({i for i, _ in s.gold}, {i for i, _ in s.predicted}) for s in items).f1


def polarity_accuracy(items: Sequence[Scored]) -> float | None:
    """Share of found intents whose interest-or-not is right."""
    hits = []
    for item in items:
        predicted = dict(item.predicted)
        hits += [(p == "interest") == (predicted[i] == "interest") for i, p in item.gold if i in predicted]
    return share(hits)


def _wishes(pairs: frozenset[Pair], intents: frozenset[str]) -> frozenset[str]:
    return frozenset(intent for intent, polarity in pairs if intent in intents and polarity == "interest")


def lead_counts(items: Sequence[Scored], leads: frozenset[str]) -> Counts:
    """Counts of intents that go to lead with polarity interest."""
    return total(compare(_wishes(i.gold, leads), _wishes(i.predicted, leads)) for i in items)


def lead_precision(leads: frozenset[str]) -> Callable[[Sequence[Scored]], float | None]:
    """Precision of raised leads."""
    return lambda items: lead_counts(items, leads).precision


def lead_recall(leads: frozenset[str]) -> Callable[[Sequence[Scored]], float | None]:
    """Recall of leads."""
    return lambda items: lead_counts(items, leads).recall


def false_lead_rate(leads: frozenset[str]) -> Callable[[Sequence[Scored]], float | None]:
    """Share of utterances without a gold lead for which one is raised."""

    def rate(items: Sequence[Scored]) -> float | None:
        return share([bool(_wishes(i.predicted, leads)) for i in items if not _wishes(i.gold, leads)])

    return rate


def case_recall(cases: frozenset[str]) -> Callable[[Sequence[Scored]], float | None]:
    """Recall of complaint and fraud.report with polarity interest."""
    return lambda items: total(compare(_wishes(i.gold, cases), _wishes(i.predicted, cases)) for i in items).recall


def ece(items: Sequence[Scored], bins: int = 10) -> float | None:
    """Expected calibration error of predicted pairs: mean |confidence - share right| over equal-width bins,
    weighted by the number of predictions in a bin."""
    pairs = [(c, (i, p == "interest") in _collapsed(item.gold)) for item in items for (i, p), c in item.confidences]
    if not pairs:
        return None
    error = 0.0
    for b in range(bins):
        inside = [(c, right) for c, right in pairs if min(int(c * bins), bins - 1) == b]
        if inside:
            confidence = sum(c for c, _ in inside) / len(inside)
            accuracy = sum(right for _, right in inside) / len(inside)
            error += len(inside) / len(pairs) * abs(confidence - accuracy)
    return error


def coverage(items: Sequence[Scored]) -> float | None:
    """Share of utterances without abstention."""
    return share([not item.abstained for item in items])
