"""Labelled utterances: the file format, its checks, and the project's own set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from intent.call import Polarity, Speaker, Turn
from intent.classifier.taxonomy import NONE, Taxonomy
from intent.classifier.utterance import LONGEST_TEXT, Utterance
from intent.corpus.lines import LineError, Mistake, Parsed, doubled_ids, parse_lines, refuse_misspelt, shipped

SPLITS = ("train", "calibration", "dev", "test")
UTTERANCES = "utterances.jsonl"
REVIEW = "review"  # true where a person must read the line before it may be used
WHY = "why"  # a person had to read the line
REVIEWED_BY = "reviewed_by"  # user id of who did
BELIEVED = "believed"  # how far the labels are believed, where no person gave them
FIELDS = ("id", "role", "text", "context", "intents", "tags", "split", "batch", REVIEWED_BY, BELIEVED)
_UNSAID = re.compile(r"[\W_]+")  # spaces and marks, which nobody says
Labels = tuple[tuple[str, Polarity], ...]  # empty where a line holds no intent


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One utterance with what a person read in it; `gold` is empty where there is no intent."""

    id: str
    utterance: Utterance
    gold: Labels
    split: str = "train"
    tags: tuple[str, ...] = ()
    batch: str = ""  # of one author, in voices of its own
    reviewed_by: str = ""  # user id of who read what staff had found wrong; empty where nobody had to
    believed: float = 1.0  # weight in training, (0, 1]; below 1 a chat model gave the labels


@dataclass(frozen=True, kw_only=True)
class LabelledSet:
    """Labelled utterances and the hash of their file."""

    items: tuple[Labelled, ...]
    digest: str

    def of(self, *splits: str) -> tuple[Labelled, ...]:
        return tuple(item for item in self.items if item.split in splits)

    def with_lines(self, more: Sequence[Labelled]) -> LabelledSet:
        """The same with lines of another set; the hash is of both."""
        ids = "\n".join(item.id for item in more)
        return LabelledSet(items=(*self.items, *more), digest=sha256(f"{self.digest}\n{ids}".encode()).hexdigest())


def load_labelled(taxonomy: Taxonomy, path: Path | None = None) -> LabelledSet:
    """Read JSON Lines of `{id, role, text, context, intents, tags, split, batch}`, the shipped ones by default.

    Raises TrainingDataError naming file, line and remedy.
    """
    parsed = check_labelled(taxonomy, path)
    return LabelledSet(items=parsed.required(), digest=parsed.digest)


def check_labelled(taxonomy: Taxonomy, path: Path | None = None) -> Parsed[Labelled]:
    """The good lines of such a file and every mistake. Raises TrainingDataError for a file that cannot be read."""
    parsed = parse_lines(path or shipped(UTTERANCES), lambda raw: labelled_of(raw, taxonomy))
    ids = doubled_ids([(n, item.id) for n, item in parsed.items])
    return parsed.with_mistakes([*ids, *_contradictions(parsed.items)])


def labelled_of(raw: Mapping[str, Any], taxonomy: Taxonomy) -> Labelled:
    """One object of the format. Raises LineError, KeyError, TypeError, ValueError."""
    refuse_misspelt(raw, FIELDS)
    if raw.get(REVIEW):
        raise LineError("the line waits for a person", f"read it, fill intents and {REVIEWED_BY}, and remove {REVIEW}")
    reviewed_by = str(raw.get(REVIEWED_BY) or "").strip()
    if raw.get(WHY) and "disposition" in raw.get("tags", ()) and not reviewed_by:
        raise LineError("nobody says who read the line", f"write the user id into {REVIEWED_BY}")
    if raw.get("role", "client") != "client":
        raise LineError(f"the line is of the role {raw['role']}", "only lines of clients are labelled, remove it")
    split = str(raw.get("split", "train"))
    if split not in SPLITS:
        raise LineError(f"there is no split {split}", f"use one of {', '.join(SPLITS)}")
    believed = float(raw.get(BELIEVED, 1.0))
    if not 0 < believed <= 1:
        raise LineError(f"{BELIEVED} is {believed:g}", "write a share above 0 and up to 1, or leave it out")
    if believed < 1 and split != "train":
        raise LineError(
            f"{BELIEVED} stands in the split {split}", "measure with lines of people, and teach with it (train)"
        )
    return Labelled(
        id=_id(raw),
        utterance=checked(utterance_of(raw["text"], raw.get("context", ()))),
        gold=labels_of(raw["intents"], taxonomy),
        split=split,
        tags=tuple(str(tag) for tag in raw.get("tags", ())),
        batch=str(raw.get("batch", "")),
        reviewed_by=reviewed_by,
        believed=believed,
    )


