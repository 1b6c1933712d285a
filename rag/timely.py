"""Passages on the period that a question names: another period's is no answer to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache

from knowledge_base.periods import last_day
from rag.cite import Claim
from rag.passage import Chunk, Passage
from rag.question import Understood
from rag.wording import period_words

_MONTHS = {"Q": 3, "H": 6}
_PARTS = {
    **{f"Q{n}": f"第?[{n}{word}]季" for n, word in enumerate("一二三四", start=1)},
    "H1": "上半年|中期|半年",
    "H2": "下半年",
}


def of_periods(wanted: Sequence[str], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Those whose document reports on a time that one of `wanted` touches, on no period at all, or that name its year.

    A year's question is answered by its quarters, and a quarter's by the year's report. All of them where
    nothing is wanted.
    """
    if not wanted:
        return tuple(passages)
    return tuple(one for one in passages if any(_tells(one.chunk, period) for period in wanted))


def at_hand(asked: Understood, passages: Sequence[Passage]) -> tuple[tuple[Passage, ...], str]:
    """The passages that may answer, and what must be said of their period beside the answer.

    去年, where no report tells of that year, is answered by what is there, which is told; any other period is not.
    """
    wanted = asked.calendar_periods
    fitting, note = of_periods(wanted, passages), lacking_note(wanted, passages)
    relative = all(not one.year_stated and len(one.period) == len("2024") for one in asked.periods if one.period)
    return (tuple(passages), note) if note and relative else (fitting, "")


def days_meant(asked: Understood, on: date) -> tuple[date, ...]:
    """The day on which documents must be in force: `on`, and where one past period is named the end of that."""
    ends = {day for period in asked.calendar_periods if (day := last_day(period)) is not None and day < on}
    return (on, *ends) if len(asked.calendar_periods) == 1 else (on,)


def lapsed_note(claims: Sequence[Claim], on: date) -> str:
    """That what is quoted holds no more; nothing where all of it does."""
    chunks = (place.chunk for claim in claims for place in claim.places)
    titles = dict.fromkeys(chunk.title for chunk in chunks if chunk.effective_to and chunk.effective_to < on)
    return f"{'、'.join(f'《{title}》' for title in titles)}是当时的文件，现已失效。" if titles else ""


def lacking_note(wanted: Sequence[str], passages: Sequence[Passage]) -> str:
    """That no report among `passages` tells of the periods `wanted`, and of which ones they do; else nothing."""
    there = sorted({one.chunk.period for one in passages if one.chunk.period}, reverse=True)
    if not wanted or not there or any(one.chunk.period for one in of_periods(wanted, passages)):
        return ""
    told, known = ("、".join(period_words(period) for period in some) for some in (wanted, there[:4]))
    return f"未找到{told}的内容，现有{known}。"


def _tells(chunk: Chunk, wanted: str) -> bool:
    if chunk.period is None or _names(wanted).search(chunk.text):
        return True
    asked, told = _span(wanted), _span(chunk.period)
    return asked is None or told is None or (asked[0] <= told[1] and told[0] <= asked[1])


@cache
def _names(period: str) -> re.Pattern[str]:
    """How a text names it: 2025年; of a part of a year the part, too: 2025年第二季度, 2025年5月."""
    year, part = period[:4], period[4:]
    span = _span(period)
    if not part or span is None:
        return re.compile(f"{year}年")
    months = "|".join(f"0?{month}月" for month in range(span[0].month, span[1].month + 1))
    return re.compile(f"{year}年(?:度)?(?:{_PARTS[part]}|{months})")


def _span(period: str) -> tuple[date, date] | None:
    """First and last day of a calendar period; None for a trailing window."""
    if ".." in period or (last := last_day(period)) is None:
        return None
    month = last.month - _MONTHS.get(period[4:5], 12) + 1
    return date(last.year, month, 1), last
