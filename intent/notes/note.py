"""What a call note holds. Every entry carries the turns it was read in: index, words and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from intent.call import Evidence


@dataclass(frozen=True, kw_only=True)
class Due:
    """By when something was promised, in the words that were used."""

    at: datetime  # aware, China time; the end of the day or of the part of the day where no clock time was said
    precision: str  # minute | part | day
    said: str


@dataclass(frozen=True, kw_only=True)
class Promise:
    """Something a speaker said they would do after the call."""

    act: str  # id of an act in cues.yaml, e.g. send, call, apply
    what: str  # the clause in which it was said, or in which the client asked for it
    asked: bool = False  # `what` are the client's words, to which the advisor agreed
    due: Due | None  # None where no time was said, or none that can be settled
    evidence: tuple[Evidence, ...]  # the turn that promises first, then those that ask, accept or set the time


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one turn of the client states of sums, shares, counts, days, products or the account."""

    kinds: tuple[str, ...]  # amount | share | count | date | code | product | account
    text: str  # the turn from its first to its last clause that states one of them
    values: tuple[str, ...]  # the numbers in digits, the days as YYYY-MM-DD, the products as named
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One line of the note that is neither fact nor promise."""

    text: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True)
class CallNote:
    """The note of one call. Entries are extractive; `text` is what people read."""

    purpose: tuple[Point, ...] = ()
    facts: tuple[Fact, ...] = ()
    promised: tuple[Promise, ...] = ()  # by the advisor, or by others of the firm through the advisor's mouth
    client_promised: tuple[Promise, ...] = ()
    next_steps: tuple[Point, ...] = ()
    text: str = field(default="")
    by: str = "extractive"  # or the name of the chat model that worded `text`
    prompt: str | None = None  # SHA-256 of its prompt


def note_json(note: CallNote) -> dict[str, Any]:
    """The note as JSON, without its text; times in ISO 8601."""
    whole = asdict(note)
    del whole["text"]
    plain: dict[str, Any] = _plain(whole)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value
