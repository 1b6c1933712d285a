"""How long a thing runs (七天, 一个月左右, 半年期): a row of a table by such terms answers for its own term alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mandarin.chinese_number import read_number
from rag.units import Unit

_TENOR = r"(半|[一二两三四五六七八九十]{1,2}|\d{1,3})(?:个)?(年|月|周|星期|礼拜|天|日)"
_ROW = re.compile(rf"{_TENOR}期?")
_ASKED = re.compile(rf"(?<![第近前去过.\d]){_TENOR}(?:期|左右|上下|的|那|档)")
_DAYS = {"年": (360, 366), "月": (28, 31), "周": (7, 7), "星期": (7, 7), "礼拜": (7, 7), "天": (1, 1), "日": (1, 1)}


def of_tenor(question: str, units: Sequence[Unit]) -> tuple[list[Unit], str]:
    """The units without rows of another term than the one asked for, and the question as it is left to be answered.

    半年期的报价回购 is not answered by the rows of 28 and 91 days, nor by what is said below their table: there no
    unit is left. Where a row is of the term, that need not stand in the row word for word.
    """
    asked = _ASKED.search(question)
    wanted = _days(asked) if asked is not None else None
    rows = {unit: found for unit in units if unit.table is not None and (found := _ROW.fullmatch(unit.label))}
    if wanted is None or not rows:
        return list(units), question
    if asked is None or not any(_meet(wanted, _days(found)) for found in rows.values()):
        return [], question
    left = question[: asked.start()] + " " + question[asked.end() :]
    return [unit for unit in units if unit not in rows or _meet(wanted, _days(rows[unit]))], left


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _days(found: re.Match[str]) -> tuple[int, int]:
    """The fewest and the most days of a term."""
    low, high = _DAYS[found[2]]
    if found[1] == "半":
        return low // 2, high // 2 + 1
    many = int(read_number(found[1]).value)
    return low * many, high * many
