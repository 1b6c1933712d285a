"""The numbers of a text that say something: no dates, codes, list numbers, levels or names that hold digits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from compliance_filters.numbers.quantities import Quantity, quantity_of
from mandarin.numerals import Numeral, NumeralKind, find_numerals

Span = tuple[int, int]

_HAS_NUMBER = re.compile("[0-9０-９零一二三四五六七八九十百千万两半]")
_SENTENCE_END = re.compile(r"[。！？!?\n]+")
_CLAUSE_END = re.compile(r"[，,；;。！？!?\n|]|\s{3,}")
_MARK = re.compile(r"[\[【〔](\d{1,3})[\]】〕]")
_JOINED = re.compile(r"\s?(?:、|和|与|及|以及|/|,|，|；|;)\s?")
_LIST_NUMBER = re.compile(
    r"^[ \t]*(?:#{1,6}\s|[-*•]\s)?[ \t]*(?:§\s?)?[(（]?\d{1,3}(?:\.\d{1,2}){0,3}[.、)）\s：:](?!\d)", re.M
)
# Digits that are no number of the text, tried where one of them can begin.
_NOT_SAID = re.compile(
    r"(?<=[;；。:：，,\s])[(（]?\d{1,2}[)）、.](?![\d%])"  # a list number inside a line
    r"|[\[【〔]\d{1,3}[\]】〕]"  # a citation
    r"|(?<!\d)(?:\d{3,4}-){1,2}\d{3,8}(?:-\d{1,4})?(?!\d)"  # a telephone, also a hotline
    r"|(?<!\d)(?:95\d{3,4}|1[03]\d{3,4}|12386|12315)(?!\d|[.,%]\d|[%万亿元份户只人个])"
    r"|7\s?[×xX*]\s?24|24\s?小时"
    r"|(?<=[\u4e00-\u9fff])\d{2,4}(?=\s?(?:指数|增强|ETF|联接|等权|低波|红利|成长|价值|主题|全收益|国开|附息|附国|转债|MTN|CP"
    r"|定增|量化|非银))"
    r"|(?:沪深|中证|上证|深证|标普|创业板|科创板?|纳斯达克|恒生|国证|道琼斯|纳指|罗素|日经|富时|宽基|巨潮|北证|万得|MSCI)"
    r"\s?A?\d{2,4}"
    r"|\d{1,4}\s?(?:天|日|个?月|年)(?:滚动|持有期|定开|定期|封闭)?(?:持有|定开|定期开放|封闭)"
    r"(?=期?(?:混合|债券|债|股票|FOF|基金|[A-C]类?|型))"
    r"|(?<![\d.])\d{2}(?=国开|附息国债|国债|农发|进出|云路|[\u4e00-\u9fff]{2,4}MTN)"
)
_NOT_SAID_BEGINS = re.compile(r"\d(?<!\d\d)|[(（\[【〔沪中上深标创科纳恒国道罗日富宽巨北万M](?=[\d\u4e00-\u9fffS])")
_SKIPPED_BEFORE = re.compile(
    r"(?:(?:电话|热线|拨打|客服|致电|代码|编号|邮编|传真|第|页码?|版本|登记号|表|图|附注|条款|证号|尾号|单号|文号|号)[为是:：\s]{0,2}"
    r"|\b[A-Z]{1,4}[-+]?)$"
)
_SKIPPED_ENDS = frozenset("话线打服电码号编邮真第页本记表图注款是为:： -+ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_RANKED = re.compile(r"(?:排名|位列|位居|名列|排在|排|列|名次)[\u4e00-\u9fff]{0,4}$")
_RELATIVE = re.compile(r"(?:近|过去|最近|每|未来|前|后|历时|为期|这|那|头|连续|往后|之前)$")
_SPANS_OF_TIME = frozenset({
    "月", "个月", "季度", "个季度", "周", "年", "周年", "天", "日", "小时", "个小时", "分钟", "秒",
    "个自然日", "自然日",
})  # fmt: skip
_PLACES = frozenset({"点", "条", "项", "步", "轮", "遍", "笔", "张", "批", "套", "层", "次", "折"})
_HYPOTHESIS = re.compile(
    r"(?:假设|假定|假如|例如|比如|举例|举个例子|试算|若(?:您|投资|投入|申购|买入|持有)|如果您?|为例|打个比方)"
)
_EXAMPLE_AFTER = re.compile(r"[\u4e00-\u9fff]{0,6}(?:为例|来算|来测算|测算)")
_CLIENT_SAID = re.compile(
    r"(?:您|客户)(?:刚才|刚刚|之前|上次|这次|今天|目前|现在)?(?:问|说|提到|提出|想|打算|计划|准备|希望|预算|手上|手里|咨询|拟|拟投|要)"
    r"|您这|按您|您的(?:预算|资金|计划)"
)
_TABLE_UNIT = re.compile(r"[(（]\s?(?:单位[:：]\s?)?(?:人民币)?(%|％|亿元|万元|元|亿份|万份|份|户|天|年)\s?[)）]")
_UNIT_LINE = re.compile(r"单位[:：]\s?(?:人民币)?(亿元|万元|元|亿份|万份|份)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A number with its places: offsets into the text it was read from."""

    quantity: Quantity
    start: int
    end: int
    sentence: int  # where its sentence begins
    sentence_end: int
    stretch: int  # where its clause begins, or the figure before it in that clause ends
    previous_end: int  # where the figure before it in the sentence ends, or the sentence begins
    clause_end: int
    joined: bool  # only 、 or 和 stands between it and the figure before
    strict: bool  # must be bound; a count or a length of time only where something contradicts it
    said: bool  # False for a number that a text need not prove: a level, a small count, an assumption
    rank: bool = False
    label: str = ""  # in a table: the heads of its row and column


