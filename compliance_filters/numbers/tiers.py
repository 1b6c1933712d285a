"""Tiers of a fee: for how long something is held that a rate is of (少于7日, 满180天)."""

from __future__ import annotations

import re

from mandarin.chinese_number import read_number

# By these words a segment speaks of a holding period.
_HELD = re.compile("持有|期限|少于|不足|不满|小于|以内|以上|以下|满|含|大于|超过|[≤≥<＜>＞]")
_SPAN = re.compile(r"(?<![月\d])(?P<n>\d{1,4}|[一二两三四五六七八九十]{1,3})\s?(?P<unit>日|天|个月|年)(?![初末底报])")
_DAYS = {"日": 1, "天": 1, "个月": 30, "年": 365}
_SEGMENT = re.compile("[；;。\n%％]")
_REACH = 40  # characters


def tier_before(text: str, place: int) -> frozenset[int]:
    """The days that the words before a rate name, back to the rate before it; empty where none are of a tier."""
    return tier_in(_SEGMENT.split(text[max(0, place - _REACH) : place])[-1])


def agree(mine: frozenset[int], known: frozenset[int]) -> bool:
    """Whether a rate that is told for `mine` can be that of a known tier: 持有25天 lies in 7天≤N<30天."""
    if mine & known:
        return True
    return len(known) > 1 and any(min(known) <= days < max(known) for days in mine)


def tier_in(words: str) -> frozenset[int]:
    """The days that bound a tier: 7 and 30 of 7日（含）以上少于30日."""
    if not _HELD.search(words):
        return frozenset()
    return frozenset(int(read_number(m["n"]).value) * _DAYS[m["unit"]] for m in _SPAN.finditer(words))
