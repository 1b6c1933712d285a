"""Figures of a method on labelled utterances: leads, intents and polarity."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from intent.call import Polarity, TurnIntent
from intent.classifier.model import IntentClassifier
from intent.classifier.taxonomy import Taxonomy
from intent.corpus.utterances import Labelled, LabelledSet


def figures_by_split(
    classifier: IntentClassifier, labelled: LabelledSet, taxonomy: Taxonomy, splits: Sequence[str]
) -> dict[str, dict[str, float | int]]:
    """`lead_figures` of a classifier on each of the splits."""
    leads = {i.id for i in taxonomy if i.is_lead}
    return {
        split: lead_figures(labelled.of(split), classifier.read_many([i.utterance for i in labelled.of(split)]), leads)
        for split in splits
    }


def lead_figures(
    gold: Sequence[Labelled], read: Sequence[Sequence[TurnIntent]], leads: Collection[str]
) -> dict[str, float | int]:
    """Lead precision, recall, F1 and F0.5, share of false leads, intent F1 and polarity accuracy, with n.

    A lead is an intent that goes to lead with polarity interest; a false lead is one raised on an
    utterance whose gold holds none. Polarity (interest or not) is scored where the intent was found.
    """
    pairs = [(_wishes(g.gold, leads), _wishes(_pairs(r), leads)) for g, r in zip(gold, read, strict=True)]
    hit = sum(len(g & r) for g, r in pairs)
    precision = hit / max(1, sum(len(r) for _, r in pairs))
    recall = hit / max(1, sum(len(g) for g, _ in pairs))
    without = [r for g, r in pairs if not g]
    return {
        "n": len(gold),
        "lead_precision": round(precision, 4),
        "lead_recall": round(recall, 4),
        "lead_f1": round(f_score(precision, recall, 1.0), 4),
        "lead_f05": round(f_score(precision, recall, 0.5), 4),
        "false_lead_rate": round(sum(map(bool, without)) / max(1, len(without)), 4),
        **_intent_figures(gold, read),
    }


def f_score(precision: float, recall: float, beta: float) -> float:
    """F-measure; beta below 1 weighs precision more. 0 where both are 0."""
    square = beta * beta
    below = square * precision + recall
    return (1 + square) * precision * recall / below if below else 0.0


def _intent_figures(gold: Sequence[Labelled], read: Sequence[Sequence[TurnIntent]]) -> dict[str, float]:
    hit = found = wanted = right = 0
    for labelled, intents in zip(gold, read, strict=True):
        named, seen = dict(labelled.gold), dict(_pairs(intents))
        both = named.keys() & seen.keys()
        hit, found, wanted = hit + len(both), found + len(seen), wanted + len(named)
        right += sum((named[i] is Polarity.INTEREST) == (seen[i] is Polarity.INTEREST) for i in both)
    return {
        "intent_micro_f1": round(2 * hit / max(1, found + wanted), 4),
        "polarity_accuracy": round(right / max(1, hit), 4),
    }


def _pairs(intents: Sequence[TurnIntent]) -> tuple[tuple[str, Polarity], ...]:
    return tuple((i.intent, i.polarity) for i in intents)


def _wishes(pairs: Sequence[tuple[str, Polarity]], leads: Collection[str]) -> frozenset[str]:
    return frozenset(i for i, polarity in pairs if polarity is Polarity.INTEREST and i in leads)
