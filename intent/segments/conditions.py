"""Conditions of tag rules: pure functions of what is known and of a day.

A condition answers True, False, or None where it cannot be known (no questionnaire, no price): what is unknown never
sets a tag, not even under `not` (Kleene, Introduction to Metamathematics, 1952, section 64). `next_day` is the earliest
later day on which the answer may be another although nothing happened, so that nobody need look before.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

Item = Mapping[str, Any]  # field to value, None where unknown; of a client also items of each kind, in tuples
NUMBERS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
TEXTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "in": lambda value, wanted: value in wanted,
    "contains": lambda value, wanted: any(each in value for each in wanted),
}
SETS: Mapping[str, Callable[[Any, Any], bool]] = {"has": lambda value, wanted: wanted in value}
MISSING = "missing"


class Condition(Protocol):
    """One question about an item on a day."""

    def judge(self, item: Item, day: date) -> bool | None: ...

    def next_day(self, item: Item, day: date) -> date | None: ...


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days from `first` to `last` relative to today; None: without end on that side."""

    first: int | None = None
    last: int | None = None

    def holds(self, on: date, today: date) -> bool:
        ahead = (on - today).days
        return (self.first is None or self.first <= ahead) and (self.last is None or ahead <= self.last)

    def next_day(self, on: date, today: date) -> date | None:
        """The first later day on which `on` enters or leaves the window."""
        enters = None if self.last is None else on - timedelta(days=self.last)
        leaves = None if self.first is None else on - timedelta(days=self.first - 1)
        return earliest(day for day in (enters, leaves) if day is not None and day > today)


def window(op: str, days: int) -> Window:
    """within_last 7: today and the six days before. within_next 30: today and the thirty days after.

    older_than 0: before today. later_than 0: after today.
    """
    return {
        "within_last": Window(first=1 - days, last=0),
        "within_next": Window(first=0, last=days),
        "older_than": Window(last=-days - 1),
        "later_than": Window(first=days + 1),
    }[op]


DATES = ("within_last", "within_next", "older_than", "later_than")


@dataclass(frozen=True, kw_only=True)
class Compare:
    """A number, text or set against a value."""

    field: str
    by: Callable[[Any, Any], bool]
    value: Any
    moves_daily: bool = False  # what it reads follows prices, which come every day

    def judge(self, item: Item, day: date) -> bool | None:
        found = item.get(self.field)
        return None if found is None else self.by(found, self.value)

    def next_day(self, item: Item, day: date) -> date | None:
        moves = self.moves_daily and item.get(self.field) is not None
        return day + timedelta(days=1) if moves else None


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A date in a window around today."""

    field: str
    window: Window

    def judge(self, item: Item, day: date) -> bool | None:
        found = item.get(self.field)
        return None if found is None else self.window.holds(found, day)

    def next_day(self, item: Item, day: date) -> date | None:
        found = item.get(self.field)
        return None if found is None else self.window.next_day(found, day)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Nobody has told us."""

    field: str

    def judge(self, item: Item, day: date) -> bool | None:
        return item.get(self.field) is None

    def next_day(self, item: Item, day: date) -> date | None:
        return None


@dataclass(frozen=True, kw_only=True)
class All:
    """Every part holds."""

    parts: Sequence[Condition]

    def judge(self, item: Item, day: date) -> bool | None:
        return _decided(self.parts, item, day, by=False)

    def next_day(self, item: Item, day: date) -> date | None:
        return _next_day(self.parts, item, day, by=False)


@dataclass(frozen=True, kw_only=True)
class Any_:
    """At least one part holds."""

    parts: Sequence[Condition]

    def judge(self, item: Item, day: date) -> bool | None:
        return _decided(self.parts, item, day, by=True)

    def next_day(self, item: Item, day: date) -> date | None:
        return _next_day(self.parts, item, day, by=True)


@dataclass(frozen=True, kw_only=True)
class Not:
    """The part is known not to hold."""

    part: Condition

    def judge(self, item: Item, day: date) -> bool | None:
        found = self.part.judge(item, day)
        return None if found is None else not found

    def next_day(self, item: Item, day: date) -> date | None:
        return self.part.next_day(item, day)


@dataclass(frozen=True, kw_only=True)
class Some:
    """Enough of a client's holdings, event days or intents fit, or what they sum to does."""

    kind: str  # holding | event | intent
    where: Condition
    at_least: int = 1
    total: Compare | None = None  # of the items that fit; then `at_least` is not asked

    def judge(self, item: Item, day: date) -> bool | None:
        found = [(each, self.where.judge(each, day)) for each in item[self.kind]]
        if self.total is not None:
            return self._sum([each for each, fits in found if fits], None in (fits for _, fits in found))
        sure = sum(each.get("times", 1) for each, fits in found if fits)
        perhaps = sum(each.get("times", 1) for each, fits in found if fits is None)
        return True if sure >= self.at_least else None if sure + perhaps >= self.at_least else False

    def next_day(self, item: Item, day: date) -> date | None:
        days = [self.where.next_day(each, day) for each in item[self.kind]]
        if self.total is not None:
            days += [self.total.next_day(each, day) for each in item[self.kind]]
        return earliest(days)

    def _sum(self, fitting: Sequence[Item], doubtful: bool) -> bool | None:
        assert self.total is not None
        amounts = [each.get(self.total.field) for each in fitting]
        if doubtful or None in amounts:
            return None
        return self.total.by(sum((each for each in amounts if each is not None), Decimal(0)), self.total.value)


def _decided(parts: Sequence[Condition], item: Item, day: date, *, by: bool) -> bool | None:
    """`by` as soon as one part answers it; unknown where one is; else the opposite."""
    unknown = False
    for part in parts:
        found = part.judge(item, day)
        if found is by:
            return by
        unknown = unknown or found is None
    return None if unknown else not by


def _next_day(parts: Sequence[Condition], item: Item, day: date, *, by: bool) -> date | None:
    """Of the parts; none where one that never changes decides by itself: a login is no maturity on any day."""
    days = []
    for part in parts:
        soon = part.next_day(item, day)
        if soon is None and part.judge(item, day) is by:
            return None
        days.append(soon)
    return earliest(days)


def earliest(days: Iterable[date | None]) -> date | None:
    """The first of the days that are known."""
    return min((day for day in days if day is not None), default=None)