def labels_of(raw: Any, taxonomy: Taxonomy) -> Labels:
    """Intents with polarity; `none` alone is no label at all. Raises LineError, KeyError, TypeError."""
    if not isinstance(raw, list) or not all(isinstance(label, Mapping) for label in raw):
        raise LineError("intents is no list of objects", 'write [{"id": "fund.buy", "polarity": "interest"}]')
    labels = tuple((str(i["id"]), _polarity(i.get("polarity", "interest"))) for i in raw)
    if not labels:
        raise LineError("intents is empty", f"a line without an intent carries {NONE}")
    ids = [id_ for id_, _ in labels]
    unknown = [id_ for id_ in ids if id_ not in taxonomy]
    if unknown:
        raise LineError(f"the taxonomy has no intent {unknown[0]}", "correct the id, or load its taxonomy")
    twice = [id_ for n, id_ in enumerate(ids) if id_ in ids[:n]]
    if twice:
        raise LineError(f"the intent {twice[0]} stands twice", "keep the polarity that stands at the line's end")
    if NONE in ids and len(ids) > 1:
        raise LineError(f"{NONE} stands beside {next(i for i in ids if i != NONE)}", f"{NONE} stands alone")
    return tuple(label for label in labels if label[0] != NONE)


def utterance_of(text: str, context: Any = ()) -> Utterance:
    """An utterance from the file format's `text` and `context`, a list of objects with `role` and `text`.

    Raises LineError, KeyError, ValueError, TypeError.
    """
    if not isinstance(context, list | tuple) or not all(isinstance(turn, Mapping) for turn in context):
        raise LineError("context is no list of objects", 'write [{"role": "advisor", "text": "..."}]')
    unknown = [c["role"] for c in context if c["role"] not in {*Speaker}]
    if unknown:
        raise LineError(f"there is no role {unknown[0]}", f"use one of {', '.join(Speaker)}")
    before = tuple(
        Turn(index=i, speaker=Speaker(c["role"]), text=c["text"], start_s=0.0, end_s=0.0) for i, c in enumerate(context)
    )
    if not all(isinstance(said, str) for said in (text, *(turn.text for turn in before))):
        raise TypeError("text is not a string")
    return Utterance(text=text, context=before)


def as_json(item: Labelled) -> dict[str, Any]:
    """The line of the file format."""
    reviewed = {REVIEWED_BY: item.reviewed_by} if item.reviewed_by else {}
    taught = {BELIEVED: item.believed} if item.believed < 1 else {}
    return {
        "id": item.id,
        "role": "client",
        "text": item.utterance.text,
        "context": [{"role": turn.speaker.value, "text": turn.text} for turn in item.utterance.context],
        "intents": labels_json(item.gold),
        "tags": list(item.tags),
        "split": item.split,
        "batch": item.batch,
        **reviewed,
        **taught,
    }


def labels_json(labels: Labels) -> list[dict[str, str]]:
    """Labels as the file format has them; no label is `none`."""
    return [{"id": id_, "polarity": polarity.value} for id_, polarity in labels or ((NONE, Polarity.INTEREST),)]


def whole_text(utterance: Utterance) -> str:
    """What was said before and the line itself, one turn a line: two alike here are alike altogether."""
    return "\n".join([*(turn.text for turn in utterance.context), utterance.text])


def _id(raw: Mapping[str, Any]) -> str:
    id_ = str(raw["id"])
    if not id_.strip():
        raise LineError("the id is empty", "give each line an id of its own")
    return id_


def _polarity(word: str) -> Polarity:
    try:
        return Polarity(word)
    except ValueError:
        raise LineError(f"there is no polarity {word}", f"use one of {', '.join(Polarity)}") from None


def checked(utterance: Utterance) -> Utterance:
    """The same utterance. Raises LineError for one that nobody can read."""
    if not utterance.text.strip():
        raise LineError("the text is empty", "write what was said, or remove the line")
    if len(utterance.text) > LONGEST_TEXT:
        raise LineError(
            f"the text has {len(utterance.text)} characters", f"{LONGEST_TEXT} are read at most, split the turn"
        )
    return utterance


def _contradictions(items: Sequence[tuple[int, Labelled]]) -> Iterator[Mistake]:
    """The same words after the same turns, read in two ways; spaces and marks make no other words."""
    first: dict[tuple[tuple[str, str], ...], tuple[int, frozenset[tuple[str, Polarity]]]] = {}
    for n, item in items:
        line, labels = first.setdefault(_said(item.utterance), (n, frozenset(item.gold)))
        if labels != frozenset(item.gold):
            yield Mistake(
                line=n, what=f"the same words are labelled otherwise in line {line}", remedy="keep the right one"
            )


def _said(utterance: Utterance) -> tuple[tuple[str, str], ...]:
    """Who said what, without spaces and marks; a line of marks alone stays as it is."""
    turns = [*((turn.speaker.value, turn.text) for turn in utterance.context), ("client", utterance.text)]
    bare = ((speaker, unicodedata.normalize("NFKC", text).casefold()) for speaker, text in turns)
    return tuple((speaker, _UNSAID.sub("", text) or text) for speaker, text in bare)
