"""Periods that figures belong to: 过去六个月, 2024年三季度, 截至2026-09-30, 成立以来; and whether two of them agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from mandarin.chinese_number import read_number

_N = r"[一二两三四五六七八九十]{1,3}|\d{1,2}"
_SUB = (
    r"(?:(?P<half{0}>[上下])半年度?|前(?P<first{0}>[二三23])季度|第?\s?(?P<quarter{0}>[一二三四1-4])\s?季[度末报]?"
    r"|[Qq](?P<q{0}>[1-4])|[Hh](?P<h{0}>[12]))"
)
_PERIOD = re.compile(
    rf"(?:近|过去|最近|满|拉长?到)\s?(?P<length>半|{_N})\s?(?P<unit>个?年|个?月|个?季度|周|个?交易日|天|日)(?P<a_half>半)?"
    r"|(?P<life>(?:合同生效|成立|运作|转型)(?:日|以来|至今|起至今|之日起至今|日起至今)+)"
    r"|(?P<ytd>今年以来|年初至今|年初以来|本年以来|本年至今)"
    r"|(?P<range>(?P<ry>(?:19|20)\d\d)年(?P<rm>1[0-2]|0?[1-9])月0?1日\s?[至到\-—–~～]{1,2}\s?(?:(?P=ry)年)?(?P<rto>1[0-2]|0?[1-9])月(?:2[89]|3[01])日)"
    r"|(?P<day>(?P<y0>(?:19|20)\d\d)(?:年|[-/.])(?P<m0>1[0-2]|0?[1-9])(?:月|[-/.])(?P<d0>3[01]|[12]\d|0?[1-9])日?)(?![\d%])"
    r"|(?P<from>(?:19|20)\d\d)年?\s?[至到\-—–~～、和]{1,2}\s?(?P<to>(?:19|20)\d\d)年"
    rf"|(?P<year>(?<!\d)(?:19|20)\d\d)(?:年度?|(?=[QqHh][1-4]))(?:(?P<month>1[0-2]|0?[1-9])月(?:份?[至到\-—–~～](?P<until>1[0-2]|0?[1-9])月)?|(?P<interim>中期(?=报告)|半年度?(?=报))|{_SUB.format(1)})?"
    r"|(?P<end_of>(?<![\d个.])(?:1[0-2]|0?[1-9]))月(?:[末底]|(?=为?\d[\d,]*(?:\.\d+)?(?:[%亿万]|元|份)))"
    rf"|(?P<bare>(?<![个\d两二上下前每]){_SUB.format(2)})"
)
# 近三个月、半年、一年: what stands before the first holds for all.
_AND_ANOTHER = re.compile(
    rf"(?:、|和|与|及|以及|/)(?P<length>半|{_N})\s?(?P<unit>个?年|个?月|个?季度)(?P<a_half>半)?(?!来|期|内|以)"
)
# 一、二、三季度: each is a period.
_LISTED_QUARTERS = re.compile(r"(?P<listed>[一二三四1-4](?:[、和与及][一二三四1-4]){1,3})季度")
_BEGINS = re.compile(r"[近过最满拉合成运转今年本上下前第一二三四QqHh]|\d(?<!\d\d)")
_FACT_RANGE = re.compile(r"((?:19|20)\d\d)-?(\d\d)-?(\d\d)\s?(?:至|到|~|/|—|-)\s?((?:19|20)\d\d)-?(\d\d)-?(\d\d)")
_WHOLE_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_REMEMBERED = 256  # texts
_RUNNING = frozenset({"rolling", "calendar", "life", "ytd"})  # periods over which something was earned
_QUARTER = 3  # months
_MONTHS = {"年": 12, "个年": 12, "月": 1, "个月": 1, "季度": 3, "个季度": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """`kind` is rolling (months, or days below zero), calendar, day, life or ytd.

    A calendar period is `year` (None = not said) and its months `first`..`last`; a day has the day too.
    `years` lists the years of a span such as 2022至2024年.
    """

    kind: str
    length: int = 0
    year: int | None = None
    first: int = 1
    last: int = 12
    day: int = 0
    years: tuple[int, ...] = ()
    ends: bool = field(default=False, compare=False)  # the end of a month: 6月末

    @property
    def is_part(self) -> bool:
        """Months of a year, and neither the whole of it nor several."""
        return self.kind == "calendar" and not self.years and (self.first, self.last) != (1, 12)

    def agrees(self, other: Period) -> bool | None:
        """True or False where both can be compared; None where they say different things (2024 and 近一年)."""
        mine, theirs = self.kind, other.kind
        if mine == theirs == "rolling":
            return self.length == other.length
        if mine in _DATED and theirs in _DATED:
            return self._dates_agree(other)
        return True if mine == theirs else None

    def _dates_agree(self, other: Period) -> bool:
        if self.years or other.years:
            mine, theirs = self.years or (self.year,), other.years or (other.year,)
            return bool(set(mine) & set(theirs))
        if self.year and other.year and self.year != other.year:
            return False
        if self.kind == other.kind == "day":
            return (self.first, self.day) == (other.first, other.day)
        if self.kind == other.kind and (self.year is None or other.year is None):
            return (self.first, self.last) == (other.first, other.last) or self._ends_in(other) or other._ends_in(self)
        return self._holds(other) or other._holds(self)

    def _ends_in(self, other: Period) -> bool:
        """Whether the other is the last month of this part of a year: 6月末 of 二季度."""
        return self.is_part and other.ends and other.first == other.last == self.last

    def _holds(self, other: Period) -> bool:
        """Whether the other lies within this one as people name it: any day of a year, the end of a part of it."""
        if self.kind == other.kind and (self.first, self.last) == (other.first, other.last):
            return True
        whole_year, one_month = (self.first, self.last) == (1, 12), other.first == other.last
        return self.kind == "calendar" and (whole_year or (one_month and other.first == self.last))


_DATED = frozenset({"calendar", "day"})


class PeriodMention(NamedTuple):
    """A period in a text."""

    start: int
    end: int
    value: Period


@lru_cache(maxsize=_REMEMBERED)
def periods_in(text: str) -> tuple[PeriodMention, ...]:
    """Every period that a text names, in order; several filters read the same sentences."""
    found = [PeriodMention(found.start(), found.end(), _period(found)) for found in _found(text)]
    listed = list(_LISTED_QUARTERS.finditer(text)) if "季度" in text else []
    for one in listed:
        found += _quarters(one, found)
    return tuple(sorted(found, key=lambda mention: mention.start) if listed else found)


def _quarters(listed: re.Match[str], found: Sequence[PeriodMention]) -> Iterator[PeriodMention]:
    """The quarters of a list but for those that were found with its last word, in the year said before it."""
    start, end = listed.span("listed")
    year = next((m.value.year for m in found if m.end == start and m.value.kind == "calendar"), None)
    for place in range(start, end - 1, 2):
        first = _CHINESE.get(listed.string[place]) or int(listed.string[place])
        if not any(m.start <= place < m.end for m in found if m.end > end):
            yield PeriodMention(
                place, place + 1, Period(kind="calendar", year=year, first=first * 3 - 2, last=first * 3)
            )


def _found(text: str) -> Iterator[re.Match[str]]:
    """Matches from left to right, tried only where a period can begin."""
    position = 0
    for candidate in _BEGINS.finditer(text):
        if candidate.start() >= position:
            found = _PERIOD.match(text, candidate.start())
            while found:
                position = found.end()
                yield found
                found = _AND_ANOTHER.match(text, position) if found["length"] else None


def period_of_fact(period: str | None, name: str) -> tuple[Period, ...]:
    """What the period of a fact says: 2024, 2026Q3, 过去一年, 2025-09-30至2026-09-30; () where nothing is said."""
    said = period or ""
    span = _FACT_RANGE.search(said)
    if span:
        y1, m1, d1, y2, m2, d2 = map(int, span.groups())
        return _of_range(y1, m1, d1, y2, m2, d2)
    found = tuple(mention.value for mention in periods_in(said)) or tuple(
        Period(kind="calendar", year=int(year)) for year in _WHOLE_YEAR.findall(said)
    )
    return found or tuple(mention.value for mention in periods_in(name))


def former_periods(word: str, periods: Sequence[Period]) -> tuple[Period, ...]:
    """What 上季度末, 上年末 or 去年同期 is, said by a report of `periods`; () where that is not certain."""
    of = next((p for p in periods if p.kind == "calendar" and p.year), None)
    if of is None or of.year is None:
        return ()
    if word.endswith("年同期"):
        return (replace(of, year=of.year - 1),)
    if "年" in word and word.endswith("末"):
        return (Period(kind="calendar", year=of.year - 1),)
    if "季" in word and of.is_part and of.last - of.first == _QUARTER - 1:
        year, last = (of.year, of.first - 1) if of.first > 1 else (of.year - 1, 12)
        return (Period(kind="calendar", year=year, first=last - _QUARTER + 1, last=last),)
    return ()


def dated(periods: tuple[Period, ...], of_report: Sequence[Period]) -> tuple[Period, ...]:
    """Periods with what they are of the calendar in a report: 过去一年 in a year's, 过去三个月 in a quarter's."""
    if len(periods) != 1 or periods[0].kind != "rolling":
        return periods
    return (*periods, *(p for p in of_report if p.year and not p.years and p.last - p.first + 1 == periods[0].length))


def _of_range(y1: int, m1: int, d1: int, y2: int, m2: int, d2: int) -> tuple[Period, ...]:
    """A range of dates is a rolling period up to its last day, and a calendar one where it fits a calendar."""
    months = (y2 - y1) * 12 + m2 - m1
    found = [Period(kind="day", year=y2, first=m2, last=m2, day=d2)]
    if d1 == 1 and d2 >= 28:
        months += 1
        if y1 == y2:
            found.append(Period(kind="calendar", year=y1, first=m1, last=m2))
    elif (m1, d1, m2, d2) == (12, 31, 12, 31) and y2 == y1 + 1:
        found.append(Period(kind="calendar", year=y2))
    return (*found, Period(kind="rolling", length=months))


def _period(found: re.Match[str]) -> Period:
    if found["length"]:
        return Period(kind="rolling", length=_length(found))
    if found["life"]:
        return Period(kind="life")
    if found["ytd"]:
        return Period(kind="ytd")
    if found["range"]:
        return Period(kind="calendar", year=int(found["ry"]), first=int(found["rm"]), last=int(found["rto"]))
    if found["day"]:
        month = int(found["m0"])
        return Period(kind="day", year=int(found["y0"]), first=month, last=month, day=int(found["d0"]))
    if found["from"]:
        years = tuple(range(int(found["from"]), int(found["to"]) + 1))
        return Period(kind="calendar", year=None, years=years)
    if found["end_of"]:
        month = int(found["end_of"])
        return Period(kind="calendar", first=month, last=month, ends=found.group()[-1] in "末底")
    year = int(found["year"]) if found["year"] else None
    if found["interim"]:
        return Period(kind="calendar", year=year, first=1, last=6)
    if found["month"]:
        month = int(found["month"])
        return Period(kind="calendar", year=year, first=month, last=int(found["until"] or month))
    first, last = _part(found)
    return Period(kind="calendar", year=year, first=first, last=last)


def _length(found: re.Match[str]) -> int:
    unit = found["unit"]
    if found["length"] == "半":
        return 6 if unit.endswith("年") else -15
    written = found["length"]
    number = _CHINESE.get(written) or int(read_number(written).value)
    months = _MONTHS.get(unit)
    if months is None:
        return -number * (7 if unit == "周" else 1)
    return number * months + (6 if found["a_half"] and unit.endswith("年") else 0)


_CHINESE = {"上": 1, "下": 2, "两": 2} | {char: value for value, char in enumerate("一二三四五六七八九十", 1)}


def _part(found: re.Match[str]) -> tuple[int, int]:
    """First and last month of a half-year or quarter; the whole year where none is named."""
    said = {name: value for name, value in found.groupdict().items() if value and name[-1] in "12"}
    if not said:
        return 1, 12
    name, value = next(iter(said.items()))
    number = _CHINESE.get(value) or int(value)
    kind = name.rstrip("12")
    if kind in ("half", "h"):
        return (1, 6) if number == 1 else (7, 12)
    if kind == "first":
        return 1, number * 3
    return number * 3 - 2, number * 3


def is_long(period: Period) -> bool:
    """Over a year, so that a rate a year is not what it came to."""
    return period.kind == "life" or period.length > _MONTHS["年"] or len(period.years) > 1


def kinds(periods: Sequence[Period]) -> set[str]:
    """In which ways they say over what something was earned."""
    return {period.kind for period in periods} & _RUNNING


def differ(mine: Sequence[Period], theirs: Sequence[Period]) -> bool:
    """2024年 and 2024年上半年 agree, and are not the same."""
    pairs = [(a, b) for a in mine for b in theirs if a.kind == b.kind == "calendar"]
    return bool(pairs) and not any(_are_same(a, b) for a, b in pairs)


def _are_same(mine: Period, theirs: Period) -> bool:
    years = mine.year is None or theirs.year is None or mine.year == theirs.year
    return years and (mine.first, mine.last, mine.years) == (theirs.first, theirs.last, theirs.years)


def of_other_lengths(mine: Sequence[Period], theirs: Sequence[Period]) -> bool:
    """近三年 where the source's own words are 近一年."""
    return any(a.kind == b.kind == "rolling" and a.length != b.length for a in mine for b in theirs)


def of_other_parts(mine: Sequence[Period], theirs: Sequence[Period]) -> bool:
    """前三季度 where the source's own words are 上半年."""
    parts = [(a, b) for a in mine for b in theirs if a.is_part and b.is_part]
    return bool(parts) and not any(a.agrees(b) for a, b in parts)


def of_other_years(mine: Sequence[Period], theirs: Sequence[Period]) -> bool:
    years = [(a.year, b.year) for a in mine for b in theirs if a.year and b.year]
    return bool(years) and all(a != b for a, b in years)
