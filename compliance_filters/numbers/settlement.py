"""Days of settlement that a text states (T+1确认, T+3到账), held against its sources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance_filters.numbers.evidence import Known

# T+2日到账: what happens on that day, by the words behind it.
_SETTLED = re.compile(r"[Tt]\s?[+＋]\s?(?P<days>\d{1,2})")
_STEPS = {
    "确认": re.compile("确认"),
    "到账": re.compile("到账|划出|划付|划往|划入|支付|可用|可取|到您|返还|收到"),
    "可赎": re.compile("(?:可以?|能|起|提交)赎回|卖出"),
}
_STEP_REACH = 12  # characters


def wrong_settlements(text: str, known: Known) -> Iterator[tuple[int, int, str]]:
    """(start, end, why) of each T+2日划出 where the sources know another day of that step and not this one."""
    stated = _settlements(text)
    if not stated:
        return
    held = {(step, days) for page in known.sources for _, _, step, days in _settlements(page.page.text)}
    for start, end, step, days in stated:
        others = sorted(theirs for name, theirs in held if name == step and theirs != days)
        if others and (step, days) not in held:
            yield start, end, f"，来源里是T+{others[0]}"


def _settlements(text: str) -> list[tuple[int, int, str, int]]:
    """(start, end, step, days) of each T+n whose clause says what happens then."""
    found = []
    for mark in _SETTLED.finditer(text):
        behind = re.split("[，,。；;\n]|[Tt]\\s?[+＋]", text[mark.end() : mark.end() + _STEP_REACH])[0]
        step = next((name for name, words in _STEPS.items() if words.search(behind)), None)
        if step:
            found.append((mark.start(), mark.end(), step, int(mark["days"])))
    return found
