"""`tougu eval notes`: the call note on the project's own calls, promises labelled by turn and day."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from eval.case import load_cases, only_split
from eval.metrics import notes as m
from eval.metrics.summed import Metric
from eval.result import Result, data_of, figures
from eval.suites.calls import call_of, cases_of, places_of
from intent.classifier.taxonomy import load_taxonomy
from intent.notes.note import CallNote
from intent.notes.write import NoteMaker
from mandarin.numerals import find_numerals

LABELS = Path(__file__).parent.parent / "cases" / "notes.jsonl"
METRICS: dict[str, Metric[m.ScoredNote]] = {
    "promise_precision": m.promise_precision,
    "promise_recall": m.promise_recall,
    "due_exact": m.due_exact,
    "due_exact_dated": m.due_exact_dated,
    "figures_covered": m.figures_covered,
}


def run(data: Path | None, split: str | None = None) -> Result:
    """Write a note of every labelled call of a split, `dev` by default; `data` is another file of labels.

    Raises EvalError, also for the split test, whose calls nobody has labelled.
    """
    labels = only_split(load_cases(data or LABELS, required=("split", "promises")), split or "dev")
    calls = {item["id"]: item for item in cases_of(None, split or "dev").items}
    maker = NoteMaker(load_taxonomy())
    started = time.perf_counter()
    notes = [maker.note(call_of(calls[label["id"]]), ()) for label in labels.items]
    seconds = time.perf_counter() - started
    scored = [_scored(label, calls[label["id"]], note) for label, note in zip(labels.items, notes, strict=True)]
    return Result(
        suite="notes",
        data=data_of(labels),
        parameters={"split": split or "dev"},
        metrics=figures(scored, METRICS),
        seconds=seconds,
        predictions=tuple(
            {"id": label["id"], "text": note.text} for label, note in zip(labels.items, notes, strict=True)
        ),
    )


def _scored(label: dict[str, Any], call: dict[str, Any], note: CallNote) -> m.ScoredNote:
    places, gold = places_of(call), call["gold"]
    told = " ".join([*gold.get("summary_points", ()), gold.get("next_action", "")])
    return m.ScoredNote(
        gold=tuple(
            m.GoldPromise(turns=frozenset(each["turns"]), due=frozenset(each["due"])) for each in label["promises"]
        ),
        found=tuple(
            m.FoundPromise(
                turns=frozenset(places[each.turn] for each in promise.evidence),
                due=promise.due.at.date().isoformat() if promise.due else None,
            )
            for promise in note.promised
        ),
        neutral=frozenset(label.get("neutral", ())),
        gold_numbers=_numbers(told),
        numbers=_numbers(note.text),
    )


def _numbers(text: str) -> frozenset[Decimal]:
    return frozenset(number.value for number in find_numerals(text))
