"""Facts out of tables of tiers: what a purchase costs by its amount, and a redemption by the days held.

The bound of a tier stands in `window` of its fact: "D<7" below seven days, "CNY<1000000" below a million yuan, "D" and
"CNY" without a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from knowledge_base.document import Block, Cell
from knowledge_base.fact_source import About, Dated, make_fact
from knowledge_base.facts import Fact

TIERED = frozenset({"subscription_fee_rate", "redemption_fee_rate"})
_BY_DAYS = re.compile(r"持有期限|持有时间|持有期|持有天数")
_BY_AMOUNT = re.compile(r"申购金额|购买金额|金额")
_REDEMPTION, _SUBSCRIPTION = re.compile("赎回费率?"), re.compile("申购费率?")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
_DAYS = {"日": 1, "天": 1, "个月": 30, "月": 30, "年": 365}
_YUAN = {"万元": 10_000, "万": 10_000, "亿元": 100_000_000, "元": 1}
_SPAN = r"(\d+(?:\.\d+)?)\s*(日|天|个月|月|年|万元|亿元|万|元)"
_BELOW = re.compile(
    rf"(?:[<＜≤](?P<even>[=＝]?)\s*{_SPAN}|(?:-|－|—|~|～|至|到)\s*{_SPAN}|{_SPAN}\s*(?:以内|以下|之内))"
)
_INCLUDED = re.compile(r"[（(]含|≤|以内（含")
_NOT_INCLUDED = re.compile("不含")


def tiered_fee(header: Sequence[str]) -> tuple[str, int] | None:
    """The attribute and column of a table of tiers; None for any other table."""
    if len(header) < 2:
        return None
    for n, text in enumerate(header[1:], start=1):
        if _BY_DAYS.search(header[0]) and _REDEMPTION.search(text):
            return "redemption_fee_rate", n
        if _BY_AMOUNT.search(header[0]) and _SUBSCRIPTION.search(text):
            return "subscription_fee_rate", n
    return None


def facts_of_tiers(about: About, block: Block, fee: tuple[str, int]) -> Iterator[Fact]:
    """A fact for each row; none at all where one of the rows cannot be read, so that no tier is missing."""
    assert block.table is not None
    attribute, column = fee
    rows = [(row[0].text, row[column]) for row in block.table.body]
    read = [_tier(about, attribute, words, cell) for words, cell in rows]
    if read and all(fact is not None for fact in read):
        yield from (fact for fact in read if fact is not None)


def _tier(about: About, attribute: str, words: str, cell: Cell) -> Fact | None:
    rate, window = _RATE.search(cell.text), _window(words, "D" if attribute == "redemption_fee_rate" else "CNY")
    if rate is None or window is None:
        return None
    dated = Dated(period=None, window=window, as_of=about.metadata.published_on)
    return make_fact(
        about, attribute, None, dated, value=Decimal(rate[1]), unit="%", start=cell.start, quote=cell.text,
        value_text=f"{words}：{cell.text}",
    )  # fmt: skip


def _window(words: str, unit: str) -> str | None:
    """The upper bound of a tier; None where the words are not understood."""
    found = list(_BELOW.finditer(words))
    if not found:
        return unit if re.search(rf"{_SPAN}.{{0,6}}(?:以上|及以上)|[≥>＞]|无|不限|所有|全部", words) else None
    last = found[-1]
    number, name = next((a, b) for a, b in zip(last.groups()[1::2], last.groups()[2::2], strict=True) if a)
    scale = (_DAYS if unit == "D" else _YUAN).get(name)
    if scale is None:
        return None
    bound = Decimal(number) * scale
    if unit == "D" and not _NOT_INCLUDED.search(words[last.start() :]) and _INCLUDED.search(words[last.start() :]):
        bound += 1  # up to and with the day
    return f"{unit}<{bound.normalize():f}"
