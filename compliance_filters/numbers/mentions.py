"""Words of a text that say what a figure is of: attributes by class, products by name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import ahocorasick

RELATION = "relation"  # 跑赢基准 compares with the benchmark and is no figure of it
RETURN, ANNUAL, BENCHMARK, EXCESS, MOVE = "return", "annual", "benchmark", "excess", "move"
NAV, TOTAL_NAV = "nav", "total_nav"
_COMPARES = re.compile("(?:跑赢|跑输|超越|战胜|落后|领先)(?:了|过|于|其|它的|同期|该|业绩){1,3}$")
_COMPARE_REACH = 8


class Mention(NamedTuple):
    """A word of a text that says what a figure is of."""

    start: int
    end: int
    value: Any


def _compared(text: str, start: int, end: int, name: str) -> str:
    """跑输了同期基准 compares, as 跑输基准 does; 超越基准收益率4.02% names the benchmark's."""
    if name == BENCHMARK and text[end - 1] != "率" and _COMPARES.search(text, max(0, start - _COMPARE_REACH), start):
        return RELATION
    return name


class AttributeWords:
    """The words for attributes (净值增长率, 管理费), longest first, each with its class."""

    def __init__(self, classes: Mapping[str, Iterable[str]]) -> None:
        self._automaton = ahocorasick.Automaton()
        for name, words in classes.items():
            for word in words:
                self._automaton.add_word(str(word), (len(str(word)), name))
        self._automaton.make_automaton()

    def mentions(self, text: str) -> list[Mention]:
        """Every attribute word in order, the longest at each place."""
        return [
            Mention(last + 1 - length, last + 1, _compared(text, last + 1 - length, last + 1, name))
            for last, (length, name) in self._automaton.iter_long(text)
        ]

    def of_name(self, name: str) -> str | None:
        """The class of a fact's or a column's name; None where no word is known."""
        return combined([mention.value for mention in self.mentions(name)])


def mention_finder(names: Mapping[str, str]) -> Callable[[str], list[Mention]]:
    """Finds names in a text, the longest at each place, each with what it stands for."""
    if not names:
        return lambda _text: []
    automaton = ahocorasick.Automaton()
    for word, value in names.items():
        automaton.add_word(word, (len(word), value))
    automaton.make_automaton()
    return lambda text: [
        Mention(last + 1 - length, last + 1, value) for last, (length, value) in automaton.iter_long(text)
    ]


def combined(values: Sequence[str]) -> str | None:
    """The class of a run of attribute words: what 基准 stands before is the benchmark's, 上涨 alone says little."""
    if not values:
        return None
    values = [value for value in values if value != RELATION]
    if not values:
        return None
    if EXCESS in values:
        return EXCESS
    telling = [value for value in values if value != MOVE] or [MOVE]
    last = telling[-1]
    if values[-1] == MOVE and last in (NAV, TOTAL_NAV):
        return RETURN  # 净值上涨
    if BENCHMARK not in telling[:-1] or last == BENCHMARK:
        return last
    return BENCHMARK if last in (RETURN, MOVE) else f"{BENCHMARK}:{last}"


def digits_in_names(text: str, names: Sequence[Mention]) -> list[tuple[int, int]]:
    """Places of names that hold digits (云岭300增强): these are no numbers of the text."""
    return [(m.start, m.end) for m in names if any(char.isdigit() for char in text[m.start : m.end])]


def outside_names(mentions: list[Mention], names: Sequence[Mention]) -> list[Mention]:
    """Words that do not stand within a name: the 沪深300指数 of a fund's name is no benchmark."""
    if not names:
        return mentions
    starts = [name.start for name in names]

    def inside(mention: Mention) -> bool:
        before = bisect_right(starts, mention.start) - 1
        return before >= 0 and mention.end <= names[before].end

    return [mention for mention in mentions if not inside(mention)]
