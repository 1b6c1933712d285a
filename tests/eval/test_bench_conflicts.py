"""The benchmark of conflicts: what is edited is told, what is only printed again is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.conflicts import KINDS, bench_conflicts
from serve.wiring import House
from tests.knowledge_base.made import report


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for n in range(8):
        text = report(code=f"99{n:04d}", name=f"云岭{n}号", title=f"云岭{n}号债券型证券投资基金2024年年度报告")
        (folder / f"{n}.html").write_text(text, encoding="utf-8")
    return folder


def run(house: House, corpus: Path) -> dict[str, object]:
    done = bench_conflicts(house, corpus=corpus, seeds=8, progress=lambda *_: None)
    assert done.parameters["kinds"] == dict.fromkeys(KINDS, 2)
    return dict(done.metrics)


def test_every_edit_is_told_and_nothing_else(house: House, corpus: Path) -> None:
    found = run(house, corpus)
    assert found["pair_f1"] == 1.0
    assert found["false_alarms_per_100"] == 0.0
    assert (found["told_reprint"], found["told_rounded"], found["told_successor"]) == (0.0, 0.0, 0.0)


def test_a_contradiction_that_was_there_is_set_aside(house: House, corpus: Path) -> None:
    rule = "---\ntitle: {}\ntype: rule\ntopic: 测评\n---\n风险测评结果{}个月内有效。\n"
    (corpus / "a.md").write_text(rule.format("甲", 12), encoding="utf-8")
    (corpus / "b.md").write_text(rule.format("乙", 24), encoding="utf-8")
    done = bench_conflicts(house, corpus=corpus, seeds=4, progress=lambda *_: None)
    assert done.metrics["found_before"] == 1
    assert done.metrics["false_alarms_per_100"] == 0.0


def test_a_finder_that_finds_nothing_scores_nothing(
    house: House, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.bench.conflicts.find_conflicts", lambda *args, **more: ())
    found = run(house, corpus)
    assert found["pair_recall"] == 0.0
    assert found["pair_f1"] is None
