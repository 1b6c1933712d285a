"""The suite of call notes: labels that fit the corpus, and metrics that count as they say."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from eval.case import EvalError
from eval.metrics import notes as m
from eval.suites.notes import LABELS, run
from intent.call import Speaker
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.calls import load_calls


def gold(*turns: int, due: str | None = None) -> m.GoldPromise:
    return m.GoldPromise(turns=frozenset(turns), due=frozenset({due}))


def found(*turns: int, due: str | None = None) -> m.FoundPromise:
    return m.FoundPromise(turns=frozenset(turns), due=due)


def scored(golds: list[m.GoldPromise], entries: list[m.FoundPromise], **fields: frozenset[int]) -> list[m.ScoredNote]:
    return [m.ScoredNote(gold=tuple(golds), found=tuple(entries), **fields)]


def test_promises_are_matched_by_turn() -> None:
    notes = scored([gold(3, 5), gold(9)], [found(5, 6), found(2)])
    assert (m.promise_precision(notes), m.promise_recall(notes)) == (0.5, 0.5)


def test_neutral_turns_count_neither_way() -> None:
    assert m.promise_precision(scored([gold(3)], [found(3), found(7)], neutral=frozenset({7}))) == 1


def test_due_days_are_held_against_promises_that_were_found() -> None:
    right, wrong = gold(3, due="2026-09-16"), gold(5, due="2026-09-17")
    notes = scored([right, wrong, gold(7), gold(9, due="2026-09-18")], [found(3, due="2026-09-16"), found(5), found(7)])
    assert m.due_exact(notes) == pytest.approx(2 / 3)
    assert m.due_exact_dated(notes) == 0.5


def test_figures_are_compared_by_value() -> None:
    told = frozenset({Decimal(150_000), Decimal(3)})
    note = m.ScoredNote(gold=(), found=(), gold_numbers=told, numbers=frozenset({Decimal("150000.0")}))
    assert m.figures_covered([note]) == 0.5


def test_labels_name_turns_of_advisors_in_calls_of_their_split() -> None:
    calls = {call.id: call for call in load_calls(load_taxonomy()).of("train", "dev")}
    for line in LABELS.read_text("utf-8").splitlines():
        label = json.loads(line)
        call = calls[label["id"]]
        assert call.split == label["split"]
        advisor = {turn.index for turn in call.turns if turn.speaker is Speaker.ADVISOR}
        named = {turn for promise in label["promises"] for turn in promise["turns"]}
        assert named | set(label["neutral"]) <= advisor, label["id"]
        assert not named & set(label["neutral"]), label["id"]


def test_a_file_of_labels_is_scored(tmp_path: Path) -> None:
    labels = [line for line in LABELS.read_text("utf-8").splitlines() if '"k4-01"' in line or '"k4-07"' in line]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(labels), encoding="utf-8")
    result = run(file, "train")
    assert result.data["n"] == 2
    assert result.metrics["promise_recall"]["value"] == 1  # type: ignore[index,call-overload]
    assert result.predictions[0]["text"].startswith("【来电目的】")


def test_no_call_of_the_test_split_is_labelled() -> None:
    with pytest.raises(EvalError):
        run(None, "test")