def figures_in(text: str, masked: Sequence[Span] = ()) -> tuple[Figure, ...]:
    """All figures in order, those that are not `said` too: a source may hold them. `masked`: names with digits."""
    if not _HAS_NUMBER.search(text):
        return ()
    hidden = _blanked(text, masked)
    numerals = [n for n in find_numerals(hidden) if n.kind is not NumeralKind.DATE]
    if not numerals:
        return ()
    return tuple(_Reader(text, hidden, numerals).figures())


def citations(text: str, figure: Figure) -> frozenset[int]:
    """The sources that a figure's sentence cites, also right behind its full stop."""
    end = figure.sentence_end
    while found := _MARK.match(text, end) or _MARK.match(text, end + 1):
        end = found.end()
    return frozenset(int(n) for n in _MARK.findall(text, figure.sentence, end))


def _blanked(text: str, masked: Sequence[Span]) -> str:
    """The text with □ where digits are part of a name, a telephone, a list or a citation."""
    spans = sorted([*masked, *(m.span() for m in _LIST_NUMBER.finditer(text)), *_not_said(text)])
    pieces, position = [], 0
    for start, end in spans:
        if start >= position:
            pieces += [text[position:start], "□" * (end - start)]
            position = end
    return "".join([*pieces, text[position:]]) if pieces else text


def _not_said(text: str) -> Iterator[Span]:
    for candidate in _NOT_SAID_BEGINS.finditer(text):
        found = _NOT_SAID.match(text, candidate.start())
        if found:
            yield found.span()


class _Reader:
    """Goes through the numerals of one text with the places where its sentences and clauses end."""

    def __init__(self, text: str, hidden: str, numerals: Sequence[Numeral]) -> None:
        self._text, self._hidden, self._numerals = text, hidden, numerals
        inside = {n.start + at for n in numerals for at, char in enumerate(n.quote) if char in ",，"}
        self._clauses = [m.end() for m in _CLAUSE_END.finditer(text) if m.start() not in inside]
        self._sentences = [m.end() for m in _SENTENCE_END.finditer(text)]
        self._assumes = _HYPOTHESIS.search(text) is not None
        self._quotes = _CLIENT_SAID.search(text) is not None
        self._tables = _tables(text) if text.count("|") > 1 else {}

    def figures(self) -> Iterator[Figure]:
        previous: Figure | None = None
        for numeral in self._numerals:
            figure = self._figure(numeral, previous)
            yield figure
            if figure.said:
                previous = figure

    def _figure(self, numeral: Numeral, previous: Figure | None) -> Figure:
        sentence, sentence_end = _around(self._sentences, numeral.start, len(self._text))
        clause, clause_end = _around(self._clauses, numeral.start, len(self._text))
        before_end = previous.end if previous else 0
        stretch = max(clause, sentence, before_end)
        label, unit = self._cell(numeral)
        before = self._hidden[max(stretch, numeral.start - 24) : numeral.start]
        gap = self._text[before_end : numeral.start]
        rank = self._is_rank(numeral)
        return Figure(
            quantity=quantity_of(numeral, before, unit),
            start=numeral.start,
            end=numeral.end,
            sentence=sentence,
            sentence_end=sentence_end,
            stretch=stretch,
            previous_end=max(sentence, before_end),
            clause_end=max(clause_end, numeral.end),
            joined=bool(previous) and len(gap) <= 5 and bool(_JOINED.fullmatch(gap)) and not label,
            strict=_is_strict(numeral) or rank,
            said=self._is_said(numeral, sentence, rank),
            rank=rank,
            label=label,
        )  # fmt: skip

    def _is_rank(self, numeral: Numeral) -> bool:
        before, after = (
            self._hidden[max(0, numeral.start - 8) : numeral.start],
            self._text[numeral.end : numeral.end + 1],
        )
        if numeral.kind is NumeralKind.ORDINAL:
            return bool(_RANKED.search(before)) or (after in "名位" and after != "")
        if numeral.kind is not NumeralKind.COUNT or numeral.unit or "." in numeral.quote:
            return False
        return "/" in (before[-1:], after)

    def _is_said(self, numeral: Numeral, sentence: int, rank: bool) -> bool:
        """Whether a text must be able to prove this number."""
        if rank:
            return True
        if numeral.kind in (NumeralKind.CODE, NumeralKind.ORDINAL):
            return False
        before = self._hidden[max(0, numeral.start - 12) : numeral.start]
        after = self._hidden[numeral.end : numeral.end + 2]
        if "*" in before[-2:] + after or (before[-1:] in _SKIPPED_ENDS and _SKIPPED_BEFORE.search(before)):
            return False
        if numeral.kind is NumeralKind.AMOUNT and _EXAMPLE_AFTER.match(self._text, numeral.end):
            return False
        if self._assumes or self._quotes:
            lead = self._hidden[max(sentence, numeral.start - 40) : numeral.start]
            if _HYPOTHESIS.search(_CLAUSE_END.split(lead)[-1]) or _is_the_clients(lead, numeral):
                return False
        if numeral.kind is not NumeralKind.COUNT:
            return numeral.quote not in ("100%", "百分百", "一半")
        return _counts(numeral, before)

    def _cell(self, numeral: Numeral) -> tuple[str, str]:
        """The heads of row and column where the figure stands in a table, and the unit they give."""
        if not self._tables:
            return "", ""
        line = self._text.rfind("\n", 0, numeral.start) + 1
        table = self._tables.get(line)
        if table is None:
            return "", ""
        column = self._text.count("|", line, numeral.start)
        label = table.label(column, self._text[line : numeral.start].rsplit("|", 1)[-1])
        found = _TABLE_UNIT.findall(label)
        return label, (found[-1] if found else table.unit)


