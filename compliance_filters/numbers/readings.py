"""What the words around a figure say it is, and how figures and periods that stand in a row are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compliance_filters.numbers.figures import Figure
from compliance_filters.numbers.periods import Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the words around a figure say; `own` where they stand between it and the figure before."""

    attribute: str | None = None
    own_attribute: bool = False
    periods: tuple[Period, ...] = ()
    own_period: bool = False
    sole_period: bool = False  # and its own words name no other period


def one_a_kind(found: Sequence[Period]) -> tuple[Period, ...]:
    """The last period of each kind, the last one first."""
    last: dict[str, Period] = {}
    for period in reversed(found):
        last.setdefault(period.kind, period)
    return tuple(last.values())


def years_of(value: object) -> tuple[int, ...]:
    """The years that a period names one by one: 2022年、2023年 and 2024年."""
    if not isinstance(value, Period):
        return ()
    whole = value.kind == "calendar" and value.year is not None and not value.is_part
    return value.years or ((value.year,) if whole and value.year else ())


def groups(figures: Sequence[Figure]) -> Iterable[tuple[int, int]]:
    """Runs of figures with nothing but 、 or 和 between them."""
    first = 0
    for index in range(1, len(figures) + 1):
        if index == len(figures) or not figures[index].joined:
            if index - first > 1:
                yield first, index - 1
            first = index
