"""Passages on the period that a question names: another period's is no answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from knowledge_base.periods import last_day
from rag.passage import Chunk, Passage
from rag.wording import period_words

_MONTHS = {"Q": 3, "H": 6}


def of_periods(wanted: Sequence[str], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Those whose document reports on a time that one of `wanted` touches, on no period at all, or that name its year.

    A year's question is answered by its quarters, and a quarter's by the year's report. All of them where
    nothing is wanted.
    """
    if not wanted:
        return tuple(passages)
    return tuple(one for one in passages if any(_tells(one.chunk, period) for period in wanted))


def lacking_note(wanted: Sequence[str], passages: Sequence[Passage]) -> str:
    """That no report among `passages` tells of the periods `wanted`, and of which ones they do; else nothing."""
    there = sorted({one.chunk.period for one in passages if one.chunk.period}, reverse=True)
    if not wanted or not there or any(one.chunk.period for one in of_periods(wanted, passages)):
        return ""
    told, known = ("、".join(period_words(period) for period in some) for some in (wanted, there[:4]))
    return f"未找到{told}的内容，现有{known}。"


def _tells(chunk: Chunk, wanted: str) -> bool:
    if chunk.period is None or f"{wanted[:4]}年" in chunk.text:
        return True
    asked, told = _span(wanted), _span(chunk.period)
    return asked is None or told is None or (asked[0] <= told[1] and told[0] <= asked[1])


def _span(period: str) -> tuple[date, date] | None:
    """First and last day of a calendar period; None for a trailing window."""
    if ".." in period or (last := last_day(period)) is None:
        return None
    month = last.month - _MONTHS.get(period[4:5], 12) + 1
    return date(last.year, month, 1), last
