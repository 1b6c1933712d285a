"""Names of funds that nobody told us of and that stand in no quotation marks: 建议您买入云岭成长混合A.

What is found is a guess by a name's shape, so that whoever asks may doubt and must not decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any

import yaml

from knowledge_base.abbreviations import brand_at, brands

Span = tuple[int, int]
_SHORTEST, _LONGEST_HOUSE, _LONGEST = 2, 4, 8  # characters of a house; of a brand with what no list knows behind it
_FORMS = ("forms", "kinds", "nouns")
_HAN = re.compile("[\u4e00-\u9fff]")
_REACH = 24  # characters of words of names that are read before a form
_THEMES = 4  # characters of them that make a name without a form
_CLASS = r"(?:[A-EHIRY]类?(?![A-Za-z0-9])|[A-E]类?份额)"
_NUMBERED = "(?<!月)(?<!月[二三十廿])(?<!月[二三]十)[一二三四五六七八九十1-9]号"  # no day of a month
_END = re.compile(rf"(?<=[\u4e00-\u9fff\d])(?:{_CLASS})?(?![\u4e00-\u9fffA-Za-z0-9])")


class StrangerReader:
    """Finds what is built like the name of a fund: house, words of many names, form, class."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        groups = "|".join(f"(?P<{name}>{_any(words[name])})" for name in _FORMS)
        behind = r"(?:基金)?(?:\((?:QDII|LOF|FOF)[^()]{0,6}\))?"
        self._form = re.compile(rf"(?:{groups}|{_NUMBERED}){behind}(?P<share>{_CLASS})?")
        self._themes = frozenset(word for name in ("themes", *_FORMS) for word in words[name])
        self._sizes = sorted({len(theme) for theme in self._themes}, reverse=True)
        self._before = tuple(word for word in words["before"] if len(word) > 1)
        self._bought = tuple(words["bought"])
        self._begins = frozenset(word for word in words["before"] if len(word) == 1)

    def __call__(self, text: str) -> Iterator[Span]:
        """Start and end of each name in a normalised text; a form within a longer name is none of its own."""
        forms = list(self._form.finditer(text))
        ends = {form.end() for form in forms}
        for form, behind in zip_longest(forms, forms[1:]):
            if behind is not None and behind.start() == form.end():
                continue
            themed = self._themed(text, form.start())
            bare_noun = form["nouns"] and not form["share"] and themed == form.start()
            start = themed if bare_noun else self._house(text, themed)
            if start < themed:
                yield start, form.end()
        for end in _END.finditer(text):  # 申购恒岳价值精选A: a name without a form
            themed = self._themed(text, end.start())
            if end.end() in ends or end.start() - themed < _THEMES:
                continue
            start = self._house(text, themed)
            if start < themed and text.endswith(self._bought, 0, start):
                yield start, end.end()

    def _house(self, text: str, end: int) -> int:
        """Where the house begins that ends here; `end` where none does."""
        if text.endswith(brands(), 0, end):
            return end - max(len(brand) for brand in brands() if text.endswith(brand, 0, end))
        start = self._run(text, end)
        house = text[start:end]
        branded = _LONGEST_HOUSE < len(house) <= _LONGEST and brand_at(house)
        named = _SHORTEST <= len(house) <= _LONGEST_HOUSE
        return start if branded or named else end

    def _themed(self, text: str, end: int) -> int:
        """Where the words of many names begin that end here, and the figures among them (沪深300)."""
        least = end - _REACH
        while end > max(0, least):
            size = next((size for size in self._sizes if size <= end and text[end - size : end] in self._themes), 0)
            if not (size or text[end - 1].isdigit()):
                break
            end -= size or 1
        return end

    def _run(self, text: str, end: int) -> int:
        """Where what ends here begins: behind a mark, or behind a word that stands before names."""
        at = end
        while at and end - at <= _LONGEST and _HAN.match(text[at - 1]) and not self._begins_behind(text, at):
            at -= 1
        if end - at == 1 and at and text[at - 1] in self._begins and self._is_apart(text, at - 1):
            at -= 1  # 考虑和泽医疗混合
        return at

    def _begins_behind(self, text: str, at: int) -> bool:
        return text[at - 1] in self._begins or self._stands_before(text, at)

    def _stands_before(self, text: str, at: int) -> bool:
        return text.endswith(self._before, 0, at)

    def _is_apart(self, text: str, at: int) -> bool:
        return at == 0 or not _HAN.match(text[at - 1]) or self._stands_before(text, at)


@cache
def stranger_reader() -> StrangerReader:
    """The reader by the shipped words (strangers.yaml)."""
    words: dict[str, Any] = yaml.safe_load(files("compliance_filters").joinpath("strangers.yaml").read_text("utf-8"))
    return StrangerReader(words)


def _any(words: Sequence[str]) -> str:
    """A pattern of any of the words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
