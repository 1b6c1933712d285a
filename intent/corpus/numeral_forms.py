"""Numbers of a line in the other form: 八十万 as 80万, 3.5% as 百分之三点五; the value stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from mandarin.chinese_number import read_number, write_number
from mandarin.numeral import DIGIT_CHARS, Numeral, NumeralKind
from mandarin.numerals import find_numerals

_SPOKEN = re.compile(f"(?!一(?![十百千万亿点]))[{DIGIT_CHARS}十][{DIGIT_CHARS}十百千]*")  # 一个 is written with 一
_WRITTEN = re.compile(r"\d+(?:\.\d+)?")
_ONE_BY_ONE = str.maketrans("0123456789", "零一二三四五六七八九")
_MOST_SPOKEN = Decimal(10) ** 12  # larger ones have no words


def values(text: str) -> Counter[tuple[Decimal, str, bool]]:
    """The numbers of a text, counted: value, unit, and whether a digit is left open (八十来万)."""
    return Counter((numeral.value, numeral.unit, numeral.approximate) for numeral in find_numerals(text))


def number_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where numbers stand, in order."""
    return tuple((numeral.start, numeral.end) for numeral in find_numerals(text))


def other_forms(text: str) -> list[tuple[Numeral, list[str]]]:
    """The numbers that can be written otherwise without a change of any value in the text, with these forms."""
    wanted = values(text)
    found = []
    for numeral in find_numerals(text):
        forms = dict.fromkeys(_forms(numeral))
        same = [f for f in forms if values(text[: numeral.start] + f + text[numeral.end :]) == wanted]
        if same:
            found.append((numeral, same))
    return found


def _forms(numeral: Numeral) -> Iterator[str]:
    quote = numeral.quote
    written = _WRITTEN.search(quote)
    if written:
        yield from _spoken(numeral, written)
    elif spoken := _SPOKEN.match(quote):
        if numeral.kind is not NumeralKind.CODE and quote != spoken.group():
            yield f"{read_number(spoken.group()).value}{quote[spoken.end() :]}"
        elif numeral.digits != quote:
            yield numeral.digits
    if not written and numeral.kind is NumeralKind.PERCENT and numeral.digits != quote:
        yield numeral.digits


def _spoken(numeral: Numeral, written: re.Match[str]) -> Iterator[str]:
    digits, quote = written.group(), numeral.quote
    before, after = quote[: written.start()], quote[written.end() :]
    if numeral.kind is NumeralKind.CODE:
        yield before + digits.translate(_ONE_BY_ONE) + after
    elif after.startswith("%") and Decimal(digits) < _MOST_SPOKEN:
        yield f"{before}百分之{write_number(Decimal(digits))}{after[1:]}"
    elif len(digits) <= 12:
        number = "两" if digits == "2" and after else write_number(Decimal(digits))
        yield before + number + after
