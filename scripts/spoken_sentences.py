"""Advisors' turns of whole calls as lines of the semantic rules: what is said in a call is seldom wrong.

    python scripts/spoken_sentences.py CALLS.jsonl SENTENCES.jsonl --train k2 k4 k5 --spoken k7 k3

The lines of the batches `calls-*` in SENTENCES.jsonl are written anew, near-duplicates left out. A turn is read in
the passages that the filter reads; of a turn that breaks a rule only the passage that the shipped n-grams suspect
most is kept.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compliance_filters.rules.shelf import builtin_pack
from compliance_filters.semantic.filter import SHIPPED, windows
from mandarin.likeness import near_duplicates
from models.ngrams import NgramScorer

BATCH = "calls-"
ALIKE = 0.6  # trigram Jaccard
SHORTEST = 4  # characters; shorter ones are mere backchannels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=Path)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--train", nargs="+", required=True)
    parser.add_argument("--spoken", nargs="+", required=True)
    options = parser.parse_args()
    splits = {**dict.fromkeys(options.train, "train"), **dict.fromkeys(options.spoken, "spoken")}
    kept = [line for line in _rows(options.sentences) if not line["batch"].startswith(BATCH)]
    made = list(_spoken(_rows(options.calls), splits, {rule for row in kept for rule in row["rules"]}))
    made.sort(key=lambda line: not line["rules"])  # of two that are alike the one that breaks a rule stays
    doubled = near_duplicates([line["text"] for line in (*kept, *made)], above=ALIKE)
    made = [line for n, line in enumerate(made, start=len(kept)) if n not in doubled]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (*kept, *made))
    options.sentences.write_text(text, encoding="utf-8")
    print(f"{len(made)} lines of calls, {sum(bool(line['rules']) for line in made)} of them break a rule")


def _spoken(calls: list[dict[str, Any]], splits: dict[str, str], known: set[str]) -> Iterator[dict[str, Any]]:
    scorer, normalise = NgramScorer(SHIPPED), builtin_pack().normalise
    for call in calls:
        if call["batch"] not in splits:
            continue
        broken: dict[int, set[str]] = {}
        for violation in call["gold"]["advisor_violations"]:
            broken.setdefault(violation["turn"], set()).add(violation["rule"])
        for turn in call["turns"]:
            rules = broken.get(turn["i"], set())
            if turn["role"] != "advisor" or not rules <= known:
                continue
            passages = [turn["text"][slice(*span)] for span in windows(turn["text"])]
            if rules and len(passages) > 1:
                suspected = scorer.score([normalise(passage).text for passage in passages])
                columns = [scorer.labels.index(rule) for rule in rules]
                passages = [passages[int(np.argmax(suspected[:, columns].max(1)))]]
            for n, passage in enumerate(passages):
                if len(passage) >= SHORTEST:
                    yield {
                        "id": f"{call['id']}-{turn['i']}-{n}", "text": passage, "target": "advisor_speech",
                        "rules": sorted(rules), "topic": min(rules, default="general"),
                        "split": splits[call["batch"]], "batch": BATCH + call["batch"], "tags": [],
                    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
