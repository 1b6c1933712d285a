"""Periods in one spelling: "2024", "2024H1", "2024Q4", or a trailing window "P1Y..2024-11-30"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

HAN_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "十": 10}
WINDOWS = {
    "过去一个月": "P1M",
    "过去三个月": "P3M",
    "过去六个月": "P6M",
    "过去一年": "P1Y",
    "过去二年": "P2Y",
    "过去两年": "P2Y",
    "过去三年": "P3Y",
    "过去五年": "P5Y",
}
_CANONICAL = re.compile(r"^(\d{4})(?:Q([1-4])|H([12]))?$")
_MONTHS = {"P3M": 3, "P6M": 6, "P1Y": 12}


@dataclass(frozen=True, kw_only=True)
class PeriodMatch:
    """A period named at text[start:end]; exactly one of `period` and `window` is set (see Fact)."""

    period: str | None
    window: str | None
    start: int
    end: int
    year_stated: bool = True  # False: 三季度, 去年 (not 去年三季度); counted from today


def last_day(period: str) -> date | None:
    """Last day of "2024", "2024H1", "2024Q4" or of a window's "..date"; None when unreadable."""
    found = _CANONICAL.match(period)
    if found is None:
        _, _, end = period.partition("..")
        return date.fromisoformat(end) if end else None
    month = int(found[2]) * 3 if found[2] else int(found[3]) * 6 if found[3] else 12
    return _month_end(int(found[1]), month)


def period_of(window: str, as_of: date) -> str:
    """One spelling for a trailing window: the calendar period where it is one, else "P1Y..2024-11-30"."""
    months = _MONTHS.get(window)
    if months and as_of == _month_end(as_of.year, as_of.month) and as_of.month % months == 0:
        number = as_of.month // months
        return f"{as_of.year}" + {3: f"Q{number}", 6: f"H{number}", 12: ""}[months]
    return f"{window}..{as_of.isoformat()}"


def reported_period(title: str) -> str | None:
    """The period a report's title names, e.g. "2024年第4季度报告" -> "2024Q4"."""
    found = re.search(r"(\d{4})\s*年\s*(?:第\s*)?([1-4一二三四])\s*季(?:度)?(?:报告|报)?", title)
    if found:
        return f"{found[1]}Q{_number(found[2])}"
    found = re.search(r"(\d{4})\s*年\s*(?:中期|半年度|上半年)", title)
    if found:
        return f"{found[1]}H1"
    found = re.search(r"(\d{4})\s*年\s*(?:年度|年报|度)", title)
    return found[1] if found else None


def window_of(label: str) -> str | None:
    """The trailing window a table row names, e.g. "过去一年" -> "P1Y"."""
    label = label.replace("最近", "过去").replace("近", "过去", 1) if label.startswith(("最近", "近")) else label
    if re.match(
        r"^(?:自|从)?(?:本)?(?:基金|集合计划|资产管理合同|资管合同|合同).*(?:生效|成立).*|^自?成立(?:以来|至今)",
        label,
    ):
        return "INCEPTION"
    return WINDOWS.get(label)


def period_of_range(text: str) -> str | None:
    """The calendar period of "2024-10-01 - 2024-12-31", "2024年第4季度" or "2024年"; None otherwise."""
    ends = re.findall(r"(\d{4})\s*[-年]\s*(\d{1,2})\s*[-月]\s*(\d{1,2})", text)
    if len(ends) == 2:
        first, last = (date(int(year), int(month), int(day)) for year, month, day in ends)
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        window = {3: "P3M", 6: "P6M", 12: "P1Y"}.get(months)
        return period_of(window, last) if window and first.day == 1 else None
    if len(ends) == 1:
        return period_ending(date(int(ends[0][0]), int(ends[0][1]), int(ends[0][2])))
    named = reported_period(text)
    if named is not None:
        return named
    found = re.search(r"(\d{4})\s*年(?:度|末)?(?!\s*[\d第上下中半一二三四])", text)
    return found[1] if found else None


def period_ending(day: date) -> str | None:
    """The reporting period that ends on a day: year, half year or quarter; None on other days."""
    if day != _month_end(day.year, day.month) or day.month % 3:
        return None
    return f"{day.year}" + {3: "Q1", 6: "H1", 9: "Q3", 12: ""}[day.month]


def find_periods(text: str, *, today: date) -> tuple[PeriodMatch, ...]:
    """Periods that a question names in words, in order; longer readings win over shorter ones."""
    mentions = [*_ranges(text)]
    taken = [any(one.start <= at < one.end for one in mentions) for at in range(len(text))]
    for pattern, read in _READERS:
        for found in pattern.finditer(text):
            if any(taken[found.start() : found.end()]):
                continue
            period, window = read(found, today)
            if (period is None and window is None) or (period and int(period[:4]) > today.year + 1):
                continue  # no period, or a number in a name such as a target date fund's 2045
            taken[found.start() : found.end()] = [True] * (found.end() - found.start())
            # 去年 alone is the year that is reported on, 去年四季度 a quarter of one year
            stated = bool(re.search(r"20\d{2}|\d{2}年" if len(period or "") == len("2024") else _A_YEAR, found[0]))
            mentions.append(
                PeriodMatch(period=period, window=window, start=found.start(), end=found.end(), year_stated=stated)
            )
    return tuple(sorted(mentions, key=lambda mention: mention.start))


