"""Words in clauses: which cues stand, which are denied, and what is no more than hearing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from intent.inspection.data_file import read_data

# A full stop between digits is a decimal point and ends nothing.
_BREAK = re.compile(r"[，,。！!？?；;：:、\s…—~～“”\"]+|(?<!\d)\.|\.(?!\d)")
_SOUNDLESS = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Backchannels and words of denial; `reach` in characters."""

    backchannels: frozenset[str]
    negators: re.Pattern[str]
    harmless: re.Pattern[str]
    reach: int

    def is_backchannel(self, text: str) -> bool:
        """Whether a turn holds nothing but words of hearing (嗯, 好的); so does a turn without any word."""
        return all(clause in self.backchannels for clause in (spoken(c) for c in clauses(text)) if clause)

    def stands(self, text: str, start: int) -> bool:
        """Whether what begins at `start` is not denied in its clause: an even number of denials before it."""
        breaks = [found.end() for found in _BREAK.finditer(text, 0, start)]
        before = self.harmless.sub("", text[breaks[-1] if breaks else 0 : start])
        return len(self.negators.findall(before[-self.reach :])) % 2 == 0

    def find(self, text: str, patterns: Iterable[re.Pattern[str]]) -> re.Match[str] | None:
        """The first match that stands, of the first pattern that has one."""
        return next((m for p in patterns for m in p.finditer(text) if self.stands(text, m.start())), None)


@cache
def load_wording() -> Wording:
    """The words shipped. Raises InspectionDataError."""
    data = read_data("wording.yaml", ("version", "backchannels", "negators", "reach", "harmless"))
    return Wording(
        backchannels=frozenset(data.words("backchannels", required=True)),
        negators=_any_of(data.words("negators", required=True)),
        harmless=_any_of(data.words("harmless", required=True)),
        reach=int(data.number("reach", low=1, high=40)),
    )


def clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text without their punctuation."""
    return tuple(clause for clause in _BREAK.split(text) if clause)


def spoken(text: str) -> str:
    """The characters that are heard: letters, digits and Han characters, no punctuation and no space."""
    return _SOUNDLESS.sub("", text)


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
