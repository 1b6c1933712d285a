"""When a pack or a rule is in force: from a day, to a day, both included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Validity:
    """First and last day in force; None where there is no bound."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Validity:
        """Of `effective_from` and `effective_to`. Raises ValueError for no day, and for an end before the beginning."""
        found = cls(first=_day(entry.get("effective_from")), last=_day(entry.get("effective_to")))
        if found.first and found.last and found.last < found.first:
            raise ValueError(f"effective_to {found.last} lies before effective_from {found.first}")
        return found

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def overlaps(self, other: Validity) -> bool:
        return not (self._ends_before(other) or other._ends_before(self))

    def _ends_before(self, other: Validity) -> bool:
        return self.last is not None and other.first is not None and self.last < other.first

    def turns(self) -> Iterator[date]:
        """Days on which something changes: the first one, and the one after the last."""
        if self.first:
            yield self.first
        if self.last:
            yield self.last + timedelta(days=1)

    def __str__(self) -> str:
        first, last = (f"{day:%Y-%m-%d}" if day else "" for day in (self.first, self.last))
        return f"{first or '…'} – {last or '…'}"


ALWAYS = Validity()


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:  # YAML reads days by itself, and times too, which are no days
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value} is no day: write it as YYYY-MM-DD") from None
