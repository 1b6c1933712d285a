"""Calendar dates and clock times in Mandarin text: 2024年12月31日, 二〇二四年十二月, 十月, 下午三点半."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mandarin.chinese_number import DIGITS, plain, read_digits, read_number

_D = "零〇一二三四五六七八九"
_MONTH = r"(?P<{0}>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?!均)(?:份)?"
_SPOKEN_DAY = "三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九]"
_DAY = rf"(?P<{{0}}>3[01]|[12]\d|0?[1-9]|{_SPOKEN_DAY})[日号](?!线)"
_YEARED = re.compile(
    rf"(?P<year>(?:19|20)\d\d|\d\d|[一二][{_D}]{{3}}|[{_D}]{{2}})年(?P<kind>度)?"
    rf"(?:{_MONTH.format('month')}(?:{_DAY.format('day')})?)?"
)
_MONTHED = re.compile(rf"{_MONTH.format('month')}(?:{_DAY.format('day')})?")
_DAY_ONLY = re.compile(rf"(?P<day>3[01]|[12]\d|[1-9]|{_SPOKEN_DAY})号(?!线)")
_ISO = re.compile(
    r"(?P<year>(?:19|20)\d\d)([-/.])(?P<month>1[0-2]|0?[1-9])(?:\2(?P<day>3[01]|[12]\d|0?[1-9]))?(?![\d.%])"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?!\d)")
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d|\.\d)(?::[0-5]\d)?")
_HOUR = r"(?P<hour>1\d|2[0-4]|\d|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九])点"
_MINUTE = r"(?P<minute>[1-5]?\d|[二三四五]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_SPOKEN_CLOCK = re.compile(
    rf"{_HOUR}(?:(?P<half>半)|钟|整|{_MINUTE}分(?!之))"
    rf"|(?<=[上下]午|早上|晚上|中午|凌晨|明早|今晚){_HOUR.replace('hour', 'hour2')}(?P<half2>半)?"
)
_SHORT_YEAR_CONTEXT = re.compile("年?[报中]|初|底|末|[上下]半年|[一二三四1-4]季|Q")


# What every date or time begins with; most numbers are none, and one look tells.
_HINT = re.compile(rf"(?:\d{{1,4}}|[{_D}两十]{{1,5}})(?:[年月日号点]|:\d)|(?:19|20)\d\d[-/.\d]")


@dataclass(frozen=True, kw_only=True)
class WrittenDate:
    """`value` holds the digits that were given, `unit` says which: 年月日 20241231, 月日 1231, 时分 1530."""

    end: int
    value: int
    unit: str
    digits: str


def read_date(text: str, start: int) -> WrittenDate | None:
    """The date or clock time that begins at `start`, or None."""
    if not _HINT.match(text, start):
        return None
    for pattern in (_ISO, _COMPACT, _YEARED, _MONTHED, _CLOCK, _SPOKEN_CLOCK, _DAY_ONLY):
        found = pattern.match(text, start)
        if found and not _inside_digits(text, start):
            if pattern in (_CLOCK, _SPOKEN_CLOCK):
                return _clock(found)
            if pattern is not _YEARED or _is_year(text, found):
                return _date(found)
    return None


def _inside_digits(text: str, start: int) -> bool:
    return start > 0 and (text[start - 1].isdigit() or text[start - 1] in _D + "十.")


def _is_year(text: str, found: re.Match[str]) -> bool:
    """Four digits are a year; two are one with a month, a leading zero or a word such as 年报."""
    year = found["year"]
    if len(year) == 4:
        return True
    if year[0] in "0零〇" or found["month"] or found["kind"]:
        return True
    return bool(_SHORT_YEAR_CONTEXT.match(text, found.end())) and _not_neighbours(year)


def _not_neighbours(year: str) -> bool:
    """两三年, 三四年 are spans of time."""
    return year.isascii() or int(read_digits(year[1])) - int(read_digits(year[0])) != 1


def _date(found: re.Match[str]) -> WrittenDate:
    groups = found.groupdict()
    parts = [(name, groups.get(key)) for key, name in (("year", "年"), ("month", "月"), ("day", "日"))]
    given = [(name, _year(raw) if name == "年" else _small(raw)) for name, raw in parts if raw]
    value = int("".join(str(number) if name == "年" else f"{number:02d}" for name, number in given))
    return WrittenDate(
        end=found.end(), value=value, unit="".join(name for name, _ in given), digits=_digits(found.group())
    )


def _year(raw: str) -> int:
    year = int(read_digits(raw))
    if year >= 100:
        return year
    return year + (1900 if year >= 70 else 2000)


def _small(raw: str) -> int:
    return int(read_number(raw).value)


def _clock(found: re.Match[str]) -> WrittenDate:
    groups = found.groupdict()
    hour = _small(groups.get("hour") or groups["hour2"])
    half = groups.get("half") or groups.get("half2")
    minute = 30 if half else _small(groups.get("minute") or "0")
    return WrittenDate(end=found.end(), value=hour * 100 + minute, unit="时分", digits=_digits(found.group()))


_NUMBER_RUN = re.compile(rf"[{_D}两十]+")


def _digits(written: str) -> str:
    """The same words with every Chinese number in digits: 二〇二四年十二月 -> 2024年12月."""
    return _NUMBER_RUN.sub(lambda run: _run(run.group()), written)


def _run(run: str) -> str:
    return read_digits(run) if all(char in DIGITS for char in run) else plain(read_number(run).value)
