"""Topics that reports tell in sections of their own: how people ask for them, and where they stand (topics.yaml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic; see the head of topics.yaml for the fields."""

    name: str
    asks: tuple[re.Pattern[str], ...]
    headings: tuple[re.Pattern[str], ...]
    says: tuple[re.Pattern[str], ...] = ()
    without: tuple[re.Pattern[str], ...] = ()
    must: bool = False
    ahead: bool = False
    timeless: bool = False
    closed: bool = False
    most: int = 3

    @property
    def search_text(self) -> str:
        """The words of its headings, to be searched for."""
        return " ".join(re.sub(r"[^\u4e00-\u9fff]+", " ", pattern.pattern) for pattern in self.headings)

    def left_of(self, text: str) -> str | None:
        """What a question says beside the topic; None where it does not ask for it."""
        if any(pattern.search(text) for pattern in self.without):
            return None
        rest = text
        for pattern in self.asks:
            rest = pattern.sub(lambda found: f" {' '.join(filter(None, found.groups()))} ", rest)
        return rest if rest != text else None


def topics_asked(text: str) -> Sequence[Topic]:
    """The topics that a question (without names and periods) may ask for, the most particular first."""
    return [topic for topic in topics() if topic.left_of(text) is not None]


@cache
def topics() -> tuple[Topic, ...]:
    """All topics in the order in which they are tried."""
    raw = yaml.safe_load(files("rag").joinpath("topics.yaml").read_text(encoding="utf-8"))
    return tuple(_topic(fields) for fields in raw)


def _topic(fields: dict[str, object]) -> Topic:
    lists = {"asks": "asks", "not": "without", "headings": "headings", "says": "says"}
    patterns = {field: tuple(map(re.compile, fields.get(name, ()))) for name, field in lists.items()}  # type: ignore[call-overload]
    plain = {name: value for name, value in fields.items() if name not in lists}
    return Topic(**patterns, **plain)  # type: ignore[arg-type]
