"""When a number is of, as tables of sources and comparisons of texts say it: a day, a month's end, 上季度末, 同比."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from compliance_filters.numbers.periods import Period, periods_in

# What an earlier level is called by how far back it lies; `latest` is any that came right before.
_STEPS = {
    "day": re.compile("(?:前|上)一?个?交易日|前一[天日]|昨[天日]"),
    "week": re.compile("(?:上|前)一?[周星](?:[一二三四五六日末]|期[一二三四五六日]?)?"),
    "month": re.compile("上个?月末?|前一?个?月"),
    "quarter": re.compile("上[一个]?季度?末?|上(?:一?个?报告)?期末?|[一1]个季度前|三个月前"),
    "half": re.compile("半年前|六个月前|上半年末"),
    "year": re.compile("[上去]年(?:度?同期|度(?!末))|[上去]年(?!度|末|底)|同期|一年前|同比"),
    "opening": re.compile("[年期]初|[上去]年度?[末底]"),
    "latest": re.compile("环比"),
}
_DAY = re.compile(r"(?<!\d)(?<!年)(?P<m>1[0-2]|[1-9])月(?P<d>3[01]|[12]\d|[1-9])日")
_MONTH = re.compile(r"(?:1[-—–~～至到])?(?<![\d个.])(?P<m>1[0-2]|[1-9])月(?:份|末|底)?(?!\d{1,2}日)")
_WEEK = range(5, 10)  # days
_OF_MONTHS = {1: "month", 3: "quarter", 6: "half", 12: "year"}
_LATEST = frozenset({"week", "month", "quarter"})
_DECEMBER = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A time as words say it; what is None is not said. `steps`: how far back from what is spoken of (上季度末)."""

    year: int | None = None
    first: int | None = None  # month; None for a whole year
    last: int | None = None
    day: int | None = None
    steps: frozenset[str] = frozenset()

    def is_named_by(self, told: Moment, now: Moment) -> bool:
        """Whether `told` (比二季末, 同比) means this moment, said of something that is of `now`."""
        if told.steps:
            return bool(told.steps & (self.steps or self.steps_from(now)))
        if self.steps:
            return bool(self.steps & told.steps_from(now))
        if told.year and self.year and told.year != self.year:
            return False
        if told.year and not self.year and told.last is None:
            return False
        if told.last is None or self.last is None:
            return told.last is self.last or (told.last is None and self.last == _DECEMBER)
        return told.last == self.last and (not (told.day and self.day) or told.day == self.day)

    def is_before(self, now: Moment) -> bool:
        return bool(self.steps) or bool(self.steps_from(now)) or self._months_to(now) > 0

    def _months_to(self, now: Moment) -> int:
        months = (now.last or _DECEMBER) - (self.last or _DECEMBER)
        if self.year and now.year:
            return months + (now.year - self.year) * _DECEMBER
        return months % _DECEMBER if months else 0

    def steps_from(self, now: Moment) -> frozenset[str]:
        """What this moment is called by somebody who speaks of `now`."""
        months = self._months_to(now)
        found = {_OF_MONTHS[months]} if months in _OF_MONTHS else set()
        if self.last == _DECEMBER and 0 < months <= _DECEMBER:
            found.add("opening")
        if self.day and now.day and self._days_to(now) in _WEEK:
            found.add("week")
        return frozenset(found | ({"latest"} if found & _LATEST else set()))

    def _days_to(self, now: Moment) -> int:
        year = self.year or now.year or date.min.year
        try:
            then = date(year, self.last or 1, self.day or 1)
            return (date(now.year or year, now.last or 1, now.day or 1) - then).days
        except ValueError:
            return 0


def moments_in(text: str) -> Iterator[tuple[int, int, Moment]]:
    """(start, end, moment) of every time that a text names, in order of place."""
    found = [(m.start, m.end, moment) for m in periods_in(text) if (moment := _of_period(m.value))]
    taken = bytearray(len(text))  # characters of what was found, so that the work grows with the text and no faster
    for start, end, _ in found:
        taken[start:end] = b"1" * (end - start)
    steps = [(word, Moment(steps=frozenset({name}))) for name, words in _STEPS.items() for word in words.finditer(text)]
    days = [(word, _in_a_month(word)) for words in (_DAY, _MONTH) for word in words.finditer(text)]
    for word, moment in (*steps, *days):
        start, end = word.span()
        if not taken[start]:
            found.append((start, end, moment))
            taken[start:end] = b"1" * (end - start)
    yield from sorted(found, key=lambda one: one[0])


def _in_a_month(word: re.Match[str]) -> Moment:
    day = word.groupdict().get("d")
    return Moment(first=int(word["m"]), last=int(word["m"]), day=int(day) if day else None)


def _of_period(period: Period) -> Moment | None:
    if period.kind not in ("calendar", "day") or period.years:
        return None
    if (period.first, period.last) == (1, _DECEMBER) and period.kind == "calendar":
        return Moment(year=period.year)
    return Moment(year=period.year, first=period.first, last=period.last, day=period.day or None)
