"""Days and times to come as people say them: 明天上午, 下周三之前, 三点前, 一会儿, 月底, 两个工作日内.

Everything counts from the moment it is said. What nobody can settle (回头, 改天, 过几天, 节后) is not found. An hour
from one to six without a part of the day is of the afternoon; how days are read stands in `mandarin.spoken_days`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache

from mandarin.chinese_number import read_number
from mandarin.spoken_days import any_of, read_day, spoken_words

_HAN = "零一二两三四五六七八九十"
_CLOCK = re.compile(
    rf"(?P<hour>2[0-4]|1\d|\d|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九])"
    rf"(?:[:：](?P<sharp>[0-5]\d)|点(?:(?P<half>半)|(?P<quarter>[一三])刻|钟|整"
    rf"|(?P<minute>[0-5]?\d(?=分)|[1-5]\d(?!\d)|[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九])分?)?)(?![{_HAN}\d%])"
)
_NO_CLOCK_BEFORE = re.compile(rf"(?:[\d.{_HAN}百千万亿]|百分之|涨了?|跌了?|快|早|慢|晚|有|这|那|差|多|少|大|小)$")
_RELATION = re.compile(
    "(?P<by>之前|以前|前(?![面年后台])|内|之内|以内)|(?P<after>之后|以后|过后|后(?![面天续台]))|左右|多"
)
_JOIN = re.compile("[ ，,的]?")
_AFTERNOON = range(1, 7)  # hours that mean the afternoon when no part of the day is said


@dataclass(frozen=True, kw_only=True)
class SpokenMoment:
    """A day, a time of day, or both; `start` and `end` are offsets of `quote` in the text.

    `at` is a clock time where `exact`, else the end of the part of the day that was said; None where neither was.
    `says_day` is False for a time of day alone, whose `day` is then the next on which it comes.
    """

    start: int
    end: int
    quote: str
    day: date
    at: time | None = None
    exact: bool = False
    says_day: bool = True
    relation: str = "on"  # on | by | after
    raised: bool = False  # by twelve hours, since the earlier time is over today

    def on(self, day: date) -> SpokenMoment:
        """The same time on another day."""
        at = self.at.replace(hour=self.at.hour - 12) if self.at and self.raised else self.at
        return replace(self, day=day, at=at, says_day=True, raised=False)


def find_moments(text: str, *, said_at: datetime) -> tuple[SpokenMoment, ...]:
    """Days and times to come in a text, in order. `said_at`: when it is said, on a clock of China."""
    return tuple(_scan(text, said_at))


def _scan(text: str, said_at: datetime) -> Iterator[SpokenMoment]:
    at = 0
    while at < len(text):
        found = _moment(text, at, said_at)
        if found is None:
            at += 1
            continue
        end, moment = found
        if moment is not None:
            yield moment
        at = end


def _moment(text: str, start: int, said_at: datetime) -> tuple[int, SpokenMoment | None] | None:
    """Where the expression at `start` ends and what it says (None when it is past); None where there is none."""
    day = read_day(text, start, said_at)
    end = day.end if day else start
    part, end = _part(text, end, joined=day is not None)
    clock = _clock(text, end, part, alone=day is None and part is None)
    if clock:
        end = clock[1]
    if day is None and part is None and clock is None:
        return None
    if day is None and clock is None and not _RELATION.match(text, end) and part and len(part) == 1:
        return None  # a lone 早 or 晚 is no time
    if day and day.day is None:
        return end, None
    relation, end = _relation(text, end)
    at, exact = (clock[0], True) if clock else (_until(part), False) if part else (day.at if day else None, False)
    if day and day.at:
        exact = True
    moment = SpokenMoment(
        start=start, end=end, quote=text[start:end], day=(day.day if day else None) or said_at.date(),
        at=at, exact=exact, says_day=day is not None, relation=relation,
    )  # fmt: skip
    if clock and not part:
        moment = _raised(moment, said_at)
    return end, moment if day else _next_time(moment, said_at)


def _raised(moment: SpokenMoment, said_at: datetime) -> SpokenMoment:
    """八点 said at ten in the morning is in the evening."""
    if moment.at is None or moment.day != said_at.date() or moment.at.hour >= 12:
        return moment
    evening = moment.at.replace(hour=moment.at.hour + 12)
    return replace(moment, at=evening, raised=True) if moment.at <= said_at.time() < evening else moment


def _next_time(moment: SpokenMoment, said_at: datetime) -> SpokenMoment:
    """A time of day that is over today comes tomorrow."""
    over = moment.at is not None and moment.at <= said_at.time()
    return replace(moment, day=moment.day + timedelta(days=1)) if over else moment


def _relation(text: str, at: int) -> tuple[str, int]:
    found = _RELATION.match(text, at)
    if not found:
        return "on", at
    return ("by" if found["by"] else "after" if found["after"] else "on"), found.end()


def _part(text: str, at: int, *, joined: bool) -> tuple[str | None, int]:
    start = at
    if joined and (between := _JOIN.match(text, at)):
        start = between.end()
    found = _part_words().match(text, start)
    return (found.group(), found.end()) if found else (None, at)


def _clock(text: str, at: int, part: str | None, *, alone: bool) -> tuple[time, int] | None:
    start = at
    if not alone and (between := _JOIN.match(text, at)):
        start = between.end()
    found = _CLOCK.match(text, start)
    if not found or (alone and not _stands_alone(text, found)):
        return None
    hour = int(read_number(found["hour"]).value)
    minute = 30 if found["half"] else 15 * int(read_number(found["quarter"]).value) if found["quarter"] else 0
    if found["sharp"] or found["minute"]:
        minute = int(read_number(found["sharp"] or found["minute"]).value)
    hour = _hour(hour, part)
    return (time(hour, minute), found.end()) if hour < 24 else None


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """A clock time without day or part of the day; 一点 alone is a little, 二点五 a number."""
    if _NO_CLOCK_BEFORE.search(text[: found.start()]):
        return False
    told = any(found[name] for name in ("sharp", "half", "quarter", "minute")) or found.group()[-1] in "钟整"
    return told or found["hour"] not in ("一", "1") or bool(_RELATION.match(text, found.end()))


def _hour(hour: int, part: str | None) -> int:
    if part is None:
        return hour + 12 if hour in _AFTERNOON else hour
    first, last = spoken_words()["parts"][part]["hours"]
    return hour + 12 if hour < 12 and not first <= hour <= last and first <= hour + 12 <= last else hour


def _until(part: str) -> time:
    return time.fromisoformat(spoken_words()["parts"][part]["until"])


@cache
def _part_words() -> re.Pattern[str]:
    return any_of(spoken_words()["parts"])
