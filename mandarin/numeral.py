"""What a number in a text is: its place, value, unit and kind."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

DIGIT_CHARS = "零〇一二两三四五六七八九幺"
SCALE_CHARS = "十百千万亿"


class NumeralKind(StrEnum):
    """What a number counts."""

    AMOUNT = "amount"
    PERCENT = "percent"
    PERCENTAGE_POINTS = "percentage_points"
    BASIS_POINTS = "basis_points"
    RATIO = "ratio"
    CODE = "code"
    DATE = "date"
    ORDINAL = "ordinal"
    COUNT = "count"


@dataclass(frozen=True, kw_only=True)
class Numeral:
    """One number; `start` and `end` are offsets into the text handed in, `quote` is that slice.

    `value` is in base units: 1.2亿元 is 120000000 元, 百分之三点五 is 3.5 %, 三成 is 30 %, 万2.5 is
    2.5 ‱, a date is its digits (20241231 年月日, 202412 年月, 2024 年, 1231 月日, 12 月, 31 日).
    `unit` is "" where none was said; a bare 万 or 亿 is an amount. A code's `value` loses leading
    zeros, `digits` keeps them.
    """

    start: int
    end: int
    quote: str
    value: Decimal
    unit: str
    approximate: bool
    kind: NumeralKind
    digits: str  # the same thing written with Arabic digits, unit included; the quote where that is not exact


def make_numeral(
    text: str, start: int, end: int, value: Decimal, unit: str, kind: NumeralKind, digits: str | None,
    approximate: bool = False,
) -> Numeral:  # fmt: skip
    """The number at `text[start:end]`; without `digits` it stays written as it is."""
    quote = text[start:end]
    return Numeral(
        start=start, end=end, quote=quote, value=value, unit=unit, approximate=approximate, kind=kind,
        digits=quote if digits is None else digits,
    )  # fmt: skip
