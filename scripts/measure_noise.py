"""Measure how a speech engine mishears: rates and confusions for `intent/corpus/data/noise.yaml`.

    tougu eval asr --predictions said.jsonl
    python scripts/measure_noise.py said.jsonl [--references DIR] [--into intent/corpus/data/noise.yaml]

References are call scripts (JSON, a file a call, with `id` and `turns`); by default those of the sample calls.
Both texts are compared as `tougu eval asr` compares them: NFKC, Simplified, no punctuation, numerals as
digits; then aligned by Levenshtein's edits. A substitution is of the same sound, of a near sound (the pairs
of `near` in noise.yaml), or other. Runs of more than three lost or invented characters are passages, not noise
of characters, and are counted apart.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz.distance import Levenshtein

from eval.metrics.asr import fitting, normalise
from intent.corpus.noise import shipped_noise
from intent.corpus.sounds import SoundAlikes
from mandarin.script import HAN
from serve.sample import sample_folder

ROLES = ("advisor", "client")
LONGEST_RUN = 3  # characters
HAN_PAIR = re.compile(f"[{HAN}]{{2}}")
MARK = "measured:\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--references", type=Path, default=sample_folder() / "calls" / "scripts")
    parser.add_argument("--source", default="", help="which engine on which recordings, for the record")
    parser.add_argument("--into", type=Path, help="a noise.yaml whose part `measured` is replaced")
    options = parser.parse_args()
    measured = measure(list(pairs(options.predictions, options.references)), options.source)
    if options.into:
        kept = options.into.read_text("utf-8").partition(MARK)[0]
        options.into.write_text(kept + as_yaml(measured), "utf-8")
    else:
        print(as_yaml(measured), end="")


def pairs(predictions: Path, references: Path) -> Iterator[tuple[str, str]]:
    """Gold and heard text of each call, in the order of turns that fits better: by time, or role by role."""
    scripts = {raw["id"]: raw for raw in (json.loads(p.read_text("utf-8")) for p in sorted(references.glob("*.json")))}
    for line in predictions.read_text("utf-8").splitlines():
        heard = json.loads(line)
        gold = scripts[heard["id"]]
        by_role = said(gold["turns"], ROLES), said(heard["turns"], (*ROLES, "unknown"))
        first, second = fitting([(said(gold["turns"]), said(heard["turns"])), by_role])
        yield normalise(first), normalise(second)


def said(turns: Sequence[dict[str, Any]], roles: Sequence[str] | None = None) -> str:
    if roles is None:
        return "".join(turn["text"] for turn in turns)
    return "".join(turn["text"] for role in roles for turn in turns if turn["role"] == role)


def measure(texts: Sequence[tuple[str, str]], source: str) -> dict[str, Any]:
    """Shares of gold characters, and the counts of what was heard for what."""
    alikes = SoundAlikes(shipped_noise()["near"])
    counts: Counter[str] = Counter()
    inserted: Counter[str] = Counter()
    confusions: dict[str, Counter[str]] = defaultdict(Counter)
    for gold, heard in texts:
        for edit in Levenshtein.opcodes(gold, heard):
            before, after = gold[edit.src_start : edit.src_end], heard[edit.dest_start : edit.dest_end]
            if edit.tag == "replace":
                for a, b in zip(before, after, strict=True):
                    counts[alikes.relation(a, b)] += 1
                    if HAN_PAIR.fullmatch(a + b):
                        confusions[a][b] += 1
            elif edit.tag != "equal":
                run = before or after
                short = len(run) <= LONGEST_RUN
                counts[f"{edit.tag}{'' if short else '_passage'}"] += len(run)
                if short and edit.tag == "insert":
                    inserted[run] += 1
    characters = sum(len(gold) for gold, _ in texts)
    names = {
        "same_sound": "same", "near_sound": "near", "other_sound": "other", "deleted": "delete", "inserted": "insert",
        "deleted_passages": "delete_passage", "inserted_passages": "insert_passage",
    }  # fmt: skip
    return {
        "source": source,
        "characters": characters,
        **{name: round(counts[key] / characters, 4) for name, key in names.items()},
        "inserted_words": dict(sorted(inserted.items())),
        "confusions": {a: dict(sorted(heard.items())) for a, heard in sorted(confusions.items())},
    }


def as_yaml(measured: dict[str, Any]) -> str:
    return yaml.safe_dump(
        {"measured": measured}, allow_unicode=True, sort_keys=False, default_flow_style=None, width=118
    )


if __name__ == "__main__":
    main()
