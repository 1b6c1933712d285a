"""A text read for its figures: each with the attribute, period and entity that its own words give it.

The nearest words win: those between the figure and the one before it in the same clause, then those of the
sentence, then what an enumeration (近一年、近三年分别为3%、9%) or the heading of a table's column gives.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from compliance_filters.numbers.figures import Figure
from compliance_filters.numbers.marked import MarkedText
from compliance_filters.numbers.mentions import (
    BENCHMARK,
    MOVE,
    NAV,
    RETURN,
    AttributeWords,
    Mention,
    combined,
)
from compliance_filters.numbers.periods import Period, periods_in
from compliance_filters.numbers.readings import Reading, one_a_kind, years_of

_IN_ORDER = re.compile("分别|依次|各")
_OPENS, _CLOSES = ("(", "（"), (")", "）")
_FILLERS = " 　，,；;：:为是达到约近超过于的至分别依次同期而则也又有、和与及（()）"
_LOOK_BACK = 12  # figures
_COMPARED = frozenset("较比由从于")  # 较二季度末的66.8%: what follows is of no such period
# 5.13%的净值增长率, 0.40%/年计提销售服务费
_FOLLOWS = re.compile(r"(?:/|每)?年?(?:的[正负]?|计提的?|收取的?|支付的?)?")
# 由30.5亿元升至: of before the period that is spoken of
FORMER = re.compile(
    r"(?:由|从|自|原|此前|之前|原来|年初|期初|上年末|去年末|上季度?末|上个?月末|上年|上月|(?:上年|去年)同期)的?(?:每年)?约?[为是]?$"
)


class Page(MarkedText):
    """The figures of a text with their readings, made when asked for."""

    def __init__(self, text: str, words: AttributeWords, names: Sequence[Mention] = ()) -> None:
        """See MarkedText."""
        super().__init__(text, words, names)
        self._readings: dict[int, Reading] = {}

    def reading(self, index: int) -> Reading:
        """What the words around figure `index` say it is."""
        known = self._readings.get(index)
        if known is not None:
            return known
        # A figure may be read by those before it in its sentence; in order, so that nothing nests deeply.
        first = bisect_left(self.figures, self.figures[index].sentence, key=lambda figure: figure.start)
        for i in range(first, index + 1):
            if i not in self._readings:
                self._readings[i] = self._read(i)
        return self._readings[index]

    def entity(self, index: int, mentions: Sequence[Mention]) -> tuple[Any, bool]:
        """The entity that a figure belongs to, and whether its own sentence names one; (None, False) without."""
        figure = self.figures[index]
        if figure.label:
            named = {self.text[m.start : m.end]: m.value for m in mentions}
            heads = [value for word, value in named.items() if word in figure.label]
            if heads:
                return heads[-1], True
        here = self._nearest(index, mentions)
        if here is not None:
            return here, True
        before = [m.value for m in mentions if m.end <= figure.sentence]
        return (self._carried(index, before), False) if before else (None, False)

    def _carried(self, index: int, before: Sequence[Any]) -> Any:
        """Whose figure it is by the sentences before: 两只分别为1.20%和0.30% follow the order of the last two."""
        first, last = self.group(index)
        recent = list(dict.fromkeys(reversed(before)))[: last - first + 1][::-1]
        return recent[index - first] if last > first and len(recent) == last - first + 1 else before[-1]

    def _read(self, index: int) -> Reading:
        self._prepare()
        figure = self.figures[index]
        if figure.label:
            return self._read_cell(figure)
        attribute, own_attribute = self._attribute(index)
        periods, own_period = self._period(index)
        sole = own_period and len(set(self._between(self._periods, figure.stretch, figure.start, index))) == 1
        return Reading(
            attribute=attribute, own_attribute=own_attribute, periods=periods, own_period=own_period, sole_period=sole
        )

    def _read_cell(self, figure: Figure) -> Reading:
        attribute = self._words.of_name(figure.label)
        periods = tuple(m.value for m in periods_in(figure.label))
        return Reading(
            attribute=attribute, own_attribute=attribute is not None, periods=periods, own_period=bool(periods)
        )

    def _attribute(self, index: int) -> tuple[str | None, bool]:
        assert self._attributes is not None
        figure, mentions = self.figures[index], self._attributes
        aligned, known = self._aligned(index, mentions)
        if known:
            return aligned, aligned is not None
        own = combined([m.value for m in self._told(figure, figure.stretch, index)])
        if own and own != MOVE:
            return own, True
        after = self._attribute_behind(figure.end)
        if after is not None:
            return after.value, True
        earlier = combined([m.value for m in self._told(figure, figure.previous_end, index)])
        if own:
            return earlier, True
        if not self._adds_nothing(index):
            return None, False
        return earlier or self._parallel(index), False

    def _told(self, figure: Figure, start: int, index: int) -> Sequence[Mention]:
        """Attributes between `start` and a figure, but for what the figure before is called: 1.2%管理费和0.2%托管费."""
        assert self._attributes is not None
        mentions = self._between(self._attributes, start, figure.start, index)
        if mentions and figure.previous_end > figure.sentence:
            behind = self._attribute_behind(figure.previous_end)
            return mentions[1:] if mentions[0] == behind else mentions
        return mentions

    def _attribute_behind(self, place: int) -> Mention | None:
        """What a figure that ends at `place` is called right behind it."""
        assert self._attributes is not None
        after = bisect_left(self._attributes, (place,))
        if after < len(self._attributes) and _FOLLOWS.fullmatch(self.text, place, self._attributes[after].start):
            return self._attributes[after]
        return None

    def _adds_nothing(self, index: int) -> bool:
        """Whether the words before a figure name nothing but a period, so that it is of what was spoken of before."""
        head = self.figures[self.group(index)[0]]
        left = self.text[head.stretch : head.start]
        for mention in self._between(self._periods, head.stretch, head.start, index):
            left = left.replace(self.text[mention.start : mention.end], "")
        return not left.strip(_FILLERS)

    def _parallel(self, index: int) -> str | None:
        """The attribute of the figure before, or of as many before as are told here: 过去一年分别为4.23%和12.32%."""
        first, last = self.group(index)
        if (turn := self._turns_back(index)) is not None:
            return self.reading(turn).attribute
        start = self.figures[index].sentence
        before = [i for i in self._said_before(first, last - first + 1) if self.figures[i].start >= start]
        if not before:
            return None
        return self.reading(before[index - first] if len(before) > last - first else before[-1]).attribute

    def _turns_back(self, index: int) -> int | None:
        """The figure that began the part before a semicolon, where this one begins the part behind it:
        过去半年增长2.3%，基准3.0%；过去一年6.9%.
        """
        figure = self.figures[index]
        mark = max(self.text.rfind(m, figure.sentence, figure.start) for m in "；;")
        if mark < 0 or figure.previous_end > mark:
            return None
        begin = max(figure.sentence, *(self.text.rfind(m, figure.sentence, mark) for m in "；;"))
        return next((i for i in self._said_before(index, _LOOK_BACK) if self.figures[i].start >= begin), None)

    def _said_before(self, index: int, many: int, *, alike: bool = False) -> list[int]:
        """The nearest figures before one, in order, without those that say nothing (三只, 近一年).

        `alike`: only those of its unit.
        """
        found: list[int] = []
        for i in range(index - 1, max(-1, index - 1 - _LOOK_BACK), -1):
            other_unit = alike and self.figures[i].quantity.unit != self.figures[index].quantity.unit
            if self.figures[i].said and not other_unit and not self._is_aside(i, index):
                found.insert(0, i)
                if len(found) == many:
                    break
        return found

    def _period(self, index: int) -> tuple[tuple[Period, ...], bool]:
        figure = self.figures[index]
        aligned, known = self._aligned(index, self._periods)
        if known:
            return ((aligned,) if aligned else ()), aligned is not None
        if FORMER.search(self.text[max(figure.stretch, figure.start - 6) : figure.start]):
            return (), False
        behind = self._period_behind(figure.end)
        if behind is not None:
            return (behind,), True
        own = [m.value for m in self._between(self._periods, figure.stretch, figure.start, index)]
        if own:
            return one_a_kind(own), True
        first, last = self.group(index)
        listed = last > first and not figure.rank  # 96/287 is one rank, whatever 58/412 before it is of
        before = self._said_before(first, last - first + 1, alike=True) if listed else []
        if len(before) == last - first + 1 and self._tell_apart(before):
            return self.reading(before[index - first]).periods, False
        mentions = self._between(self._periods, figure.sentence, figure.start, index)
        if not any(m.start >= figure.previous_end for m in mentions) and (turn := self._turns_back(index)) is not None:
            return self.reading(turn).periods, False
        earlier = [
            m.value
            for m in mentions
            if self.text[m.start - 1 : m.start] not in _COMPARED and not self._is_closed(m, figure)
        ]
        return one_a_kind(earlier), False

    def _tell_apart(self, indexes: Sequence[int]) -> bool:
        """Whether figures before a list are such a list, or each of a period of its own."""
        if self.group(indexes[0]) == (indexes[0], indexes[-1]):
            return True
        periods = [self.reading(i).periods for i in indexes if self.reading(i).own_period]
        return len(set(periods)) == len(indexes)

    def _period_behind(self, place: int) -> Period | None:
        """The period in brackets right behind a figure, and nothing else: 2.9%（2024年）."""
        if self.text[place : place + 1] not in _OPENS:
            return None
        found = bisect_left(self._periods, (place + 1,))
        if found == len(self._periods) or self._periods[found].start != place + 1:
            return None
        mention = self._periods[found]
        return mention.value if self.text[mention.end : mention.end + 1] in _CLOSES else None

    def _nearest(self, index: int, mentions: Sequence[Mention]) -> Any:
        figure = self.figures[index]
        aligned, known = self._aligned(index, mentions)
        if known and aligned is not None:
            return aligned
        own = self._between(mentions, figure.sentence, figure.start, index)
        first, last = self.group(index)
        if last > first:
            own = self._of_list(first, own)
            if len(named := list(dict.fromkeys(m.value for m in own))) > 1:
                return named[index - first] if len(named) == last - first + 1 else None
        if own:
            return own[-1].value
        after = [m for m in mentions if figure.end <= m.start < figure.clause_end]
        return after[0].value if after else None

    def _of_list(self, first: int, mentions: Sequence[Mention]) -> Sequence[Mention]:
        """Those that a list is of: named right before it, else in its sentence where 分别 tells their order."""
        head = self.figures[first]
        near = [m for m in mentions if m.start >= head.previous_end]
        return near or (mentions if _IN_ORDER.search(self.text, head.previous_end, head.start) else [])

    def _aligned(self, index: int, mentions: Sequence[Mention]) -> tuple[Any, bool]:
        """The k-th of n things named for the k-th of n figures (分别为); (None, True) where they do not tally."""
        first, last = self.group(index)
        if first == last:
            return None, False
        head, size = self.figures[first], last - first + 1
        begin = self._behind_brackets(head.previous_end) if mentions is self._periods else head.previous_end
        named = self._between(mentions, begin, head.start, first)
        if mentions is self._attributes and self._is_one(named):
            named = [named[-1]._replace(value=RETURN)]
        years = [y for m in named for y in years_of(m.value)]
        if len(years) == size:
            return Period(kind="calendar", year=years[index - first]), True
        if len(named) == size:
            return named[index - first].value, True
        if len(named) > 1:
            return None, True
        if named:
            return named[0].value, True
        return None, False

    @staticmethod
    def _is_one(named: Sequence[Mention]) -> bool:
        """同期基准收益率 and 净值上涨 may be read as two words of one attribute."""
        return [m.value for m in named] in ([BENCHMARK, RETURN], [NAV, MOVE])