def _ranges(text: str) -> Iterator[PeriodMatch]:
    """2022到2024年, 22至24三年: every year of the range, each at the words of the whole range."""
    for found in _RANGE.finditer(text):
        first, last = (int(year) if len(year) == 4 else 2000 + int(year) for year in found.groups())
        if first < last <= first + _LONGEST_RANGE:
            for year in range(first, last + 1):
                yield PeriodMatch(period=str(year), window=None, start=found.start(), end=found.end())


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _number(digit: str) -> int:
    return int(digit) if digit.isdigit() else HAN_DIGITS[digit]


def _year(word: str | None, today: date) -> int:
    if word is None or word.startswith(("今", "本")):
        return today.year
    if word.startswith(("去", "上")):
        return today.year - 1
    if word.startswith("前"):
        return today.year - 2
    year = int(word[:4] if len(word) >= 4 and word[:4].isdigit() else word[:2])
    return year if year > 99 else 2000 + year


_LONGEST_RANGE = 10  # years
_RANGE = re.compile(
    r"(?<!\d)(20\d{2}|\d{2})年?\s*[到至~－—-]\s*(20\d{2}|\d{2})(?:年(?!\d|第?[一二三四1-4]季)|(?=[两三四五]年))"
)
Reading = tuple[str | None, str | None]


def _day(found: re.Match[str], today: date) -> Reading:
    try:
        return period_ending(date(int(found[1]), int(found[2]), int(found[3]))), None
    except ValueError:
        return None, None


def _month(found: re.Match[str], today: date) -> Reading:
    month = int(found[2])
    return (period_ending(_month_end(_year(found[1], today), month)) if 1 <= month <= 12 else None), None


def _quarter(found: re.Match[str], today: date) -> Reading:
    number = _number(found[2] or found[3])
    year = _year(found[1], today)
    if found[1] is None and number * 3 > today.month:
        year -= 1
    return f"{year}Q{number}", None


def _half(found: re.Match[str], today: date) -> Reading:
    number = 2 if found[2] == "下半年" else 1
    year = _year(found[1], today)
    if found[1] is None and number * 6 > today.month:
        year -= 1
    return f"{year}H{number}", None


def _last_quarter(found: re.Match[str], today: date) -> Reading:
    number = (today.month - 1) // 3
    return (f"{today.year}Q{number}" if number else f"{today.year - 1}Q4"), None


def _window(found: re.Match[str], today: date) -> Reading:
    number, unit = found[1], found[2]
    if unit.startswith("半"):
        return None, "P6M"
    count = _number(number)
    return None, f"P{count}Y" if unit == "年" else f"P{count * (3 if '季' in unit else 1)}M"


# ten years are a year only where no bond or term follows: 10年国债, 45年期
_YEAR = r"(20\d{2}年?|(?<!\d)\d{2}年(?!期|国债|利率|美债|以上|以内|左右|老|存续)|今年|本年|去年|上年|前年)"
_A_YEAR = r"20\d{2}|\d{2}年|[今本去上前]年"
_READERS = (
    (re.compile(r"(20\d{2})[-年/.](\d{1,2})[-月/.](\d{1,2})日?"), _day),
    (
        re.compile(rf"{_YEAR}?(?:的)?\s*(?:第?([1-4一二三四])季(?:度|报)?(?:末|底|报告)?|[Qq]([1-4])(?!\d))"),
        _quarter,
    ),
    (re.compile(rf"{_YEAR}?(?:的)?(上半年|下半年|中期|半年报|中报)"), _half),
    (re.compile(rf"{_YEAR}(?:的)?\s*(\d{{1,2}})月(?:底|末|份末)"), _month),
    (re.compile(r"上个?季度|最近一个?季度|最新(?:一期)?季报"), _last_quarter),
    (re.compile(r"(?:过去|最近|近)([一二两三四五六十\d]{1,2})(年|个?月|个?季度)"), _window),
    (re.compile(r"(?:过去|最近|近)()(半年)"), _window),
    (
        re.compile(r"(?:自)?(?:基金)?(?:成立|合同生效)(?:以来|起|至今|起至今)+"),
        lambda found, today: (None, "INCEPTION"),
    ),
    (
        re.compile(rf"{_YEAR}(?:度|末|底|全年|年报|年度|以来)*"),
        lambda found, today: (str(_year(found[1], today)), None),
    ),
)
