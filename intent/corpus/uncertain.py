"""Which unlabelled lines to label next: where the classifier hesitates most, no two of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intent.call import LineReading, Polarity, TurnIntent
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import Utterance
from intent.corpus.lines import LineError, parse_lines
from intent.corpus.utterances import checked, utterance_of, whole_text
from intent.corpus.variety import NEAR
from intent.errors import TrainingDataError
from mandarin.likeness import near_duplicates

BLOCK = 256  # lines read at once, between two steps of the progress bar
Read = Callable[[Sequence[Utterance]], Sequence[LineReading]]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Unlabelled:
    """A line that nobody has labelled."""

    id: str
    utterance: Utterance


@dataclass(frozen=True, kw_only=True)
class Hesitation:
    """A line and what the classifier makes of it; `doubt` is 1 on a threshold and falls with the distance."""

    line: Unlabelled
    reading: LineReading
    doubt: float  # 0..1


def load_unlabelled(path: Path) -> tuple[Unlabelled, ...]:
    """Lines of JSON Lines of `{text, context, id}`, or of a plain text file; what is labelled already counts, too.

    Raises TrainingDataError naming file, line and remedy.
    """
    try:
        start = path.read_bytes()[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be read ({error.strerror}): correct the path.") from error
    lines = tuple(_json_lines(path) if start.startswith(b"{") else _plain_lines(path))
    if not lines:
        raise TrainingDataError(f"{path} holds no line: write what a client said, one utterance a line.")
    return lines


def hesitations(
    lines: Sequence[Unlabelled],
    read: Read,
    taxonomy: Taxonomy,
    *,
    progress: Progress = lambda done, of, note: None,
) -> tuple[Hesitation, ...]:
    """Lines in which something stands near a threshold, the nearest first; of lines alike the first alone."""
    found: list[LineReading] = []
    for start in range(0, len(lines), BLOCK):
        progress(start, len(lines), "")
        found += read([line.utterance for line in lines[start : start + BLOCK]])
    progress(len(lines), len(lines), "")
    least = _thresholds(found, taxonomy)
    ranked = sorted(
        (
            Hesitation(line=line, reading=reading, doubt=doubt)
            for line, reading in zip(lines, found, strict=True)
            if (doubt := _doubt(reading, least, taxonomy)) > 0
        ),
        key=lambda each: -each.doubt,
    )
    alike = near_duplicates([whole_text(each.line.utterance) for each in ranked], above=NEAR)
    return tuple(each for n, each in enumerate(ranked) if n not in alike)


def as_row(found: Hesitation) -> dict[str, Any]:
    """A line of the labelling format whose `intents` a person has to fill; the guess is read by nobody."""
    return {
        "id": found.line.id,
        "role": "client",
        "text": found.line.utterance.text,
        "context": [{"role": turn.speaker.value, "text": turn.text} for turn in found.line.utterance.context],
        "intents": [],
        "tags": [],
        "split": "train",
        "guess": [
            {"id": each.intent, "polarity": each.polarity.value, "confidence": each.confidence, "raised": raised}
            for each, raised in _seen(found.reading)
        ],
        "doubt": found.doubt,
    }


def _json_lines(path: Path) -> tuple[Unlabelled, ...]:
    parsed = parse_lines(path, lambda raw: (str(raw.get("id", "")), _said(raw)))
    if parsed.mistakes:
        raise TrainingDataError(f"{path}, {parsed.mistakes[0]}")
    return tuple(Unlabelled(id=id_ or f"{path.stem}-{n}", utterance=utterance) for n, (id_, utterance) in parsed.items)


def _said(raw: Mapping[str, Any]) -> Utterance:
    return checked(utterance_of(raw["text"], raw.get("context", ())))


def _plain_lines(path: Path) -> Iterator[Unlabelled]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainingDataError(f"{path}, byte {error.start + 1} is not UTF-8: save the file as UTF-8.") from error
    for n, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield Unlabelled(id=f"{path.stem}-{n}", utterance=checked(Utterance(text=line.strip())))
            except LineError as error:
                raise TrainingDataError(f"{path}, line {n}: {error}.") from error


def _thresholds(found: Sequence[LineReading], taxonomy: Taxonomy) -> dict[str, float]:
    """Where each kind of reading begins to be raised, as these lines show it: between what was raised and what not."""
    raised: dict[str, float] = {}
    doubted: dict[str, float] = {}
    for reading in found:
        for each, sure in _seen(reading):
            kind = _kind(each, taxonomy)
            if sure:
                raised[kind] = min(raised.get(kind, 1.0), each.confidence)
            else:
                doubted[kind] = max(doubted.get(kind, 0.0), each.confidence)
    kinds = raised.keys() | doubted.keys()
    return {kind: (raised.get(kind, 1.0) + doubted.get(kind, raised.get(kind, 1.0))) / 2 for kind in kinds}


def _doubt(reading: LineReading, least: Mapping[str, float], taxonomy: Taxonomy) -> float:
    """How near the nearest of the readings is to its threshold, over the room on its side of it."""
    near = [0.0]
    for each, _ in _seen(reading):
        at = least[_kind(each, taxonomy)]
        room = 1 - at if each.confidence >= at else at
        near.append(1 - abs(each.confidence - at) / room if room else 1.0)
    return round(max(near), 4)


def _seen(reading: LineReading) -> list[tuple[TurnIntent, bool]]:
    return [*((each, True) for each in reading.intents), *((each, False) for each in reading.unsure)]


def _kind(found: TurnIntent, taxonomy: Taxonomy) -> str:
    """What shares a threshold: leads, cases, the rest, and what is no wish."""
    if found.polarity is not Polarity.INTEREST:
        return "no wish"
    goes_to = taxonomy[found.intent].goes_to
    return goes_to if goes_to in ("lead", "case") else "service"
