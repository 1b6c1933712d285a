"""The project's own cases keep to the formats that outside files must keep."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.finding import Outcome, Target
from compliance_filters.rules.shelf import builtin_pack
from eval.case import load_cases
from intent.call import Polarity
from intent.classifier.taxonomy import NONE, load_taxonomy
from intent.corpus.utterances import Labelled, load_labelled, utterance_of
from intent.corpus.variety import near_pairs
from knowledge_base.parse import parse_file
from serve.sample import sample_folder


def own(name: str) -> tuple[dict[str, Any], ...]:
    return load_cases(Path(str(files("eval") / "cases" / name)), required=()).items


def test_utterances_use_the_taxonomy_and_cover_it() -> None:
    taxonomy, items = load_taxonomy(), own("intent.jsonl")
    named = [intent["id"] for item in items for intent in item["intents"]]
    assert {intent["polarity"] for item in items for intent in item["intents"]} <= set(Polarity)
    assert set(named) == {*taxonomy.ids, NONE}
    assert all(len(item["intents"]) == 1 for item in items for intent in item["intents"] if intent["id"] == NONE)


def test_a_third_of_the_utterances_wants_nothing() -> None:
    items = own("intent.jsonl")
    idle = [
        i
        for i in items
        if not any(x["polarity"] == "interest" and x["id"] not in (NONE, "info.market") for x in i["intents"])
    ]
    assert len(idle) >= len(items) / 3


@pytest.mark.slow
def test_no_utterance_repeats_a_line_of_the_corpus() -> None:
    corpus = load_labelled(load_taxonomy()).items
    cases = tuple(
        Labelled(id=i["id"], utterance=utterance_of(i["text"], i["context"]), gold=(), split="cases")
        for i in own("intent.jsonl")
    )
    both = (*corpus, *cases)
    near = [
        (both[a].id, both[b].id)
        for a, b in near_pairs(both)
        if (both[a].split == "cases") != (both[b].split == "cases")
    ]
    assert near == []


def test_questions_quote_the_documents_as_they_are_parsed() -> None:
    paths = {path.name: path for path in (sample_folder() / "documents").rglob("*") if path.is_file()}
    texts = {name: "".join(parse_file(path).text.split()) for name, path in paths.items()}
    for item in own("rag.jsonl"):
        assert set(item["docs"]) <= set(texts), item["id"]
        for evidence in item["evidence"]:
            assert any("".join(evidence.split()) in texts[doc] for doc in item["docs"]), (item["id"], evidence)
        assert not item["docs"] or item["evidence"], item["id"]


@pytest.mark.parametrize("name", ["compliance_sentences.jsonl", "compliance_documents.jsonl"])
def test_findings_quote_their_text_and_give_the_verdict(name: str) -> None:
    rules = builtin_pack().rules
    for item in own(name):
        Target(item["target"])
        assert all(f["rule"] in rules for f in item["findings"]), item["id"]
        assert all(f["quote"] in item["text"] for f in item["findings"] if f.get("quote")), item["id"]
        worst = max((rules[f["rule"]].outcome for f in item["findings"]), default=Outcome.PASS)
        third_party = any(f["rule"] == "pii.leak" for f in item["findings"]) and item["verdict"] == "block"
        assert item["verdict"] == worst.word or third_party, item["id"]


def test_sentences_are_half_compliant() -> None:
    verdicts = Counter(item["verdict"] == "pass" for item in own("compliance_sentences.jsonl"))
    assert 0.4 <= verdicts[True] / sum(verdicts.values()) <= 0.6


def test_the_readme_counts_right() -> None:
    text = (files("eval") / "cases" / "README.md").read_text(encoding="utf-8")
    for name in ("intent.jsonl", "rag.jsonl", "compliance_sentences.jsonl", "compliance_documents.jsonl"):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert int(row.split("|")[-2]) == len(own(name))


def test_lines_are_plain_json() -> None:
    for path in (files("eval") / "cases").iterdir():
        if path.name.endswith(".jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                json.loads(line)
