"""Words beside a number that tell what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CLAUSE_END = re.compile(r"[，。！？；,!?; ]")
NEAR_CHARS = 10  # before and behind a number
CLAUSE_CHARS = 80  # as far as a clause is looked for
TOLD_CHARS = 40  # before a number, clauses before its own among them
SIDES = ("before", "after", "around", "clause", "told")


@dataclass(frozen=True, kw_only=True)
class Near:
    """What stands around a number."""

    before: str
    after: str
    clause: str  # up to the number
    told: str  # up to the number, clauses before its own among it

    @property
    def around(self) -> str:
        """Both sides, # for the number."""
        return f"{self.before}#{self.after}"

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Near:
        """The surroundings of `text[start:end]`."""
        return cls(
            before=text[max(0, start - NEAR_CHARS) : start],
            after=text[end : end + NEAR_CHARS],
            clause=CLAUSE_END.split(text[max(0, start - CLAUSE_CHARS) : start])[-1],
            told=text[max(0, start - TOLD_CHARS) : start],
        )


@dataclass(frozen=True, kw_only=True)
class Clue:
    """Words at one side of a number or another, and what they weigh, in general and for single intents."""

    weight: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, re.Pattern[str]]  # by side

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Clue:
        """From data: lists of patterns by side, `weight`, and `for` with weights by intent."""
        words = {side: re.compile("|".join(raw[side])) for side in SIDES if side in raw}
        return cls(weight=raw.get("weight", 0.0), weights=raw.get("for", {}), words=words)

    def holds(self, near: Near) -> bool:
        """Whether the words stand on one of their sides."""
        return any(pattern.search(getattr(near, side)) for side, pattern in self.words.items())

    def weight_for(self, intent: str) -> float:
        """What the words weigh for a sum of `intent`."""
        return self.weights.get(intent, self.weight)