@dataclass(frozen=True, kw_only=True)
class _Row:
    cells: tuple[str, ...]
    head: tuple[str, ...]  # the heading of each column, () where the table has none
    unit: str  # what a line above says: 单位：万元

    def label(self, column: int, own: str) -> str:
        first = next((cell for cell in self.cells if cell.strip()), "")
        head = self.head[column] if column < len(self.head) else ""
        row = "" if column < len(self.cells) and self.cells[column] is first else first
        return f"{row} {head} {own}"


def _tables(text: str) -> dict[int, _Row]:
    """Rows of tables written with | by the offset of their line."""
    rows: dict[int, _Row] = {}
    head: tuple[str, ...] = ()
    unit, inside = "", False
    for start, line in _lines(text):
        if line.count("|") < 2:
            found = _UNIT_LINE.search(line)
            unit = found[1] if found else ("" if inside else unit)
            head, inside = (), False
            continue
        cells = tuple(line.split("|"))
        if set(line) <= set("|-: \t"):
            continue
        if not inside and not _has_figure(line):
            head = cells
        rows[start] = _Row(cells=cells, head=() if cells is head else head, unit=unit)
        inside = True
    return rows


def _lines(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    return zip(accumulate([len(line) + 1 for line in lines[:-1]], initial=0), lines, strict=True)


def _has_figure(line: str) -> bool:
    return any(n.kind not in (NumeralKind.DATE, NumeralKind.ORDINAL) and n.unit not in _SPANS_OF_TIME
               for n in find_numerals(line))  # fmt: skip


def _around(ends: Sequence[int], place: int, length: int) -> tuple[int, int]:
    """The stretch between two ends that holds `place`."""
    index = bisect_right(ends, place)
    return (ends[index - 1] if index else 0), (ends[index] if index < len(ends) else length)


def _is_the_clients(lead: str, numeral: Numeral) -> bool:
    """A number that the client named: what they asked, in quotation marks, or the sum they think of."""
    said = _CLIENT_SAID.search(lead)
    if said is None:
        return False
    quoting = re.search('[“「『"][^”」』"]*$', lead[said.end() :])
    return bool(quoting) or (numeral.kind is NumeralKind.AMOUNT and len(lead) - said.end() <= 16)


def _is_strict(numeral: Numeral) -> bool:
    if numeral.kind is not NumeralKind.COUNT:
        return numeral.unit not in _PLACES
    return "." in numeral.quote and numeral.unit not in _SPANS_OF_TIME


def _counts(numeral: Numeral, before: str) -> bool:
    """Whether a count says something: 近三年 and 两只基金 do not."""
    written = any(char.isdigit() for char in numeral.quote)
    if numeral.unit in _SPANS_OF_TIME and _RELATIVE.search(before):
        return False
    if not written:
        return numeral.value > 10 or "点" in numeral.quote or numeral.unit in _SPANS_OF_TIME
    return bool(numeral.unit) or "." in numeral.quote or "," in numeral.quote or numeral.value >= 10
