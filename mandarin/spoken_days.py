"""Days to come as people say them: 下周三, 月底, 十四号, 三天内, 明天; a part of `mandarin.spoken_dates`.

Where a word leaves something open, one reading is taken: a bare weekday is the next one, 下周 alone ends on its Friday,
月初 is the 5th and 月中 the 15th. Working days and trading days leave out Saturdays and Sundays alone: no calendar of
holidays is known here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from mandarin.chinese_number import read_number
from mandarin.dates import read_date

_HAN = "零一二两三四五六七八九十"
_NUMBER = rf"(?:\d{{1,2}}|[{_HAN}]{{1,3}})"
_WEEK = "(?:周|礼拜|星期)"
_WEEKDAY = re.compile(
    rf"(?<!每)(?<!每个)(?P<which>下下个?|下个?|这个?|本|上上?个?)?{_WEEK}(?P<day>[一二三四五六日天1-6])(?![到至]{_WEEK})"
)
_WEEKEND = re.compile(r"(?P<which>下个?|这个?|本)?(?:周|礼拜)末")
_WHOLE_WEEK = re.compile(rf"(?P<which>下个?|这个?|本){_WEEK}")
_MONTH_PART = re.compile(
    r"(?P<which>下个?|这个?|本)?(?:(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?|月)(?P<part>底|末|初|中旬?|上旬|下旬)"
)
_WHOLE_MONTH = re.compile(r"(?P<which>下个?|这个?|本)月份?(?!底|末|初|中)")
_YEAR_END = re.compile("(?P<which>明)?年[底末]")
_ENDS = "(?=之内|以内|内|之后|以后|过后|后)"
_SPAN = re.compile(
    rf"(?P<half>半)个?(?P<half_unit>小时|钟头|天|月)(?P<half_end>{_ENDS})?"
    rf"|(?P<number>{_NUMBER})个?(?P<unit>分钟|小时|钟头|工作日|交易日|天|周|礼拜|星期|月)(?P<more>半)?(?P<end>{_ENDS})?"
)
_BARE_SPANS = frozenset({"分钟", "小时", "钟头", "工作日", "交易日"})  # 十分钟给您回: no 内 is needed
_LEADS_SPAN = re.compile("(?:最多|最晚|最迟|顶多)$")
_MONTH_DAYS = {"初": 5, "上旬": 10, "中": 15, "中旬": 20}


@dataclass(frozen=True, kw_only=True)
class SpokenDay:
    """A day and where its words end; with a time where a span of minutes or hours was said."""

    end: int  # offset behind its words
    day: date | None  # None: a day that is past
    at: time | None = None


def add_workdays(day: date, count: int) -> date:
    """The day `count` working days on; Saturdays and Sundays are left out, holidays are not known."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def read_day(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    for read in _DAY_READERS:
        if found := read(text, at, said_at):
            return found
    return None


