"""`tougu rules train`: what is asked for reaches the training, and what cannot be is said in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compliance_filters.semantic import train as training
from models.encoders import transformer
from models.encoders.hashing import HashEncoder
from tests.serve.conftest import Tougu


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Two sentences by two authors."""
    items = [
        {"id": f"x{n}", "text": text, "target": "answer", "rules": rules, "split": "train", "batch": batch}
        for n, (text, rules, batch) in enumerate(
            [("这只稳赚不赔。", ["promise.return"], "anna"), ("这只不保本。", [], "bo")]
        )
    ]
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items), "utf-8")
    return path


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the training was called with, in place of a training."""
    calls: list[dict[str, Any]] = []

    def record(folder: Path, data: Any, encoder: Any, pack: Any, **asked: Any) -> SimpleNamespace:
        calls.append({"folder": folder, "data": data, **asked})
        return SimpleNamespace(figures={"development": {"average_precision": 0.5}})

    monkeypatch.setattr(training, "train_semantic", record)
    monkeypatch.setattr(transformer, "SentenceTransformerEncoder", HashEncoder)
    return calls


def test_going_on_takes_fewer_passes_and_names_the_fresh_batch(
    tougu: Tougu, lines: Path, trained: list[dict[str, Any]], tmp_path: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    asked = ("--only", "--data", lines, "--out", after, "--start", before, "--fresh", "anna")
    ran = tougu("rules", "train", *asked)
    assert ran.code == 0, ran.err
    (call,) = trained
    assert (call["start"], tuple(call["fresh"])) == (before, ("anna",))
    assert call["settings"].epochs == training.GOING_ON.epochs
    assert [item.batch for item in call["data"].items] == ["anna", "bo"]
    assert f"TOUGU_COMPLIANCE__SEMANTIC_MODEL={after}" in ran.out


def test_from_nothing_takes_the_passes_that_are_asked_for(
    tougu: Tougu, lines: Path, trained: list[dict[str, Any]]
) -> None:
    assert tougu("rules", "train", "--only", "--data", lines, "--epochs", "3", "--seed", "11").code == 0
    (call,) = trained
    assert (call["start"], call["fresh"], call["settings"].epochs, call["settings"].seed) == (None, (), 3, 11)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--only"], "There is nothing to train on: give --data, or leave out --only."),
        (["--fresh", "anna"], "give --start, or leave out --fresh."),
        (["--start", "{missing}"], "give --start one that tougu rules train has written."),
        (["--only", "--data", "{lines}", "--start", "{folder}", "--fresh", "cy"], "No sentence is of the batch cy"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    tougu: Tougu, lines: Path, trained: list[dict[str, Any]], tmp_path: Path, asked: list[str], told: str
) -> None:
    (tmp_path / "before").mkdir()
    places = {"lines": lines, "missing": tmp_path / "none", "folder": tmp_path / "before"}
    ran = tougu("rules", "train", *(word.format(**places) for word in asked))
    assert ran.code == 1
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert trained == []


def test_without_torch_it_says_what_to_install(tougu: Tougu, lines: Path) -> None:
    ran = tougu("rules", "train", "--only", "--data", lines)
    assert ran.code == 1
    assert "pip install 'tougu[local,train]'" in ran.err
