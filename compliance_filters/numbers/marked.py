"""A text with all that stands in it: figures, attributes, periods, brackets, enumerations, and where each lies."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal

from compliance_filters.numbers.figures import Figure, figures_in
from compliance_filters.numbers.mentions import AttributeWords, Mention, digits_in_names, outside_names
from compliance_filters.numbers.periods import periods_in
from compliance_filters.numbers.readings import groups

_PAREN = re.compile(r"[(（][^()（）\n]{0,60}[)）]")
# The level of an earlier day; behind 较 or 比 stands how far it is from that level.
_EARLIER = re.compile(
    r"(?<![较比])(?P<word>上[个一]?季度?末?|上期末?|(?:上|去)年度?末|上[个一]?月末?|(?:去|上)年同期|年初|期初|季初|月初|此前|之前|原先?|原来|[一半两三\d]{1,2}(?:个月|个季度|年)前|由|从)"
    r"[^，,。；;、（(\d]{0,8}$"
)
# 上季末：云岫6.42%，锦汐3.15%: what stands behind the colon is all of then.
_EARLIER_HEAD = re.compile(
    r"(?<![较比])(?P<word>上[个一]?季度?末?|上期末|(?:上|去)年度?末|上[个一]?月末?|(?:去|上)年同期|年初|期初|季初|月初)[^，,。；;：:（(\d]{0,8}[：:][^：:。；;\n]{0,200}$"
)
_BEGAN = re.compile("起?(?:入行|入职|加入|从业|毕业)|起[，,；;)）]")  # 2015年入行: of when no figure is
_EARLIER_REACH = 14  # characters
_EARLIER_HEAD_REACH = 220


class MarkedText:
    """The figures of a text and the words that they may be read by, found when asked for."""

    def __init__(self, text: str, words: AttributeWords, names: Sequence[Mention] = ()) -> None:
        """`names`: of products; what stands in them (云岭沪深300指数增强) is no figure and no attribute."""
        self.text = text
        self.figures: tuple[Figure, ...] = figures_in(text, digits_in_names(text, names))
        self._words, self._names = words, names
        self._attributes: list[Mention] | None = None
        self._periods: list[Mention] = []
        self._begins: dict[int, int] = {}  # of attributes and periods, by where they end
        self._groups: dict[int, tuple[int, int]] = {}
        self._earlier: dict[int, str] = {}
        self._by_value: list[tuple[Decimal, int]] | None = None
        self._hidden: list[tuple[int, int]] = []

    def between(self, low: Decimal, high: Decimal) -> Iterator[int]:
        """Figures whose value lies in low..high, found without a look at all of them."""
        if self._by_value is None:
            self._by_value = sorted((figure.quantity.value, i) for i, figure in enumerate(self.figures))
        for value, index in self._by_value[bisect_left(self._by_value, (low,)) :]:
            if value > high:
                break
            yield index

    def word_that_ends(self, place: int) -> int:
        """Where an attribute or a period begins that ends at `place`; -1 where none does."""
        self._prepare()
        return self._begins.get(place, -1)

    def is_enumerated(self, index: int) -> bool:
        """Whether a figure stands in a run of figures with nothing but 、 or 和 between them."""
        self._prepare()
        return index in self._groups

    def group(self, index: int) -> tuple[int, int]:
        """First and last figure of the enumeration that figure `index` stands in; itself twice outside one."""
        if self._attributes is None:
            self._prepare()
        return self._groups.get(index, (index, index))

    def is_dated(self, index: int) -> bool:
        """Whether a period stands between the figure before and this one: 截至2026年3月31日，净值为25.17亿元."""
        self._prepare()
        figure = self.figures[index]
        return bool(self._between(self._periods, figure.previous_end, figure.start, index))

    def earlier(self, index: int) -> str:
        """The word right before a figure that puts it before the period spoken of: the 上季度末 of 上季度末为93.5%."""
        known = self._earlier.get(index)
        if known is None:
            known = self._earlier[index] = self._read_earlier(self.figures[index])
        return known

    def _read_earlier(self, figure: Figure) -> str:
        if figure.label:
            cells = figure.label.split()
            found = _EARLIER.search(cells[1]) if len(cells) > 1 else None
        else:
            found = _EARLIER.search(self.text, max(figure.stretch, figure.start - _EARLIER_REACH), figure.start)
            found = found or self._earlier_head(figure)
        return found["word"] if found else ""

    def _earlier_head(self, figure: Figure) -> re.Match[str] | None:
        """The head before a colon that puts all behind it before the period spoken of."""
        start = max(figure.sentence, figure.start - _EARLIER_HEAD_REACH)
        return _EARLIER_HEAD.search(self.text, start, figure.start)

    def _hidden_within(self, start: int, end: int) -> list[tuple[int, int]]:
        return self._hidden[bisect_left(self._hidden, (start,)) : bisect_left(self._hidden, (end,))]

    def _prepare(self) -> None:
        if self._attributes is None:
            self._hidden = [found.span() for found in _PAREN.finditer(self.text)]
            self._attributes = outside_names(self._words.mentions(self.text), self._names)
            self._periods = [Mention(*m) for m in periods_in(self.text) if not _BEGAN.match(self.text, m.end)]
            self._begins = {m.end: m.start for m in (*self._attributes, *self._periods)}
            self._groups = {i: group for group in groups(self.figures) for i in range(group[0], group[1] + 1)}

    def _is_aside(self, other: int, index: int) -> bool:
        """Whether a figure stands in brackets that closed before this one: 5.13%（基准4.02%），下一年…"""
        place, end = self.figures[other].start, self.figures[index].start
        return any(s < place < e <= end for s, e in self._hidden_within(max(0, place - 61), place))

    def _is_closed(self, mention: Mention, figure: Figure) -> bool:
        """Whether a mention stands in brackets with a figure of its own: 76.4%（二季度末81.9%），第一大4.28%."""
        hidden = self._hidden_within(max(0, mention.start - 61), mention.start + 1)
        return any(
            s <= mention.start < e <= figure.start and any(s < f.start < e for f in self.figures) for s, e in hidden
        )

    def _behind_brackets(self, place: int) -> int:
        """Where brackets end that begin at `place`: they are of the figure before, as in 2.3%（2025年）."""
        return next((end for start, end in self._hidden_within(place, place + 1)), place)

    def _between(self, mentions: Sequence[Mention], start: int, end: int, index: int) -> Sequence[Mention]:
        """Mentions that end in start..end, but for those inside brackets that closed before the figure."""
        first = bisect_left(mentions, (start,))
        if first == len(mentions) or mentions[first].start >= end:
            return ()
        chosen = mentions[first : bisect_left(mentions, (end,), first)]
        figure = self.figures[index]
        hidden = [(s, e) for s, e in self._hidden_within(start, figure.start) if e <= figure.start]
        if not hidden:
            return chosen
        open_ones = [m for m in chosen if not any(s < m.start < e for s, e in hidden)]
        return open_ones or chosen
