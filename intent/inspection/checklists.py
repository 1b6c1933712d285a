"""Checklists by type of call: what has to be said and answered, as data that a firm may replace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from intent.call import Speaker, Turn
from intent.errors import InspectionDataError
from intent.inspection.data_file import Entry, read_data
from intent.inspection.result import UNKNOWN
from intent.inspection.wording import Wording

EXPECTATIONS = ("affirm", "consent", "deny")
_ITEM = ("id", "zh", "weight", "critical", "said", "before", "when", "answer", "source")


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that has to be said, and perhaps answered."""

    id: str
    zh: str
    weight: float  # points of 100
    critical: bool
    said: tuple[tuple[re.Pattern[str], ...], ...]  # alternatives; all patterns of one must be found
    before: tuple[str, ...]  # items that must not come first
    when: tuple[re.Pattern[str], ...]  # applies where one is said by anybody; always where empty
    answer: str | None  # affirm | consent | deny
    source: str  # the regulation; empty where it is good practice


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """One type of call."""

    id: str
    zh: str
    cues: tuple[tuple[re.Pattern[str], float], ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class Checklists:
    """All types of call that have a checklist."""

    version: str
    least: float  # cue weights from which a type is taken
    types: tuple[Checklist, ...]

    def __contains__(self, call_type: str) -> bool:
        return any(each.id == call_type for each in self.types)

    def of(self, call_type: str) -> Checklist | None:
        return next((each for each in self.types if each.id == call_type), None)

    def require(self, call_type: str) -> str:
        """The type itself. Raises InspectionDataError for one without a checklist."""
        if call_type not in self:
            known = ", ".join(each.id for each in self.types)
            raise InspectionDataError(f"There is no checklist for the call type {call_type}: use one of {known}.")
        return call_type

    def detect(self, turns: Sequence[Turn], wording: Wording) -> str:
        """The type that the advisor's words tell; `unknown` where their cues weigh less than `least`."""
        said = [turn.text for turn in turns if turn.speaker is Speaker.ADVISOR]
        sums = {each.id: _weight(each, said, wording) for each in self.types}
        best = max(sums, key=lambda name: sums[name])
        return best if sums[best] >= self.least else UNKNOWN


def load_checklists(path: Path | None = None) -> Checklists:
    """The checklists of a file, those shipped by default. Raises InspectionDataError naming entry and remedy."""
    data = read_data("checklists.yaml", ("version", "least", "types"), path)
    types = tuple(_checklist(entry) for entry in data.entries("types", ("id", "zh", "cues", "items")))
    _no_twins([each.id for each in types], data)
    return Checklists(version=data.text("version"), least=data.number("least", low=0.1), types=types)


def _checklist(entry: Entry) -> Checklist:
    items = tuple(_item(each) for each in entry.entries("items", _ITEM))
    ids = [item.id for item in items]
    _no_twins(ids, entry)
    for item in items:
        lost = [name for name in item.before if name not in ids or name == item.id]
        if lost:
            raise entry.error(f"puts {item.id} before {lost[0]}", "name another item of the same type")
    if entry.text("id") == UNKNOWN:
        raise entry.error(f"is called {UNKNOWN}", "that word stands for no type, use another id")
    cues = entry.entries("cues", ("pattern", "weight")) if "cues" in entry else []
    return Checklist(
        id=entry.text("id"),
        zh=entry.text("zh"),
        cues=tuple((cue.compiled(cue.text("pattern")), cue.number("weight")) for cue in cues),
        items=items,
    )


def _item(entry: Entry) -> Item:
    return Item(
        id=entry.text("id"),
        zh=entry.text("zh"),
        weight=entry.number("weight", low=0.0, high=100.0),
        critical=entry.flag("critical"),
        said=entry.alternatives("said"),
        before=entry.words("before"),
        when=entry.patterns("when"),
        answer=entry.text("answer", among=EXPECTATIONS) if "answer" in entry else None,
        source=entry.text("source", ""),
    )


def _weight(checklist: Checklist, said: Sequence[str], wording: Wording) -> float:
    return sum(weight for pattern, weight in checklist.cues if any(wording.find(text, (pattern,)) for text in said))


def _no_twins(ids: Sequence[str], entry: Entry) -> None:
    twice = next((name for n, name in enumerate(ids) if name in ids[:n]), None)
    if twice:
        raise entry.error(f"has the id {twice} twice", "rename one")
