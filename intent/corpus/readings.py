"""What a second reader, who saw the text alone, read in the same lines, and how far the two agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intent.classifier.taxonomy import Taxonomy
from intent.corpus.lines import LineError, Parsed, doubled_ids, parse_lines, shipped
from intent.corpus.utterances import Labels, labels_of

READINGS = "readings.jsonl"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One line read twice; `doubt` where the second reader thought that fair readers could differ."""

    id: str
    author: Labels
    reader: Labels
    doubt: bool = False

    @property
    def same(self) -> bool:
        return set(self.author) == set(self.reader)


@dataclass(frozen=True, kw_only=True)
class IntentAgreement:
    """How far two readers agree whether an intent is there."""

    intent: str
    n: int  # lines in which either names it
    kappa: float | None  # Cohen's; None where no line is left to chance


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The agreement of author and second reader over all lines that both read."""

    lines: int
    same: int  # read the same in full: intents and polarities
    doubted: int
    kappa: float | None  # of all decisions intent by intent, pooled
    intents: tuple[IntentAgreement, ...]
    polarity_n: int  # intents that both name
    polarity_same: int
    for_author: int  # disagreements settled as the author had it
    for_reader: int  # as the reader had it
    otherwise: int  # as neither had it

    @property
    def disagreements(self) -> int:
        return self.lines - self.same


def load_readings(taxonomy: Taxonomy, path: Path | None = None) -> tuple[Reading, ...]:
    """Read JSON Lines of `{id, author, reader, doubt}`, the shipped ones by default.

    None where nothing was read twice yet. Raises TrainingDataError naming file, line and remedy.
    """
    parsed = check_readings(taxonomy, path)
    return parsed.required() if parsed.items or parsed.mistakes else ()


def check_readings(taxonomy: Taxonomy, path: Path | None = None) -> Parsed[Reading]:
    """The good lines of such a file and every mistake. Raises TrainingDataError for a file that cannot be read."""
    parsed = parse_lines(path or shipped(READINGS), lambda raw: _reading(raw, taxonomy))
    return parsed.with_mistakes(doubled_ids([(n, reading.id) for n, reading in parsed.items]))


def agreement(readings: Iterable[Reading], settled: Mapping[str, Labels], intents: Sequence[str]) -> Agreement:
    """The agreement table; `settled` holds the labels that were kept, by id. Lines that it lacks are left out."""
    read = [reading for reading in readings if reading.id in settled]
    both = [
        (dict(r.author)[intent], dict(r.reader)[intent])
        for r in read
        for intent in {*dict(r.author)} & {*dict(r.reader)}
    ]
    kept = Counter(_kept(r, settled[r.id]) for r in read if not r.same)
    tables = {intent: _table(read, intent) for intent in intents}
    return Agreement(
        lines=len(read),
        same=sum(r.same for r in read),
        doubted=sum(r.doubt for r in read),
        kappa=_kappa([sum(column) for column in zip(*tables.values(), strict=True)]) if tables else None,
        intents=tuple(
            IntentAgreement(intent=intent, n=sum(table[:3]), kappa=_kappa(table)) for intent, table in tables.items()
        ),
        polarity_n=len(both),
        polarity_same=sum(a == b for a, b in both),
        for_author=kept["author"],
        for_reader=kept["reader"],
        otherwise=kept["neither"],
    )


def _reading(raw: Mapping[str, Any], taxonomy: Taxonomy) -> Reading:
    doubt = raw.get("doubt", False)
    if not isinstance(doubt, bool):
        raise LineError(f"doubt is {doubt!r:.20}", "write true or false")
    return Reading(
        id=str(raw["id"]),
        author=labels_of(raw["author"], taxonomy),
        reader=labels_of(raw["reader"], taxonomy),
        doubt=doubt,
    )


def _kept(reading: Reading, settled: Labels) -> str:
    if set(settled) == set(reading.author):
        return "author"
    return "reader" if set(settled) == set(reading.reader) else "neither"


def _table(read: Sequence[Reading], intent: str) -> list[int]:
    """Lines in which both name the intent, the author alone, the reader alone, neither."""
    counts = Counter((intent in dict(r.author), intent in dict(r.reader)) for r in read)
    return [counts[cell] for cell in ((True, True), (True, False), (False, True), (False, False))]


def _kappa(table: Sequence[int]) -> float | None:
    """Cohen's kappa of two readers on one yes-or-no question. Source: Cohen (1960)."""
    both, first, second, neither = table
    n = sum(table)
    if not n:
        return None
    expected = ((both + first) * (both + second) + (second + neither) * (first + neither)) / n**2
    return None if expected == 1 else round(((both + neither) / n - expected) / (1 - expected), 4)
