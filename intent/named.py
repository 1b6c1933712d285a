"""What the words of a wish name besides money: the day to come, and the code of a product or share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from intent.call import Turn
from intent.classifier.utterance import MOST_BY_WORDS
from mandarin.numeral import NumeralKind
from mandarin.numerals import find_numerals
from mandarin.spoken_dates import find_moments

CHINA = ZoneInfo("Asia/Shanghai")
CODE_DIGITS = 6  # of shares, bonds and funds


def day_named(said: Sequence[Turn], started_at: datetime | None) -> date | None:
    """The first day to come in the last of the turns that names one; None without the start of the call.

    A time of day alone is today's affair and names no day. `started_at` without a zone is UTC.
    """
    if started_at is None:
        return None
    aware = started_at if started_at.tzinfo else started_at.replace(tzinfo=UTC)
    for turn in reversed(said):
        at = aware.astimezone(CHINA) + timedelta(seconds=turn.start_s)
        days = [moment.day for moment in find_moments(turn.text[:MOST_BY_WORDS], said_at=at) if moment.says_day]
        if days:
            return days[0]
    return None


def code_named(said: Sequence[Turn]) -> str | None:
    """The first code of six digits in the turns, however it was said: 六零零五一九."""
    codes = (
        number.digits
        for turn in said
        for number in find_numerals(turn.text[:MOST_BY_WORDS])
        if number.kind is NumeralKind.CODE and len(number.digits) == CODE_DIGITS
    )
    return next(codes, None)
