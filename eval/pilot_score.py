"""Labels of a pilot, opened after the predictions were sealed, and what was right, false and missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from eval.case import EvalError, load_cases
from eval.interval import Interval, wilson
from eval.metrics import calls as m
from eval.pilot_predict import KINDS, Record
from intent.classifier.taxonomy import Taxonomy
from mandarin.likeness import trigrams

Gold = Mapping[str, Any]
NEAR_S = 15.0  # seconds around the place that a label names
SHOWN = 3  # turns


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Gold by call, and the hash of the file."""

    gold: Mapping[str, Gold]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One call with its gold; intents in `neutral` count neither way."""

    record: Record
    gold: Gold

    def labelled(self, kind: str) -> frozenset[str]:
        return frozenset(entry["intent"] for entry in self.gold.get(f"{kind}s", ())) - self._neutral

    def raised(self, kind: str) -> frozenset[str]:
        return frozenset(entry["intent"] for entry in self.record.prediction[f"{kind}s"]) - self._neutral

    def false(self, kind: str) -> list[Mapping[str, Any]]:
        """What was raised and is not labelled."""
        wrong = self.raised(kind) - self.labelled(kind)
        return [entry for entry in self.record.prediction[f"{kind}s"] if entry["intent"] in wrong]

    def missed(self, kind: str) -> list[Mapping[str, Any]]:
        """The labels of what was not raised."""
        lost = self.labelled(kind) - self.raised(kind)
        return [entry for entry in self.gold.get(f"{kind}s", ()) if entry["intent"] in lost]

    @property
    def _neutral(self) -> frozenset[str]:
        return frozenset(self.gold.get("neutral", ()))

    def scored(self) -> m.ScoredCall:
        """For the metrics of `tougu eval calls` that do not compare turns: people label calls, not our turns."""
        return m.ScoredCall(
            gold=tuple(_lead(entry) for entry in self.gold.get("leads", ())),
            predicted=tuple(_lead(entry) for entry in self.record.prediction["leads"]),
            neutral=self._neutral,
            gold_cases=self.labelled("case"),
            cases=self.raised("case"),
            gold_tickets=self.labelled("ticket"),
            tickets=self.raised("ticket"),
        )


@dataclass(frozen=True, kw_only=True)
class IntentFigures:
    """One intent over all calls; None where there is nothing to measure."""

    kind: str
    intent: str
    labelled: int
    raised: int
    right: int
    precision: Interval | None
    recall: Interval | None


def load_labels(path: Path, taxonomy: Taxonomy, calls: Collection[str]) -> Labels:
    """Read `{"id","gold":{...}}` lines. Raises EvalError naming the call and the remedy."""
    cases = load_cases(path, required=("gold",))
    for item in cases.items:
        if item["id"] not in calls:
            raise EvalError(
                f"labels.jsonl speaks of the call {item['id']}, which calls.csv does not list: correct one."
            )
        _check(item["id"], item["gold"], taxonomy)
    return Labels(gold={item["id"]: item["gold"] for item in cases.items}, sha256=cases.sha256)


def by_intent(judged: Sequence[Judged]) -> list[IntentFigures]:
    """Precision and recall of each intent that is labelled or raised, by kind and id."""
    labelled: Counter[tuple[str, str]] = Counter()
    raised: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for call in judged:
        for kind in KINDS:
            labelled.update((kind, intent) for intent in call.labelled(kind))
            raised.update((kind, intent) for intent in call.raised(kind))
            right.update((kind, intent) for intent in call.labelled(kind) & call.raised(kind))
    order = sorted(labelled.keys() | raised.keys(), key=lambda key: (KINDS.index(key[0]), key[1]))
    return [
        IntentFigures(
            kind=key[0],
            intent=key[1],
            labelled=labelled[key],
            raised=raised[key],
            right=right[key],
            precision=wilson(right[key], raised[key]),
            recall=wilson(right[key], labelled[key]),
        )
        for key in order
    ]


def heard_instead(missed: Gold, heard: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Turns near the `second` that the label names, or most like its `quote`; none where it names neither."""
    if "second" in missed:
        at = float(missed["second"])
        near = sorted(heard, key=lambda turn: abs(turn["second"] - at))[:SHOWN]
        return sorted((t for t in near if abs(t["second"] - at) <= NEAR_S), key=lambda turn: int(turn["turn"]))
    if "quote" in missed and heard:
        wanted = trigrams(str(missed["quote"]))
        best = max(heard, key=lambda turn: _likeness(wanted, trigrams(turn["text"])))
        return [best] if wanted & trigrams(best["text"]) else []
    return []


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b)


def _lead(entry: Mapping[str, Any]) -> m.LeadSeen:
    amount = entry.get("amount")
    return m.LeadSeen(
        intent=entry["intent"], evidence=frozenset(), amount=None if amount is None else Decimal(str(amount))
    )


def _check(call: str, gold: Any, taxonomy: Taxonomy) -> None:
    try:
        entries = [entry for kind in KINDS for entry in gold.get(f"{kind}s", ())]
        intents = [*(entry["intent"] for entry in entries), *gold.get("neutral", ())]
        for entry in entries:
            float(entry.get("second", 0))
            Decimal(str(entry.get("amount") or 0))
    except (AttributeError, TypeError, KeyError, ValueError, ArithmeticError) as error:
        raise EvalError(
            f"labels.jsonl: the gold of the call {call} is not in the format ({type(error).__name__}): "
            "see docs/pilot.md."
        ) from error
    unknown = [intent for intent in intents if intent not in taxonomy]
    if unknown:
        raise EvalError(
            f"labels.jsonl: the call {call} has the intent {unknown[0]}, which the taxonomy lacks: correct it."
        )
