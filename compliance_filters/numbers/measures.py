"""Units beside those of money and time: of what is counted and weighed (18,250兆瓦), and those that stand once in
brackets for all numbers of a sentence (吞吐量（万标准箱）：临澳港1,208、青屿港986)."""

from __future__ import annotations

import re
from bisect import bisect_right

_NAMES = "瓦时|瓦|吨|辆|台|标准箱|标箱|箱|桶|平方米|公里|度|颗|头|架|艘|片"
_BEHIND = re.compile(rf"\s?(?P<unit>[万亿千兆吉太]{{0,2}}(?:{_NAMES}))(?![\u4e00-\u9fff]?[上下内外])")
_LENT = re.compile(
    rf"[(（]\s?(?:单位[:：]\s?)?(?P<unit>(?:百万|千万|[万亿千兆吉太]{{0,2}})(?:{_NAMES}|元|港元|美元|欧元|份|户|股|人|张|手|只)|[%％])\s?[)）]"
)
_ENDS = re.compile("[。！？!?\n]")


class Measures:
    """The units of one text that stand behind numbers, or in brackets before them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lent = [(m.end(), m["unit"]) for m in _LENT.finditer(text)] if "(" in text or "（" in text else []
        self._starts = [start for start, _ in self._lent]

    def of(self, start: int, end: int) -> str:
        """The unit of a number that has none of its own in `start`..`end`; "" where none is given."""
        behind = _BEHIND.match(self._text, end)
        if behind:
            return behind["unit"]
        at = bisect_right(self._starts, start) - 1
        if at < 0 or _ENDS.search(self._text, self._lent[at][0], start):
            return ""
        return self._lent[at][1]
