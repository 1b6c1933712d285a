"""Figures of a method on labelled utterances: leads, intents and polarity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import sqrt

from intent.call import LineReading, Polarity, TurnIntent
from intent.classifier.taxonomy import Taxonomy
from intent.corpus.utterances import Labelled


def method_figures(gold: Sequence[Labelled], read: Sequence[LineReading], taxonomy: Taxonomy) -> dict[str, float | int]:
    """Lead precision, recall, F1 and F0.5, share of false leads, F1 of pairs and of intents, polarity, cases, with n.

    A lead is an intent that goes to lead with polarity interest; a false lead is one raised on an
    utterance whose gold holds none. Polarity (interest or not) is scored where the intent was found.
    `leads`, `raised`: how many there are in the gold, and how many were raised. No case recall without a case.
    """
    leads = {intent.id for intent in taxonomy if intent.is_lead}
    cases = {intent.id for intent in taxonomy if intent.goes_to == "case"}
    wanted = [(_wishes(g.gold, cases), _wishes(_pairs(r.intents), cases)) for g, r in zip(gold, read, strict=True)]
    pairs = [(_wishes(g.gold, leads), _wishes(_pairs(r.intents), leads)) for g, r in zip(gold, read, strict=True)]
    hit, named, raised = sum(len(g & r) for g, r in pairs), sum(len(g) for g, _ in pairs), sum(len(r) for _, r in pairs)
    precision = hit / max(1, raised)
    recall = hit / max(1, named)
    cases_named = sum(len(g) for g, _ in wanted)
    without = [r for g, r in pairs if not g]
    return {
        "n": len(gold),
        "leads": named,
        "raised": raised,
        "lead_precision": round(precision, 4),
        "lead_recall": round(recall, 4),
        "lead_f1": round(f_score(precision, recall, 1.0), 4),
        "lead_f05": round(f_score(precision, recall, 0.5), 4),
        "false_lead_rate": round(sum(map(bool, without)) / max(1, len(without)), 4),
        **_intent_figures(gold, read),
        **({"case_recall": round(sum(len(g & r) for g, r in wanted) / cases_named, 4)} if cases_named else {}),
        "coverage": round(1 - sum(r.abstained for r in read) / max(1, len(read)), 4),
    }


def interval(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n. Source: Wilson (1927)."""
    if not n:
        return 0.0, 1.0
    z = 1.959964  # 95 % of the normal distribution lie within
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def f_score(precision: float, recall: float, beta: float) -> float:
    """F-measure; beta below 1 weighs precision more. 0 where both are 0."""
    square = beta * beta
    below = square * precision + recall
    return (1 + square) * precision * recall / below if below else 0.0


def _intent_figures(gold: Sequence[Labelled], read: Sequence[LineReading]) -> dict[str, float]:
    hit = found = wanted = right = 0
    for labelled, reading in zip(gold, read, strict=True):
        named, seen = dict(labelled.gold), dict(_pairs(reading.intents))
        both = named.keys() & seen.keys()
        hit, found, wanted = hit + len(both), found + len(seen), wanted + len(named)
        right += sum((named[i] is Polarity.INTEREST) == (seen[i] is Polarity.INTEREST) for i in both)
    return {
        "micro_f1": round(2 * right / max(1, found + wanted), 4),
        "intent_micro_f1": round(2 * hit / max(1, found + wanted), 4),
        "polarity_accuracy": round(right / max(1, hit), 4),
    }


def _pairs(intents: Sequence[TurnIntent]) -> tuple[tuple[str, Polarity], ...]:
    return tuple((i.intent, i.polarity) for i in intents)


def _wishes(pairs: Sequence[tuple[str, Polarity]], leads: Collection[str]) -> frozenset[str]:
    return frozenset(i for i, polarity in pairs if polarity is Polarity.INTEREST and i in leads)