def _named_day(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    words, past, soon = _day_words()
    if found := past.match(text, at):
        return SpokenDay(end=_past_end(text, found.end(), said_at), day=None)
    if found := words.match(text, at):
        word = found.group()
        # 今晚 and 明早 hold their part of the day; a lone 今 or 明 needs one behind it
        end = found.end() - 1 if word[-1] in "早晚" else found.end()
        return SpokenDay(end=end, day=said_at.date() + timedelta(days=spoken_words()["days"][word]))
    found = soon.match(text, at)
    return SpokenDay(end=found.end(), day=said_at.date()) if found else None


def _past_end(text: str, at: int, said_at: datetime) -> int:
    """The month or day behind 去年 or 上个月 is of the past as well: 去年三月份, 上个月3号."""
    behind = read_day(text, at + text.startswith("的", at), said_at)
    return behind.end if behind else at


def _weekday(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    found = _WEEKDAY.match(text, at)
    if not found:
        return None
    which, today = found["which"] or "", said_at.date()
    if which.startswith("上"):
        return SpokenDay(end=found.end(), day=None)
    number = "一二三四五六日".find(found["day"].replace("天", "日"))
    wanted = number if number >= 0 else int(found["day"]) - 1
    monday = today - timedelta(days=today.weekday())
    if which:
        return SpokenDay(end=found.end(), day=monday + timedelta(days=wanted + 7 * which.count("下")))
    return SpokenDay(end=found.end(), day=today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1))


def _week(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    today = said_at.date()
    monday = today - timedelta(days=today.weekday())
    if found := _WEEKEND.match(text, at):
        return SpokenDay(end=found.end(), day=monday + timedelta(days=6 + 7 * (found["which"] or "").count("下")))
    if found := _WHOLE_WEEK.match(text, at):
        friday = monday + timedelta(days=4 + 7 * found["which"].count("下"))
        return SpokenDay(end=found.end(), day=max(friday, today))
    return None


def _month(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    today = said_at.date()
    if found := _YEAR_END.match(text, at):
        return SpokenDay(end=found.end(), day=date(today.year + bool(found["which"]), 12, 31))
    if found := _MONTH_PART.match(text, at):
        first = _first_of(found, today)
        return SpokenDay(end=found.end(), day=_in_month(first, _MONTH_DAYS.get(found["part"])))
    found = _WHOLE_MONTH.match(text, at)
    if not found:
        return None
    first = _first_of(found, today)
    written = read_date(text, found.end())
    if written and written.unit == "日":
        return SpokenDay(end=written.end, day=_in_month(first, written.value))
    return SpokenDay(end=found.end(), day=_in_month(first, None))


def _first_of(found: re.Match[str], today: date) -> date:
    month = found.groupdict().get("month")
    if month:
        number = int(read_number(month).value)
        return date(today.year + (number < today.month), number, 1)
    return _months_on(today.replace(day=1), (found["which"] or "").count("下"))


def _written(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    """A date in digits or characters; without a year or month the next one of its name."""
    today = said_at.date()
    year = re.compile("明年|今年").match(text, at)
    written = read_date(text, year.end() if year else at)
    if written is None or written.unit not in _WRITTEN:
        return None
    day = _WRITTEN[written.unit](written.value, today, year.group() if year else "")
    return SpokenDay(end=written.end, day=day if day >= today else None)


def _of_month(value: int, today: date, _year: str) -> date:
    first = today.replace(day=1)
    return _in_month(first if value >= today.day else _months_on(first, 1), value)


def _of_year(value: int, today: date, year: str) -> date:
    month, day = divmod(value, 100)
    chosen = today.year + (year == "明年" or (not year and (month, day) < (today.month, today.day)))
    return _in_month(date(chosen, month, 1), day)


def _whole_month(value: int, today: date, year: str) -> date:
    return _in_month(date(today.year + (year == "明年" or (not year and value < today.month)), value, 1), None)


def _full_date(value: int, _today: date, _year: str) -> date:
    return _in_month(date(value // 10_000, value // 100 % 100, 1), value % 100)


_WRITTEN: dict[str, Callable[[int, date, str], date]] = {
    "日": _of_month,
    "月日": _of_year,
    "月": _whole_month,
    "年月日": _full_date,
}


def _in_month(first: date, day: int | None) -> date:
    """A day of the month; its last one where None, or where the month is shorter."""
    last = monthrange(first.year, first.month)[1]
    return first.replace(day=last if day is None else min(day, last))


def _months_on(first: date, count: int) -> date:
    return date(first.year + (first.month + count - 1) // 12, (first.month + count - 1) % 12 + 1, first.day)


# spans


def _span(text: str, at: int, said_at: datetime) -> SpokenDay | None:
    found = _SPAN.match(text, at)
    if not found or (at and text[at - 1] in rf"{_HAN}\d.第每"):
        return None
    unit, count = found["unit"] or found["half_unit"], 0.5 if found["half"] else _count(found["number"])
    ended = found["end"] is not None or found["half_end"] is not None
    if not ended and unit not in _BARE_SPANS and not _LEADS_SPAN.search(text[:at]):
        return None
    count += 0.5 if found["more"] else 0
    step = spoken_words()["spans"][unit]
    today = said_at.date()
    if "minutes" in step:
        moment = said_at + timedelta(minutes=count * step["minutes"])
        return SpokenDay(end=found.end(), day=moment.date(), at=moment.time().replace(second=0, microsecond=0))
    if "workdays" in step:
        return SpokenDay(end=found.end(), day=add_workdays(today, int(count)))
    if "months" in step and count >= 1:
        first = _months_on(today.replace(day=1), int(count))
        return SpokenDay(end=found.end(), day=_in_month(first, today.day))
    days = 15 if "months" in step else count * step["days"]
    return SpokenDay(end=found.end(), day=today + timedelta(days=int(days)))


def _count(number: str) -> float:
    """两三天 are three: what is promised within two or three days is due after three."""
    if len(number) == 2 and "十" not in number and not number.isdigit():
        number = number[1]
    return float(read_number(number).value)


_DAY_READERS: tuple[Callable[[str, int, datetime], SpokenDay | None], ...] = (
    _weekday, _week, _month, _span, _written, _named_day,
)  # fmt: skip


@cache
def _day_words() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Words of days to come, of days past, and of soon."""
    days = [f"{word}(?=[早晚上中下傍夜])" if len(word) == 1 else word for word in _longest(spoken_words()["days"])]
    return re.compile("|".join(days)), any_of(spoken_words()["past"]), any_of(spoken_words()["soon"])


@cache
def spoken_words() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(files("mandarin").joinpath("spoken_dates.yaml").read_text("utf-8"))
    return data


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(_longest(words)))


def _longest(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)
