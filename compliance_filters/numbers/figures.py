"""The numbers of a text that say something: no dates, codes, list numbers, levels or names that hold digits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compliance_filters.numbers.assumed import CLAUSE_END, Assumptions
from compliance_filters.numbers.measures import Measures
from compliance_filters.numbers.periods import periods_in
from compliance_filters.numbers.quantities import INDEX_POINTS, Quantity, quantity_of
from compliance_filters.numbers.tables import SPANS_OF_TIME, Tables
from mandarin.numerals import Numeral, NumeralKind, find_numerals

Span = tuple[int, int]

_HAS_NUMBER = re.compile("[0-9０-９零一二三四五六七八九十百千万两半]")
_SENTENCE_END = re.compile(r"[。！？!?\n]+")
_MARK = re.compile(r"[\[【〔](\d{1,3})[\]】〕]")
_JOINED = re.compile(
    r"\s?(?:(?:/年|/月|每年)?\s?(?:\[\d{1,3}\]){0,2}\s?(?:、|和|与|及|以及|对)\s?(?:上?涨|下?跌|增长|下降|约)?|/|,|，|；|;)\s?"
)
_JOINED_WITHIN = 12  # characters
_LIST_NUMBER = re.compile(
    r"^[ \t]{0,40}(?:#{1,6}\s|[-*•]\s)?[ \t]{0,8}(?:§\s?)?[(（]?\d{1,3}(?:\.\d{1,2}){0,3}[.、)）\s：:](?!\d)", re.M
)
# Digits that are no number of the text, tried where one of them can begin.
_NOT_SAID = re.compile(
    r"(?<=[;；。:：，,\s])[(（]?\d{1,2}[)）、.](?![\d%])"  # a list number inside a line
    r"|[\[【〔]\d{1,3}[\]】〕]"  # a citation
    r"|(?<!\d)(?:\d{3,4}-){1,2}\d{3,8}(?:-\d{1,4})?(?!\d)"  # a telephone, also a hotline
    r"|(?<!\d)(?:95\d{3,4}|1[03]\d{3,4}|12386|12315)(?!\d|[.,%]\d|[%万亿元份户只人个])"
    r"|1(?=\s?(?:美元|港元|港币|欧元|英镑|日元)\s?[兑合=≈])"
    r"|(?<![\d.,+\-×*÷/(])1\s?[\u4e00-\u9fffA-Za-z]{1,5}\s?(?:[=＝]|等于)\s?\d[\d,]{0,12}"  # 1吉瓦=1,000兆瓦
    r"(?=\s?[\u4e00-\u9fffA-Za-z])"
    r"|(?<=面值)[为是]?1(?:00)?(?=元)|1(?:00)?(?=元面值)"
    r"|(?:19|20)\d\d[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])"  # a date, whatever stands beside it
    r"|(?:19|20)\d\d(?=\s?[、和]\s?(?:19|20)\d\d年)"  # the first of two years
    r"|7\s?[×xX*]\s?24|24\s?小时"
    r"|[七7]日(?=年化)|每\s?(?:\d+|[一二三四五六七八九十百千万]+)(?=份)"  # names of yields and dividends
    r"|(?<=[\u4e00-\u9fff])\d{2,4}(?=\s?(?:指数|增强|ETF|联接|等权|低波|红利|成长|价值|主题|全收益|国开|附息|附国|转债|MTN|CP"
    r"|定增|量化|非银))"
    r"|(?:沪深|中证|上证|深证|标普|创业板|科创板?|纳斯达克|恒生|国证|道琼斯|纳指|罗素|日经|富时|宽基|巨潮|北证|万得|MSCI)"
    r"\s?A?\d{2,4}"
    r"|\d{1,4}\s?(?:天|日|个?月|年)(?:滚动|持有期|定开|定期|封闭)?(?:持有|定开|定期开放|封闭)"
    r"(?=期?(?:混合|债券|债|股票|FOF|基金|[A-C]类?|型))"
    r"|(?<![\d.])\d{2}(?=国开|附息国债|国债|农发|进出|云路|[\u4e00-\u9fff]{2,4}MTN)"
)
_NOT_SAID_BEGINS = re.compile(
    r"\d(?<!\d\d)|[为是](?=1)|七(?=日年)|每(?=[\s\d一二三四五六七八九十百千万])|[(（\[【〔沪中上深标创科纳恒国道罗日富宽巨北万M](?=[\d\u4e00-\u9fffS])"
)
_SKIPPED_BEFORE = re.compile(
    r"(?:(?:电话|热线|拨打|客服|致电|代码|编号|邮编|传真|第|页码?|版本|登记号|表|图|附注|条款|证号|尾号|单号|文号|号|单位)[为是:：\s]{0,2}"
    r"|\b[A-Z]{1,4}[-+]?)$"
)
_SKIPPED_ENDS = frozenset("话线打服电码号编邮真第页本记表图注款是为:： -+ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_RANKED = re.compile(r"(?:排名|位列|位居|名列|排在|排|列|名次)[\u4e00-\u9fff]{0,4}$")
# 排名由第121（共356只）升到第74: the rank that is reached has no word of its own.
_RANK_REACH = 48
_RANK_MOVES = re.compile(r"(?:排名|名次|位次)[^。；;\n]{0,48}[升降由从前退进]至?到?[^。，,；;\n]{0,8}$")
_RELATIVE = re.compile(r"(?:近|过去|最近|每|未来|前|后|历时|为期|这|那|头|连续|往后|之前)$")
_SHARES, _MANY = frozenset({"份", "股"}), 100  # 12,400份 is somebody's, 一份 is not
_LENDS = re.compile(r"\.|^\d[\d,]{3}")  # 5,700、4,650、2,640元; the 2 of 2、3元 is of no sum
_LENT = re.compile(r"\s?[、和与及/]\s?")
_DIGITS = "0123456789.,，+-−"
# 100万元以下: what is told is told of such sums.
_BOUNDS = re.compile("[<>≤≥＜＞~～至到-]\\s?$|(?:不超过|不足|超过|低于|高于|满)$")  # 100万≤M<500万
LIMIT = re.compile("(?:及|（含）|\\(含\\))?以[上下内]|（含|\\(含|起[投购认]")
# 三年依次为: so many years that figures are told for, and no length.
_EACH_OF = re.compile("(?:里|内|间|来|以来|下来)?[，,]?(?:依次|分别|逐年|每年|各年|累计|合计|总共|加起来)")
_BEHIND_BRACKET = re.compile(r"[)）](?:为|是|则为|约为|达到?|：|:)?\s?约?$")
_LASTS = re.compile(r"(?:持有|期限|期|封闭|锁定|满|任职|久期|不足|不满|不少于)[^，,。；;\d]{0,3}$")
_PLACES = frozenset({"点", "条", "项", "步", "轮", "遍", "笔", "张", "批", "套", "层", "次", "折"})


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
    assumed: bool = False  # a premise: what is computed from it must be right
    in_period: bool = False  # the 三年 of 近三年
    rank: bool = False
    label: str = ""  # in a table: the heads of its row and column
    column: int = 0  # in a table: which one, counted from 1


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
        self._clauses = [m.end() for m in CLAUSE_END.finditer(text) if m.start() not in inside]
        self._sentences = [m.end() for m in _SENTENCE_END.finditer(text)]
        self._periods = [(m.start, m.end) for m in periods_in(text)]
        self._assumptions = Assumptions(text, hidden)
        self._tables = Tables(text)
        self._measures = Measures(text)

    def figures(self) -> Iterator[Figure]:
        told: list[Figure] = []
        units = self._lent_units()
        for index, numeral in enumerate(self._numerals):
            figure = self._figure(numeral, self._before(numeral, told), units.get(index, ""))
            yield figure
            if figure.said or figure.assumed:
                told.append(figure)

    def _before(self, numeral: Numeral, told: Sequence[Figure]) -> Figure | None:
        """The figure before; where brackets explain the words that this one belongs to, the one before them:
        业绩比较基准（中债综合指数×80%+沪深300×20%）为2.65%."""
        lead = self._text[max(0, numeral.start - 4) : numeral.start]
        if told and (closing := _BEHIND_BRACKET.search(lead)):
            closes = numeral.start - len(lead) + closing.start()
            opens = max(self._text.rfind(mark, 0, closes) for mark in "(（")
            if opens < told[-1].start < closes:
                return next((f for f in reversed(told) if f.end <= opens), None)
        return told[-1] if told else None

    def _lent_units(self) -> dict[int, str]:
        """Units that numbers take from the next one, by index: the 0.14 of 分别多了0.14和0.75个百分点."""
        units: dict[int, str] = {}
        for index in range(len(self._numerals) - 2, -1, -1):
            numeral, following = self._numerals[index : index + 2]
            if (
                numeral.unit not in ("", "个", None)
                or numeral.kind is not NumeralKind.COUNT
                or not (_LENDS.search(numeral.quote))
            ):
                continue
            if _LENT.fullmatch(self._text, numeral.end, following.start):
                written = following.quote.lstrip(_DIGITS) if following.unit else ""
                unit = units.get(index + 1) or written
                if unit:
                    units[index] = unit
        return units

    def _figure(self, numeral: Numeral, previous: Figure | None, lent: str) -> Figure:
        sentence, sentence_end = _around(self._sentences, numeral.start, len(self._text))
        clause, clause_end = _around(self._clauses, numeral.start, len(self._text))
        before_end = previous.end if previous else 0
        stretch = max(clause, sentence, before_end)
        label, unit, column = self._tables.cell(numeral.start)
        unit = unit or lent or ("" if label or numeral.unit else self._measures.of(numeral.start, numeral.end))
        before = self._hidden[max(stretch, numeral.start - 24) : numeral.start]
        gap = self._text[before_end : numeral.start]
        quantity = quantity_of(numeral, before, unit, self._text[numeral.end : numeral.end + 4])
        alike = previous is not None and previous.quantity.unit == quantity.unit
        rank = self._is_rank(numeral)
        said = self._is_said(numeral, rank)
        assumed = said and not rank and self._assumptions.cover(numeral, sentence)
        return Figure(
            quantity=quantity,
            start=numeral.start,
            end=numeral.end,
            sentence=sentence,
            sentence_end=sentence_end,
            stretch=stretch,
            previous_end=max(sentence, before_end),
            clause_end=max(clause_end, numeral.end),
            joined=alike and self._is_joined(gap, numeral) and not label,
            strict=rank or bool(unit) or _is_strict(numeral) or quantity.unit == INDEX_POINTS,
            said=said and not assumed,
            assumed=said and assumed,
            in_period=numeral.unit in SPANS_OF_TIME and self._is_in_period(numeral.start),
            rank=rank,
            label=label,
            column=column,
        )  # fmt: skip

    def _is_joined(self, gap: str, numeral: Numeral) -> bool:
        """Whether nothing but 、 or 和 stands before a number; a limit (，100万元以下) goes on with no list."""
        joins = len(gap) <= _JOINED_WITHIN and _JOINED.fullmatch(gap) is not None
        return joins and not LIMIT.match(self._text, numeral.end)

    def _is_rank(self, numeral: Numeral) -> bool:
        before, after = (
            self._hidden[max(0, numeral.start - 8) : numeral.start],
            self._text[numeral.end : numeral.end + 1],
        )
        if numeral.kind is NumeralKind.ORDINAL:
            if _RANKED.search(before) or (after in "名位" and after != ""):
                return True
            lead = self._hidden[max(0, numeral.start - _RANK_REACH) : numeral.start]
            return _RANK_MOVES.search(lead) is not None
        if numeral.kind is not NumeralKind.COUNT or numeral.unit or "." in numeral.quote:
            return False
        return "/" in (before[-1:], after)

    def _is_said(self, numeral: Numeral, rank: bool) -> bool:
        """Whether a text must be able to prove this number."""
        if rank:
            return True
        if self._text.startswith("次方", numeral.end):
            return False
        if self._tables.is_head(numeral.start) and not self._is_value(numeral):
            return False
        if numeral.kind in (NumeralKind.CODE, NumeralKind.ORDINAL):
            return False
        before = self._hidden[max(0, numeral.start - 12) : numeral.start]
        after = self._hidden[numeral.end : numeral.end + 2]
        if "*" in before[-2:] + after or (before[-1:] in _SKIPPED_ENDS and _SKIPPED_BEFORE.search(before)):
            return False
        if numeral.unit in SPANS_OF_TIME and (
            self._is_in_period(numeral.start) or _EACH_OF.match(self._text, numeral.end)
        ):
            return False
        if numeral.kind is not NumeralKind.COUNT:
            return numeral.quote not in ("100%", "百分百", "一半")
        return _counts(numeral, before)

    def _is_value(self, numeral: Numeral) -> bool:
        """A rate or a sum that bounds nothing, so that it heads no column: | 管理费率 | 1.20% | above a rule."""
        valued = numeral.kind in (NumeralKind.PERCENT, NumeralKind.AMOUNT)
        return valued and not LIMIT.match(self._text, numeral.end) and not _BOUNDS.search(self._text[: numeral.start])

    def _is_in_period(self, place: int) -> bool:
        before = bisect_right(self._periods, (place, len(self._text))) - 1
        return before >= 0 and place < self._periods[before][1]


def _around(ends: Sequence[int], place: int, length: int) -> tuple[int, int]:
    """The stretch between two ends that holds `place`."""
    index = bisect_right(ends, place)
    return (ends[index - 1] if index else 0), (ends[index] if index < len(ends) else length)


def _is_strict(numeral: Numeral) -> bool:
    if numeral.kind is not NumeralKind.COUNT:
        return numeral.unit not in _PLACES
    if numeral.unit in _SHARES:
        return numeral.value >= _MANY and any(char.isdigit() for char in numeral.quote)
    if not numeral.unit:
        return "." in numeral.quote or "," in numeral.quote
    return "." in numeral.quote and numeral.unit not in SPANS_OF_TIME


def _counts(numeral: Numeral, before: str) -> bool:
    """Whether a count says something: 近三年 and 两只基金 do not."""
    written = any(char.isdigit() for char in numeral.quote)
    if numeral.unit in SPANS_OF_TIME and _RELATIVE.search(before):
        return False
    if not written:
        if numeral.value == 1 and numeral.unit in SPANS_OF_TIME:
            return bool(_LASTS.search(before))  # 放一年, 5万元一天
        return numeral.value > 10 or "点" in numeral.quote[:-1] or numeral.unit in SPANS_OF_TIME
    return bool(numeral.unit) or "." in numeral.quote or "," in numeral.quote or numeral.value >= 10
