"""The value of one number written in Chinese characters, in digits, or in both (3万5, 1.2亿)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
_SPOKEN = "零一二三四五六七八九"
SCALES = {
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "亿": 10**8,
    "w": 10**4,
    "W": 10**4,
    "k": 10**3,
    "K": 10**3,
}
SOME = "几"  # an unstated digit: two or more before a scale (几万), nothing after ten (十几)
_PLAIN = re.compile(r"\d[\d,]*(?:\.\d+)?")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|.")
_ROUND = re.compile("百八十|千八百|万八千")  # 百八十万 is about a million: no figure stands before the scale
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_FORMAL_RUN = re.compile("[壹贰叁肆伍陆柒捌玖零拾佰仟万亿]{2,}")


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number read; `approximate` when the writing leaves a digit open (十几, 两三万)."""

    value: Decimal
    approximate: bool = False


def read_number(text: str) -> Value:
    """Read 一千六百八十, 一百二 (120), 两万五 (25000), 三十五点六, 一点二亿, 3万5, 1.2亿, 十几万.

    Of two neighbouring digits (两三万, 十七八) the lower is taken and the value is approximate; so is 百八十万, about
    a million.
    Raises ValueError on a character that is no part of a number.
    """
    if _PLAIN.fullmatch(text):
        return Value(value=Decimal(text.replace(",", "")))
    if about := _ROUND.match(text):
        return replace(read_number(f"一{text[0]}{text[about.end() :]}"), approximate=True)
    whole, point, rest = text.partition("点")
    if not point:
        return _Reader().read(text)
    fraction, scale = _split_fraction(rest)
    before = _Reader().read(whole) if whole else Value(value=Decimal(0))
    number = before.value + Decimal("0." + "".join(str(DIGITS[char]) for char in fraction))
    for char in scale:
        number *= SCALES[char]
    return Value(value=number, approximate=before.approximate)


def read_digits(text: str) -> str:
    """Digit characters one by one: 六零零五一九 -> 600519. Raises KeyError on anything else."""
    return "".join(char if char.isdigit() and char.isascii() else str(DIGITS[char]) for char in text)


def plain_formal(text: str) -> str:
    """Banker's numerals (壹佰贰拾) as ordinary ones; the length stays the same."""
    return _FORMAL_RUN.sub(lambda run: run.group().translate(_FORMAL), text)


def plain(value: Decimal) -> str:
    """Digits without exponent or trailing zeros: 2.5E+5 -> 250000."""
    return format(value.normalize(), "f")


def write_number(value: Decimal) -> str:
    """In characters as spoken: 120 -> 一百二十, 20000 -> 两万, 3.5 -> 三点五. Raises ValueError from 10^12 on."""
    whole, _, fraction = plain(abs(value)).partition(".")
    if len(whole) > 12:
        raise ValueError(f"{value} is too large to be spoken in 亿")
    sections = [int(whole.zfill(12)[at : at + 4]) for at in (0, 4, 8)]
    spoken = ""
    for section, scale in zip(sections, ("亿", "万", ""), strict=True):
        if section:
            gap = "零" if spoken and section < 1000 else ""
            spoken += gap + ("两" if section == 2 and scale else _section(section, leading=not spoken)) + scale
    tail = "点" + "".join(_SPOKEN[int(digit)] for digit in fraction) if fraction else ""
    return ("负" if value < 0 else "") + (spoken or "零") + tail


def _section(value: int, *, leading: bool) -> str:
    """1 to 9999; 两 before 百 and 千, and no 一 before a leading 十."""
    spoken, gap = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // scale % 10
        if digit:
            two = digit == 2 and scale >= 100
            spoken += ("零" if gap and spoken else "") + ("两" if two else _SPOKEN[digit]) + name
        gap = not digit
    return spoken.removeprefix("一") if leading and 10 <= value < 20 else spoken


class _Reader:
    """Adds up sections of 亿, 万 and below; the last loose digit counts a tenth of the last scale."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.section = Decimal(0)
        self.current: Decimal | None = None
        self.last_scale = 1
        self.approximate = False

    def read(self, text: str) -> Value:
        for token in _tokens(text):
            if token in SCALES:
                self._scale(SCALES[token])
            elif token == SOME:
                self._some()
            else:
                self._digit(Decimal(DIGITS[token]) if token in DIGITS else Decimal(token.replace(",", "")))
        if self.current is not None:
            self.section += self.current * (self.last_scale // 10 if self.last_scale >= 100 else 1)
        return Value(value=self.total + self.section, approximate=self.approximate)

    def _scale(self, scale: int) -> None:
        if scale < 10**4:
            self.section += (Decimal(1) if self.current is None else self.current) * scale
        else:
            self._close_section(scale)
        self.current, self.last_scale = None, scale

    def _close_section(self, scale: int) -> None:
        self.section += self.current or 0
        if not self.section and not self.total:
            self.section = Decimal(1)
        if scale == 10**8:
            self.total = (self.total + self.section) * scale
        else:
            self.total += self.section * scale
        self.section = Decimal(0)

    def _some(self) -> None:
        self.approximate = True
        self.current = Decimal(0) if self.last_scale == 10 else Decimal(2)

    def _digit(self, digit: Decimal) -> None:
        if digit == 0 and self.current is None and self.last_scale > 1:
            self.last_scale = 1  # 一百零二: what follows counts as ones
        elif self.current is None:
            self.current = digit
            if digit >= 10:
                self.last_scale = 1  # 3万500: a written-out rest is no shorthand
        else:
            self.approximate = True


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token not in SCALES and token not in DIGITS and token != SOME and not token[0].isdigit():
            raise ValueError(f"{token!r} is no part of a number")
        yield token


def _split_fraction(text: str) -> tuple[str, str]:
    end = next((i for i, char in enumerate(text) if char not in DIGITS), len(text))
    if not end:
        raise ValueError(f"no digits after 点 in {text!r}")
    return text[:end], text[end:]
