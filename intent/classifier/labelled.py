"""Labelled utterances: the file format, its checks, and the figures of a method on them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from intent.call import Polarity, Speaker, Turn, TurnIntent
from intent.classifier.taxonomy import NONE, Taxonomy
from intent.classifier.utterance import Utterance
from intent.errors import TrainingDataError

SPLITS = ("train", "calibration", "dev", "test")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One utterance with what a person read in it; `gold` is empty where there is no intent."""

    id: str
    utterance: Utterance
    gold: tuple[tuple[str, Polarity], ...]
    split: str = "train"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelledSet:
    """Labelled utterances and the hash of their file."""

    items: tuple[Labelled, ...]
    digest: str

    def of(self, *splits: str) -> tuple[Labelled, ...]:
        return tuple(item for item in self.items if item.split in splits)


def load_labelled(taxonomy: Taxonomy, path: Path | None = None) -> LabelledSet:
    """Read JSON Lines of `{id, role, text, context, intents, tags, split}`, the shipped ones by default.

    Raises TrainingDataError naming the line.
    """
    place = path or resources.files("intent.classifier").joinpath("data", "utterances.jsonl")
    try:
        data = place.read_bytes()
        lines = data.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(
            f"{place} cannot be read as UTF-8 text ({error}): correct the path or the file."
        ) from error
    items = tuple(_item(line, n, taxonomy) for n, line in enumerate(lines, start=1) if line.strip())
    if not items:
        raise TrainingDataError(f"{place} holds no line: give labelled utterances, one JSON object a line.")
    return LabelledSet(items=items, digest=sha256(data).hexdigest())


def lead_figures(
    gold: Sequence[Labelled], read: Sequence[Sequence[TurnIntent]], leads: Collection[str]
) -> dict[str, float | int]:
    """Lead precision, recall, F1 and F0.5, share of false leads, intent F1 and polarity accuracy, with n.

    A lead is an intent that goes to lead with polarity interest; a false lead is one raised on an
    utterance whose gold holds none. Polarity (interest or not) is scored where the intent was found.
    """
    pairs = [(_wishes(g.gold, leads), _wishes(_pairs(r), leads)) for g, r in zip(gold, read, strict=True)]
    hit = sum(len(g & r) for g, r in pairs)
    precision = hit / max(1, sum(len(r) for _, r in pairs))
    recall = hit / max(1, sum(len(g) for g, _ in pairs))
    without = [r for g, r in pairs if not g]
    return {
        "n": len(gold),
        "lead_precision": round(precision, 4),
        "lead_recall": round(recall, 4),
        "lead_f1": round(f_score(precision, recall, 1.0), 4),
        "lead_f05": round(f_score(precision, recall, 0.5), 4),
        "false_lead_rate": round(sum(map(bool, without)) / max(1, len(without)), 4),
        **_intent_figures(gold, read),
    }


def f_score(precision: float, recall: float, beta: float) -> float:
    """F-measure; beta below 1 weighs precision more. 0 where both are 0."""
    square = beta * beta
    below = square * precision + recall
    return (1 + square) * precision * recall / below if below else 0.0


def _intent_figures(gold: Sequence[Labelled], read: Sequence[Sequence[TurnIntent]]) -> dict[str, float]:
    hit = found = wanted = right = 0
    for labelled, intents in zip(gold, read, strict=True):
        named, seen = dict(labelled.gold), dict(_pairs(intents))
        both = named.keys() & seen.keys()
        hit, found, wanted = hit + len(both), found + len(seen), wanted + len(named)
        right += sum((named[i] is Polarity.INTEREST) == (seen[i] is Polarity.INTEREST) for i in both)
    return {
        "intent_micro_f1": round(2 * hit / max(1, found + wanted), 4),
        "polarity_accuracy": round(right / max(1, hit), 4),
    }


def _pairs(intents: Sequence[TurnIntent]) -> tuple[tuple[str, Polarity], ...]:
    return tuple((i.intent, i.polarity) for i in intents)


def _wishes(pairs: Sequence[tuple[str, Polarity]], leads: Collection[str]) -> frozenset[str]:
    return frozenset(i for i, polarity in pairs if polarity is Polarity.INTEREST and i in leads)


def _item(line: str, n: int, taxonomy: Taxonomy) -> Labelled:
    try:
        raw: dict[str, Any] = json.loads(line)
        gold = tuple((str(i["id"]), Polarity(i["polarity"])) for i in raw["intents"] if i["id"] != NONE)
        item = Labelled(
            id=str(raw["id"]),
            utterance=utterance_of(raw["text"], raw.get("context", ())),
            gold=gold,
            split=str(raw.get("split", "train")),
            tags=tuple(raw.get("tags", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingDataError(f"Line {n} is no labelled utterance ({error!r:.120}): correct it.") from error
    unknown = [i for i, _ in gold if i not in taxonomy]
    if unknown:
        raise TrainingDataError(f"Line {n} names the intent {unknown[0]}, which the taxonomy lacks: correct it.")
    if item.split not in SPLITS:
        raise TrainingDataError(f"Line {n} names the split {item.split}: use one of {', '.join(SPLITS)}.")
    return item


def utterance_of(text: str, context: Sequence[dict[str, str]] = ()) -> Utterance:
    """An utterance from the file format's `text` and `context`. Raises KeyError, ValueError, TypeError."""
    before = tuple(
        Turn(index=i, speaker=Speaker(c["role"]), text=c["text"], start_s=0.0, end_s=0.0) for i, c in enumerate(context)
    )
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    return Utterance(text=text, context=before)
