"""The shipped sentences keep their promises; a wrong file is refused with its line."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from compliance_filters.errors import SemanticDataError
from compliance_filters.rules.pack import RulePack
from compliance_filters.semantic.dataset import SHIPPED, SentenceSet, examples, load_all, load_sentences
from mandarin.likeness import near_duplicates


@pytest.fixture(scope="module")
def shipped(pack: RulePack) -> SentenceSet:
    return load_sentences(known=pack.rules)


def test_there_are_enough_of_both_kinds_for_each_rule(shipped: SentenceSet) -> None:
    assert len(shipped.items) >= 4_000
    violating = Counter(rule for item in shipped.items for rule in item.rules)
    twins = Counter(item.topic for item in shipped.items if not item.rules)
    for label in shipped.labels:
        assert violating[label] >= 120, label
        assert twins[label] >= 120, label
    assert 0.4 < sum(not item.rules for item in shipped.items) / len(shipped.items) < 0.65


def test_no_author_stands_in_training_and_elsewhere(shipped: SentenceSet) -> None:
    splits = defaultdict(set)
    for item in shipped.items:
        splits[item.batch].add(item.split)
    assert all(found == {"train"} or "train" not in found for found in splits.values())


def test_nothing_is_said_twice(shipped: SentenceSet) -> None:
    assert near_duplicates([item.text for item in shipped.items], above=0.6) == {}
    assert len({item.id for item in shipped.items}) == len(shipped.items)


def test_targets_follow_the_labels(shipped: SentenceSet) -> None:
    items = shipped.of("development")[:40]
    made = examples(items, shipped.labels, [item.text for item in items])
    for row, item in zip(made.targets, items, strict=True):
        assert {label for label, value in zip(shipped.labels, row, strict=True) if value} == set(item.rules)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"split": "test"}, "Line 2 names the split test"),
        ({"rules": ["promise.moon"]}, "Line 2 names the rule promise.moon"),
        ({"text": None, "rules": None}, "Line 2 is no labelled sentence"),
    ],
)
def test_a_wrong_line_is_named(change: dict[str, object], told: str, tmp_path: Path, pack: RulePack) -> None:
    good = json.loads(SHIPPED.read_text("utf-8").splitlines()[0])
    file = tmp_path / "x.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in (good, {**good, **change})), "utf-8")
    with pytest.raises(SemanticDataError, match=told):
        load_sentences(file, known=pack.rules)


def test_a_firms_sentences_are_added(tmp_path: Path, shipped: SentenceSet) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(SHIPPED.read_text("utf-8").splitlines()[0], "utf-8")
    assert len(load_all([SHIPPED, file]).items) == len(shipped.items) + 1
    with pytest.raises(SemanticDataError, match="cannot be read"):
        load_all([tmp_path / "missing.jsonl"])
