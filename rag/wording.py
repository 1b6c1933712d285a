"""Values and periods as people write them."""

from __future__ import annotations

import re
from decimal import Decimal

from knowledge_base.facts import Fact

WINDOWS = {
    "P1M": "过去一个月",
    "P3M": "过去三个月",
    "P6M": "过去六个月",
    "P1Y": "过去一年",
    "P2Y": "过去两年",
    "P3Y": "过去三年",
    "P5Y": "过去五年",
    "INCEPTION": "自成立以来",
}
_HALVES = {"H1": "上半年", "H2": "下半年"}


def period_words(period: str | None) -> str:
    """A canonical period as people write it: 2024Q4 -> 2024年第4季度."""
    if not period:
        return ""
    window, _, last_day = period.partition("..")
    if last_day:
        return WINDOWS.get(window, window)
    match = re.fullmatch(r"(\d{4})(?:(H[12])|Q([1-4])|-(\d{2}))?", period)
    if match is None:
        return period
    year, half, quarter, month = match.groups()
    tail = _HALVES[half] if half else f"第{quarter}季度" if quarter else f"{int(month)}月" if month else ""
    return f"{year}年{tail}"


def value_words(fact: Fact) -> str:
    """The value as printed, with its unit unless the print has one."""
    printed = fact.value_text or (f"{fact.value:,f}" if fact.value is not None else "")
    unit = plain_unit(fact.unit)
    if fact.value is None or not unit or unit in printed or not printed[-1:].isdigit():
        return printed
    return printed + unit


def number_words(value: Decimal, unit: str) -> str:
    """A computed value with its unit: thousands parted for money and shares, percents as they are."""
    return f"{value:,f}{unit}" if unit != "%" else f"{value:f}%"


def plain_unit(unit: str | None) -> str:
    return (unit or "").removeprefix("人民币")


def same_value(fact: Fact) -> str:
    """A key that is equal for one value printed twice (1.0562 and 1.0562元)."""
    if fact.value is None:
        return fact.value_text.strip()
    return f"{fact.value.normalize()}{plain_unit(fact.unit)}"
