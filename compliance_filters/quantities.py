"""The numbers of a text as claims: value, unit class, sign, precision, and the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from mandarin.numerals import Numeral, NumeralKind, find_numerals

_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*(?:\s?[\[【〔]\d{1,3}[\]】〕])*")
_MARK = re.compile(r"[\[【〔](\d{1,3})[\]】〕]")
_LIST_NUMBER = re.compile(r"^\s*[(（]?\d{1,3}(?:\.\d{1,2}){0,3}[.、)）\s](?!\d)", re.M)
_INDEX_NAME = re.compile(
    r"(?:沪深|中证|上证|深证|标普|创业板|科创(?:板)?|纳斯达克|恒生|国证|道琼斯|纳指|罗素|日经|富时|MSCI|A|T\+|R|C|Q|H)\s?$"
)
_SKIPPED_BEFORE = re.compile(
    r"(?:电话|热线|拨打|客服|代码|编号|邮编|传真|第|页码?|版本|登记号|表|图|附注|条款)[为是:：\s]{0,2}$"
)
_RELATIVE = re.compile(r"(?:近|过去|最近|每|未来|满|前|后|逾|历时|为期)$")
_NEGATIVE = re.compile(
    r"(?:下跌|下降|亏损|减少|回落|下滑|缩水|下行|跌幅|降幅|负增长|跌|亏|降|负)(?:了|至|约|达|幅|超过|近|为|逾)?\s?$"
)
YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?=年|[-/.]\d|Q[1-4]|H[12]|[1-4]季|[一二三四]季|上半|下半)")
_TIME_UNITS = re.compile("月|季度|周|年|天|日|小时|分钟")
_PIECE = 2_000  # characters read at once


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number with the class of its unit and the precision it was written with."""

    value: Decimal
    unit: str  # "%", "pp", "‱", "元", "美元", ..., "" where none is said
    tolerance: Decimal
    negative: bool
    years: frozenset[str]
    quote: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A number of the judged text with the words around it."""

    quantity: Quantity
    start: int
    end: int
    clause: str  # the words before it in its clause
    sentence: str
    cited: frozenset[int]


def claims(text: str) -> Iterator[Claim]:
    """The numbers of a text that say something: no dates, codes, list numbers, levels or citation marks."""
    position = 0
    while position < len(text):  # by pieces of whole lines or sentences, so that work stays linear
        end = len(text) if len(text) - position <= _PIECE else _piece_end(text, position)
        yield from _claims_of(text[position:end], position)
        position = end


def _piece_end(text: str, start: int) -> int:
    cut = max(text.rfind(mark, start, start + _PIECE) for mark in "。\n！？")
    return cut + 1 if cut > start else start + _PIECE


def _claims_of(text: str, offset: int) -> Iterator[Claim]:
    masked = _LIST_NUMBER.sub(_blank, _MARK.sub(_blank, text))
    numerals = find_numerals(masked)
    sentences = [(m.start(), m.end(), m.group()) for m in _SENTENCE.finditer(text)]
    index = 0
    for numeral in numerals:
        while index < len(sentences) - 1 and sentences[index][1] <= numeral.start:
            index += 1
        if not sentences or not _says_something(numeral, masked):
            continue
        start, _, body = sentences[index]
        yield Claim(
            quantity=_quantity(numeral, masked, frozenset(YEAR.findall(body))),
            start=offset + numeral.start,
            end=offset + numeral.end,
            clause=re.split("[，,；;：:（(]", masked[start : numeral.start])[-1],
            sentence=body,
            cited=frozenset(int(n) for n in _MARK.findall(body)),
        )


def _blank(found: re.Match[str]) -> str:
    return "□" * len(found.group())


def _says_something(numeral: Numeral, text: str) -> bool:
    before, after = text[max(0, numeral.start - 8) : numeral.start], text[numeral.end : numeral.end + 3]
    if numeral.kind in (NumeralKind.DATE, NumeralKind.CODE, NumeralKind.ORDINAL) or "*" in before[-2:] + after[:2]:
        return False
    if _INDEX_NAME.search(before) or _SKIPPED_BEFORE.search(before):
        return False
    if numeral.kind is not NumeralKind.COUNT:
        return True
    written = any(char.isdigit() and char.isascii() for char in numeral.quote)
    if _TIME_UNITS.search(numeral.unit) and (_RELATIVE.search(before) or not written):
        return False
    if not written:
        return numeral.value > 10
    rank = "/" in before[-1:] + after[:1]
    return bool(numeral.unit) or "." in numeral.quote or "," in numeral.quote or numeral.value >= 10 or rank


def _quantity(numeral: Numeral, text: str, years: frozenset[str]) -> Quantity:
    before = re.split("[，,；;。：:、]", text[max(0, numeral.start - 10) : numeral.start])[-1]
    return Quantity(
        value=abs(numeral.value),
        unit=_unit(numeral),
        tolerance=_tolerance(numeral),
        negative=numeral.value < 0 or bool(_NEGATIVE.search(before)),
        years=years,
        quote=numeral.quote,
    )


def _unit(numeral: Numeral) -> str:
    if numeral.kind is NumeralKind.PERCENT:
        return "%"
    if numeral.kind in (NumeralKind.PERCENTAGE_POINTS, NumeralKind.BASIS_POINTS):
        return "pp" if numeral.kind is NumeralKind.PERCENTAGE_POINTS else "bp"
    return same_unit(numeral.unit)


def same_unit(unit: str) -> str:
    plain = unit.removeprefix("个")
    same = {
        "人民币": "元",
        "日": "天",
        "自然日": "天",
        "户": "户",
        "名": "人",
        "位": "人",
        "支": "只",
        "周年": "年",
    }
    return same.get(plain, plain)


def _tolerance(numeral: Numeral) -> Decimal:
    """Half of the last written digit, so that a rounded figure is bound to the exact one."""
    if numeral.kind is NumeralKind.COUNT and "." not in numeral.quote:
        return Decimal(0)
    found = re.search(r"\d[\d,]*(?:\.(\d+))?\s?((?:百万|千万|[百千万亿])*)", numeral.quote)
    if found:
        step = Decimal(1).scaleb(-len(found[1] or ""))
        for char in found[2]:
            step *= {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}[char]
    else:
        step = Decimal(1).scaleb(int(numeral.value.normalize().as_tuple().exponent)) if numeral.value else Decimal(1)
    return step if numeral.approximate else step / 2


@lru_cache(maxsize=512)
def quantities_in(text: str) -> tuple[Quantity, ...]:
    """The numbers of a source, line by line, each with the years of its own line."""
    found: list[Quantity] = []
    for line in re.split(r"[\n。；;]", text):
        years = frozenset(YEAR.findall(line))
        found += [_quantity(n, line, years) for n in find_numerals(line) if n.kind is not NumeralKind.DATE]
    return tuple(found)
