"""What kind of answer a question wants, by its words (asking.yaml)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml

_HAN_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_RANK = re.compile(r"第([一二三四五六七八九十]|\d{1,2})(?:大|名|重仓|位)")
_FIRST = re.compile(r"最大的?|头号|首位|榜首|最多的|[压押]得?最[多重]的?")
_TOP = re.compile(r"[前头]([一二两三四五六七八九十]|\d{1,2})(?:大|名|只|位|个)?")


class Asks(StrEnum):
    """Kinds of questions that need more than looking up."""

    DIFFERENCE = "difference"
    TOTAL = "total"
    TIMES = "times"  # how many times one value is the other
    COMPARE = "compare"
    PREMISE = "premise"  # states something and wants it confirmed
    FORECAST = "forecast"
    TO_COME = "to_come"  # of a product: what has not happened on the day of the last report
    FOLLOW = "follow"  # speaks of what was named before
    OF_PRODUCT = "of_product"  # may be meant of the product spoken of before
    OPINION = "opinion"  # of a share: what somebody thinks of it


def asks(question: str, kind: Asks) -> bool:
    """Whether the question is of that kind."""
    return any(pattern.search(question) for pattern in _patterns()[kind])


def rank_asked(question: str) -> int | None:
    """Which row of a ranked list is asked for: 第二大 -> 2, 最大 -> 1; the last one named; None without."""
    ranks = [_number(found[1]) for found in _RANK.finditer(question)]
    return ranks[-1] if ranks else 1 if _FIRST.search(question) else None


def top_asked(question: str) -> int | None:
    """How many first rows of a ranked list are asked for: 前五大 -> 5; None without."""
    found = _TOP.search(question)
    return _number(found[1]) if found else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _HAN_DIGITS[word]


@cache
def _patterns() -> dict[Asks, tuple[re.Pattern[str], ...]]:
    raw = yaml.safe_load(files("rag").joinpath("asking.yaml").read_text(encoding="utf-8"))
    return {Asks(kind): tuple(re.compile(pattern) for pattern in patterns) for kind, patterns in raw.items()}
