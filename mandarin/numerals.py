"""Numbers in Mandarin text and speech, with unit, kind and place: 二十来万, 百分之三点五, 六零零五一九."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib import resources

from mandarin.chinese_number import DIGITS, plain, plain_formal, read_number
from mandarin.numeral import DIGIT_CHARS as _D
from mandarin.numeral import SCALE_CHARS as _S
from mandarin.numeral import Numeral, NumeralKind, make_numeral
from mandarin.offsets import Edit, Mapped
from mandarin.quantity import read_calendar, read_core, read_quantity
from mandarin.script import fold_width, to_simplified

__all__ = ["Numeral", "NumeralKind", "find_numerals", "to_digits"]

_HALF_UNIT = re.compile(r"(?<![上下前后大过夜小多])半(个月|个小时|个季度|年|小时|天|成)")
_FRACTION = re.compile(rf"(?P<negative>负)?(?P<base>[{_D}{_S}\d]{{1,24}})分之(?P<minus>负)?")
_COMMISSION = re.compile(
    rf"(?<![\d{_D}{_S}])(?P<base>[万千])(?P<rate>\d+(?:\.\d+)?|[一二三四五六七八九零](?:点[{_D}]+)?)(?![\d{_D}{_S}块元年月天])"
)
_FEE_WORDS = re.compile("佣金|费率|手续费|费用|开户|免五|规费|过户")
_ORDINAL = re.compile(rf"第([{_D}{_S}]+|\d+)(?!方)|(?<!个)([一二三四1-4])季度")
# Whatever can begin a number, full width and traditional and banker's forms included.
_NUMBER_CHAR = re.compile(rf"[\d{_D}{_S}几半负萬億兩幾負壹贰貳叁參肆伍陆陸柒捌玖拾佰仟⓪①-⑳㈠-㈩]")
_START = re.compile(rf"[\d{_D}{_S}几半负第\-+\u2212]")
_LONGEST_BASE = 16  # characters of 三千五百分之 before its end
_FEE_REACH = 12  # characters around 万三 in which a fee must be spoken of
# One letter and its digits (R3, A50, T+1, F10001); GDP5.2% or RMB300 still holds a number.
_LATIN_WORD = re.compile(r"[A-Za-z](?<![A-Za-z0-9_].)[-+]?\d{1,6}(?![\d.%])")


def find_numerals(text: str) -> tuple[Numeral, ...]:
    """All numbers of a text in order, without overlap; full width and traditional forms included.

    Words such as 一定, 千万别, 四川 or 第三方 are left alone (list in not_numerals.txt).
    """
    if not _NUMBER_CHAR.search(text):
        return ()
    source = to_simplified(fold_width(text))
    return tuple(_placed(numeral, source) for numeral in _scan(plain_formal(source.text)))


def to_digits(text: str) -> Mapped:
    """Write Chinese numerals with Arabic digits: 两万五 -> 25000, 百分之三点五 -> 3.5%, 20万 -> 200000.

    Where digits would say more than was said (十几万, 两三万) the words stay.
    """
    return Mapped.from_edits(
        text,
        (
            Edit(start=numeral.start, end=numeral.end, replacement=numeral.digits)
            for numeral in find_numerals(text)
            if numeral.digits != numeral.quote
        ),
    )


def _placed(numeral: Numeral, source: Mapped) -> Numeral:
    if source.in_place and numeral.quote == source.original[numeral.start : numeral.end]:
        return numeral
    start, end = source.original_span(numeral.start, numeral.end)
    return replace(numeral, start=start, end=end, quote=source.original[start:end])


def _scan(text: str) -> Iterator[Numeral]:
    words = _Words(text)
    position = 0
    while candidate := _START.search(text, position):
        start = candidate.start()
        numeral = _commission(text, start) or (None if words.end_at(start) else _read(text, start, words))
        if numeral:
            yield numeral
        position = numeral.end if numeral else max(start + 1, words.end_at(start))


def _read(text: str, start: int, words: _Words) -> Numeral | None:
    """The number at `start`, read only up to the next word that merely looks like one."""
    limit = words.next_start(start)
    char = text[start]
    for begins, reader in _READERS:
        numeral = reader(text, start) if char in begins else None
        if numeral and numeral.end > limit and numeral.kind in (NumeralKind.COUNT, NumeralKind.AMOUNT):
            numeral = reader(text[:limit], start)
        if numeral:
            return numeral
    return None


class _Words:
    """Where a text holds words whose numerals are no numbers (一定, R3, T+1)."""

    def __init__(self, text: str) -> None:
        spans = sorted([*_word_spans(text), *(word.span() for word in _LATIN_WORD.finditer(text))])
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def end_at(self, position: int) -> int:
        """The end of the word that covers `position`; 0 where none does."""
        before = bisect_left(self._starts, position + 1) - 1
        return self._ends[before] if before >= 0 and self._ends[before] > position else 0

    def next_start(self, position: int) -> int:
        """Where the next such word begins; beyond any text where there is none."""
        after = bisect_left(self._starts, position + 1)
        return self._starts[after] if after < len(self._starts) else sys.maxsize


def _commission(text: str, start: int) -> Numeral | None:
    found = _COMMISSION.match(text, start)
    if not found:
        return None
    exact = any(point in found["rate"] for point in ".点")
    near = text[max(0, start - _FEE_REACH) : found.end() + _FEE_REACH // 2]
    if not (exact or _FEE_WORDS.search(near)):
        return None
    value, unit = read_number(found["rate"]).value, "‱" if found["base"] == "万" else "‰"
    return make_numeral(text, start, found.end(), value, unit, NumeralKind.RATIO, found["base"] + plain(value))


def _fraction(text: str, start: int) -> Numeral | None:
    """百分之三点五, 千分之一, 万分之五, 三分之二, 百分百, 一半."""
    if text[start] not in "一百" and "分之" not in text[start : start + _LONGEST_BASE]:
        return None
    for word, value, unit in (("百分百", Decimal(100), "%"), ("一半", Decimal("0.5"), "")):
        if text.startswith(word, start):
            kind = NumeralKind.PERCENT if unit else NumeralKind.RATIO
            return make_numeral(text, start, start + len(word), value, unit, kind, plain(value) + unit)
    found = _FRACTION.match(text, start)
    core = read_core(text, found.end()) if found else None
    if not found or not core:
        return None
    value = -core.value if found["negative"] or found["minus"] else core.value
    sign = "-" if value < 0 else ""
    unit = {"百": "%", "千": "‰", "万": "‱"}.get(found["base"], "")
    if not unit:
        whole = read_number(found["base"]).value
        share = value / whole if whole else None
        return None if share is None else make_numeral(text, start, core.end, share, "", NumeralKind.RATIO, None)
    kind = NumeralKind.PERCENT if unit == "%" else NumeralKind.RATIO
    digits = None if core.digits is None else sign + core.digits + unit
    return make_numeral(text, start, core.end, value, unit, kind, digits, approximate=core.approximate)


def _ordinal(text: str, start: int) -> Numeral | None:
    found = _ORDINAL.match(text, start)
    if not found:
        return None
    value = read_number(found[1] or found[2]).value
    unit, digits = ("", f"第{plain(value)}") if found[1] else ("季度", f"{plain(value)}季度")
    return make_numeral(text, start, found.end(), value, unit, NumeralKind.ORDINAL, digits)


def _half(text: str, start: int) -> Numeral | None:
    found = _HALF_UNIT.match(text, start)
    if not found:
        return None
    if found[1] == "成":
        return make_numeral(text, start, found.end(), Decimal(5), "%", NumeralKind.PERCENT, "5%")
    return make_numeral(text, start, found.end(), Decimal("0.5"), found[1], NumeralKind.COUNT, None)


_NUMERIC = f"0123456789{_D}{_S}几"
# Each reader with the characters that what it reads can begin with.
_READERS: tuple[tuple[str, Callable[[str, int], Numeral | None]], ...] = (
    (f"{_NUMERIC}负", _fraction),
    ("第一二三四1234", _ordinal),
    (_NUMERIC, read_calendar),
    ("半", _half),
    (f"{_NUMERIC}-+\u2212负", read_quantity),
)


def _word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Words of the list, leftmost and longest first; looked for only where one of them can begin."""
    begins, by_first = _not_numerals()
    position = 0
    for candidate in begins.finditer(text):
        start = candidate.start()
        if start < position:
            continue
        word = by_first[candidate.group()].match(text, start)
        if word:
            position = word.end()
            yield word.span()


@cache
def _not_numerals() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """A pattern of their first characters, and for each of these the words that begin with it."""
    lines = resources.files("mandarin").joinpath("not_numerals.txt").read_text("utf-8").splitlines()
    words = sorted((line for line in lines if line and not line.startswith("#")), key=len, reverse=True)
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[0], []).append(_guarded(word))
    patterns = {first: re.compile("|".join(group)) for first, group in by_first.items()}
    return re.compile(f"[{''.join(patterns)}]"), patterns


def _guarded(word: str) -> str:
    """三千万 is a number although 千万 is a word; 六零零三六零 is a code although 三六零 is a firm."""
    digits_only = all(char in DIGITS for char in word)
    before = rf"(?<![\d{_D}{_S}几])" if digits_only or word[0] in _S else ""
    return f"{before}{word}" + (rf"(?![{_D}{_S}])" if digits_only else "")
