"""`tougu eval intent`: single utterances with their context."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from eval.case import Cases, EvalError, load_cases, only_split
from eval.metrics import intent as m
from eval.metrics.counts import total
from eval.metrics.summed import Metric
from eval.output import own_cases
from eval.result import Result, data_of, figures, grouped
from intent.call import LineReading, Polarity
from intent.classifier.taxonomy import NONE
from intent.corpus.lines import shipped
from intent.corpus.utterances import UTTERANCES, utterance_of
from serve.wiring import House

CASES = "cases"  # names the project's small set of the first house in place of a split


def run(house: House, data: Path | None, split: str | None = None) -> Result:
    """Read every utterance with the shipped classifier; client lines only (others are unscored).

    Without `data`, the test split of the project's own lines, or the split that is named.
    """
    split = split or (None if data else "test")
    cases = cases_of(data, split)
    _check(cases, house)
    spoken = [item for item in cases.items if item.get("role", "client") == "client"]
    house.classifier.read_many([utterance_of("预热")])  # weights load outside the measured time
    started = time.perf_counter()
    read = house.classifier.read_many([utterance_of(i["text"], i.get("context", ())) for i in spoken])
    seconds = time.perf_counter() - started
    scored = [_scored(item, found) for item, found in zip(spoken, read, strict=True)]
    leads = frozenset(i.id for i in house.taxonomy if i.is_lead)
    case_ids = frozenset(i.id for i in house.taxonomy if i.goes_to == "case")
    metrics: dict[str, Metric[m.Scored]] = {
        "micro_f1": m.micro_f1,
        "macro_f1": m.macro_f1_of_pairs,
        "intent_micro_f1": m.intent_micro_f1,
        "polarity_accuracy": m.polarity_accuracy,
        "lead_precision": m.lead_precision(leads),
        "lead_recall": m.lead_recall(leads),
        "false_lead_rate": m.false_lead_rate(leads),
        "case_recall": m.case_recall(case_ids),
        "ece": m.ece,
        "coverage": m.coverage,
    }
    return Result(
        suite="intent",
        data=data_of(cases),
        model={"classifier": house.classifier.version, "encoder": house.encoder.name},
        parameters={"split": split},
        metrics={**figures(scored, metrics), "utterances_per_s": round(len(spoken) / seconds, 1)},
        by={"intent": _by_intent(scored), "tag": grouped(_by_tag(scored), metrics)},
        unscored=len(cases.items) - len(spoken),
        seconds=seconds,
        predictions=tuple(_prediction(item, found) for item, found in zip(spoken, read, strict=True)),
    )


def cases_of(data: Path | None, split: str | None) -> Cases:
    """The lines of a file or of the project, of one split where one is named. Raises EvalError."""
    required = ("text", "intents")
    if data is None and split == CASES:
        return load_cases(own_cases("intent.jsonl"), required=required)
    place = data or Path(str(shipped(UTTERANCES)))
    cases = load_cases(place, required=required)
    return only_split(cases, split) if split else cases


def _check(cases: Cases, house: House) -> None:
    """Labels that nobody knows would only look like misses. Raises EvalError naming the item."""
    for item in cases.items:
        try:
            labels = [(label["id"], Polarity(label.get("polarity", "interest"))) for label in item["intents"]]
        except (KeyError, TypeError, ValueError) as error:
            raise EvalError(
                f"{cases.path}, item {item['id']}: the field intents is not a list of id and polarity "
                f"({error}): see docs/evaluation.md for the format."
            ) from error
        unknown = [name for name, _ in labels if name != NONE and name not in house.taxonomy]
        if unknown:
            raise EvalError(
                f"{cases.path}, item {item['id']}: there is no intent {unknown[0]} in the taxonomy: "
                "correct the label, or set intent.taxonomy to the file that has it."
            )


def _scored(item: dict[str, Any], read: LineReading) -> m.Scored:
    found = read.intents
    return m.Scored(
        gold=frozenset((i["id"], i["polarity"]) for i in item["intents"] if i["id"] != NONE),
        predicted=frozenset((f.intent, f.polarity.value) for f in found if f.intent != NONE),
        confidences=tuple(((f.intent, f.polarity.value), f.confidence) for f in found if f.intent != NONE),
        abstained=read.abstained,
        tags=tuple(item.get("tags", ())),
    )


def _by_tag(scored: list[m.Scored]) -> dict[str, list[m.Scored]]:
    groups: dict[str, list[m.Scored]] = defaultdict(list)
    for item in scored:
        for tag in item.tags:
            groups[tag].append(item)
    return groups


def _by_intent(scored: list[m.Scored]) -> dict[str, Any]:
    """Precision and recall of each intent as a wish (polarity interest); `n` counts every polarity."""
    intents = sorted({i for item in scored for i, _ in item.gold})
    found = {}
    for intent in intents:
        counts = total(m.lead_counts(item, frozenset({intent})) for item in scored)
        n = sum(any(i == intent for i, _ in item.gold) for item in scored)
        found[intent] = {"n": n, "precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
    return found


def _prediction(item: dict[str, Any], read: LineReading) -> dict[str, Any]:
    intents = [
        {"id": f.intent, "polarity": f.polarity.value, "confidence": round(f.confidence, 4)} for f in read.intents
    ]
    return {"id": item["id"], "intents": intents, "abstained": read.abstained}
