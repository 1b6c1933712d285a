"""Metrics of `tougu eval intent`: one utterance each, gold pairs of intent and polarity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eval.metrics.counts import Counts, Part, compare, hits, when
from eval.metrics.summed import Metric, Sums, macro_f1, ratio

Pair = tuple[str, str]  # intent, polarity
BINS = 10


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


def _wishes(pairs: frozenset[Pair], intents: frozenset[str]) -> frozenset[str]:
    return frozenset(intent for intent, polarity in pairs if intent in intents and polarity == "interest")


def lead_counts(item: Scored, leads: frozenset[str]) -> Counts:
    """Counts of intents of `leads` with polarity interest."""
    return compare(_wishes(item.gold, leads), _wishes(item.predicted, leads))


@ratio
def micro_f1(item: Scored) -> Part:
    """F1 over pairs of intent and interest-or-not, counted over all utterances."""
    return compare(_collapsed(item.gold), _collapsed(item.predicted)).of_f1


@macro_f1
def macro_f1_of_pairs(item: Scored) -> Mapping[str, tuple[int, int, int]]:
    """Mean F1 over the pairs of intent and interest-or-not that the gold holds."""
    gold, predicted = _collapsed(item.gold), _collapsed(item.predicted)
    return {
        f"{pair}": (int(pair in gold and pair in predicted), int(pair not in gold), int(pair not in predicted))
        for pair in gold | predicted
    }


@ratio
def intent_micro_f1(item: Scored) -> Part:
    """F1 over intents alone."""
    return compare({i for i, _ in item.gold}, {i for i, _ in item.predicted}).of_f1


@ratio
def polarity_accuracy(item: Scored) -> Part:
    """Share of found intents whose interest-or-not is right."""
    predicted = dict(item.predicted)
    found = [(intent, polarity) for intent, polarity in item.gold if intent in predicted]
    return hits([(polarity == "interest") == (predicted[intent] == "interest") for intent, polarity in found])


def lead_precision(leads: frozenset[str]) -> Metric[Scored]:
    """Precision of raised leads: intents of `leads` with polarity interest."""
    return ratio(lambda item: lead_counts(item, leads).of_precision)


def lead_recall(leads: frozenset[str]) -> Metric[Scored]:
    """Recall of leads: intents of `leads` with polarity interest."""
    return ratio(lambda item: lead_counts(item, leads).of_recall)


def false_lead_rate(leads: frozenset[str]) -> Metric[Scored]:
    """Share of utterances without a gold lead for which one is raised."""
    return ratio(lambda item: when(not _wishes(item.gold, leads), bool(_wishes(item.predicted, leads))))


def case_recall(cases: frozenset[str]) -> Metric[Scored]:
    """Recall of the intents of `cases` (complaint and fraud.report) with polarity interest."""
    return ratio(lambda item: compare(_wishes(item.gold, cases), _wishes(item.predicted, cases)).of_recall)


def _binned(item: Scored) -> Sums:
    """Expected calibration error of predicted pairs: mean |confidence - share right| over ten bins of equal
    width, weighted by the number of predictions in a bin."""
    gold = _collapsed(item.gold)
    sums: dict[str, float] = {}
    for (intent, polarity), confidence in item.confidences:
        b = min(int(confidence * BINS), BINS - 1)
        for name, value in (
            ("n", 1.0),
            ("confidence", confidence),
            ("right", (intent, polarity == "interest") in gold),
        ):
            sums[f"{name} {b}"] = sums.get(f"{name} {b}", 0.0) + float(value)
    return sums


def _calibration_error(sums: Sums) -> float | None:
    total = sum(sums.get(f"n {b}", 0.0) for b in range(BINS))
    apart = sum(abs(sums.get(f"confidence {b}", 0.0) - sums.get(f"right {b}", 0.0)) for b in range(BINS))
    return apart / total if total else None


ece: Metric[Scored] = Metric(_binned, _calibration_error)


@ratio
def coverage(item: Scored) -> Part:
    """Share of utterances without abstention."""
    return hits([not item.abstained])
