"""The authored sentences that the semantic rules learn from, and their splits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from compliance_filters.errors import SemanticDataError
from models.tuning_run import Examples

SHIPPED = Path(__file__).parent / "data" / "sentences.jsonl"
SPLITS = ("train", "calibration", "spoken", "development")  # spoken: turns of whole calls, as rarely wrong as those are


@dataclass(frozen=True, kw_only=True)
class LabelledSentence:
    """One text with the rules it breaks; compliant where there are none."""

    id: str
    text: str
    target: str
    rules: tuple[str, ...]
    topic: str  # the rule it breaks or is the compliant twin of; "general" for ordinary talk
    split: str
    batch: str  # the author; splits go by author, never at random
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SentenceSet:
    """Labelled sentences and the hash of their file."""

    items: tuple[LabelledSentence, ...]
    digest: str

    def of(self, split: str) -> tuple[LabelledSentence, ...]:
        return tuple(item for item in self.items if item.split == split)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every rule that a sentence breaks, in order of name."""
        return tuple(sorted({rule for item in self.items for rule in item.rules}))


def load_sentences(path: Path = SHIPPED, *, known: Iterable[str] | None = None) -> SentenceSet:
    """Read JSON Lines of `{id, text, target, rules, topic, split, batch, tags}`.

    Raises SemanticDataError naming the line, also for a rule outside `known`.
    """
    try:
        data = path.read_bytes()
        lines = data.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SemanticDataError(
            f"{path} cannot be read as UTF-8 text ({error}): correct the path or the file."
        ) from error
    rules = None if known is None else frozenset(known)
    items = tuple(_item(line, n, rules) for n, line in enumerate(lines, start=1) if line.strip())
    if not items:
        raise SemanticDataError(f"{path} holds no line: give labelled sentences, one JSON object a line.")
    return SentenceSet(items=items, digest=sha256(data).hexdigest())


def load_all(paths: Iterable[Path], *, known: Iterable[str] | None = None) -> SentenceSet:
    """Several files as one set; see `load_sentences`."""
    sets = [load_sentences(path, known=known) for path in paths]
    digest = sha256("".join(each.digest for each in sets).encode()).hexdigest()
    return SentenceSet(items=tuple(item for each in sets for item in each.items), digest=digest)


def examples(items: Sequence[LabelledSentence], labels: Sequence[str], texts: Sequence[str]) -> Examples:
    """Texts (normalised by the caller, in the order of `items`) with their targets, shape (items, labels)."""
    columns = {label: column for column, label in enumerate(labels)}
    targets = np.zeros((len(items), len(labels)), np.float32)
    for row, item in enumerate(items):
        for rule in item.rules:
            targets[row, columns[rule]] = 1.0
    return Examples(texts=tuple(texts), targets=targets)


def _item(line: str, n: int, known: frozenset[str] | None) -> LabelledSentence:
    try:
        raw: dict[str, Any] = json.loads(line)
        item = LabelledSentence(
            id=str(raw["id"]),
            text=str(raw["text"]),
            target=str(raw["target"]),
            rules=tuple(map(str, raw["rules"])),
            topic=str(raw.get("topic", "general")),
            split=str(raw["split"]),
            batch=str(raw["batch"]),
            tags=tuple(raw.get("tags", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SemanticDataError(f"Line {n} is no labelled sentence ({error!r:.120}): correct it.") from error
    if item.split not in SPLITS:
        raise SemanticDataError(f"Line {n} names the split {item.split}: use one of {', '.join(SPLITS)}.")
    unknown = [rule for rule in item.rules if known is not None and rule not in known]
    if unknown:
        raise SemanticDataError(f"Line {n} names the rule {unknown[0]}, which the rule pack lacks: correct it.")
    return item
