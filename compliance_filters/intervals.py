"""Stretches of time over which a sentence shows a return: 近三个月, 短短两周, 今年8月成立以来（至10月末）."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from compliance_filters.numbers.periods import Period, periods_in
from mandarin.chinese_number import read_number

LEAST_MONTHS = 6  # of a fund's life and of every displayed interval; exactly six passes
_DAYS_A_MONTH = 30
_N = r"[一二两三四五六七八九十]{1,3}|\d{1,3}"
_SPOKEN = re.compile(
    rf"(?:成立|上线|运作|短短|仅|这|这几|建仓|发行|持有|才|前)(?:了|才|仅|不到|后|仅仅|短短){{0,2}}(?P<n>{_N})"
    r"(?P<unit>个?月|周|个?交易日|个?工作日|天|日(?!年化)|个?季度)(?!持有|定开|滚动)"
    r"|(?<![\d一二两三四五六七八九十个])(?P<this>[本上当这]个?(?:月|周|季度?|星期)|单日|昨日|当日|昨天|一个?季度内|近一个?季度?|近半个?月)"
    r"|(?<![\d年至到~—–-])(?P<month>1[0-2]|[1-9])月份?(?=的?(?:单月)?(?:净值|收益|上涨|下跌|涨|跌|回报|业绩))"
    r"|(?P<half>(?<![上下])半年)"
)
# 自今年8月成立以来（至10月末）
_SINCE_MONTH = re.compile(
    r"(?:今年|本年)(?P<month>1[0-2]|[1-9])月(?:\d{1,2}日)?(?:成立|上线|运作|发行|生效)(?:以来|至今)"
    r"(?:[(,]?(?:至|截至|到)(?:今年)?(?P<until>1[0-2]|[1-9])月(?:末|底|\d{1,2}日))?"
)

# Between two dates: 2020年4月16日成立至2025年4月15日.
_UNTIL = re.compile(r"\s?(?:\(?(?:合同)?(?:成立|生效)日?\)?)?起?(?:至|到|-|—|~)\s?")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A stretch of time in a sentence; `months` is what it spans, None where it is a fund's whole life."""

    start: int
    end: int
    months: float | None


def interval_of(text: str, shown: re.Match[str], today: date) -> Interval | None:
    """The interval named last before the return, else the first one behind it."""
    intervals = sorted(_intervals(text, today), key=lambda i: i.start)
    before = [i for i in intervals if i.start <= shown.end()]
    if before:
        return before[-1]
    return intervals[0] if intervals and "," not in text[shown.end() : intervals[0].start] else None


def _intervals(text: str, today: date) -> Iterator[Interval]:
    lives = list(_SINCE_MONTH.finditer(text))
    for life in lives:
        months = int(life["until"] or today.month) - int(life["month"])
        yield Interval(start=life.start(), end=life.end(), months=months)
    spans = [m for m in periods_in(text) if m.value.kind != "day"]
    spans = [m for m in spans if not any(life.start() <= m.start < life.end() for life in lives)]
    days = [m for m in periods_in(text) if m.value.kind == "day"]
    for first, last in pairwise(days):
        if _UNTIL.fullmatch(text, first.end, last.start):
            yield Interval(start=first.start, end=last.end, months=_between(first.value, last.value))
    for mention in spans:
        if text[mention.end : mention.end + 3].lstrip("的度").startswith(("报告", "末", "报", "底")):
            continue
        yield Interval(start=mention.start, end=mention.end, months=_months(mention.value, today))
    for found in _SPOKEN.finditer(text):
        yield Interval(start=found.start(), end=found.end(), months=_spoken_months(found))


def _between(first: Period, last: Period) -> float:
    whole = ((last.year or 0) - (first.year or 0)) * 12 + last.first - first.first
    return whole + (last.day - first.day) / _DAYS_A_MONTH


def _months(period: Period, today: date) -> float | None:
    if period.kind == "rolling":
        return period.length if period.length > 0 else -period.length / _DAYS_A_MONTH
    if period.kind == "ytd":
        return today.month - 1 + today.day / _DAYS_A_MONTH
    if period.kind == "life":
        return None
    return (len(period.years) or 1) * 12 if period.years else period.last - period.first + 1


def _spoken_months(found: re.Match[str]) -> float:
    if found["half"]:
        return LEAST_MONTHS
    if found["month"]:
        return 1
    if found["this"]:
        return 3 if "季" in found["this"] else 1 if "月" in found["this"] else 0.25
    number, unit = float(read_number(found["n"]).value), found["unit"]
    if unit.endswith("月"):
        return number
    if unit.endswith("季度"):
        return number * 3
    return number * (7 if unit == "周" else 1) / _DAYS_A_MONTH
