"""By when a follow-up is to be dealt with: rules as data, hours around the clock or working days in China."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from intent.classifier.taxonomy import Taxonomy
from intent.errors import FollowUpDataError
from intent.follow_ups.numbers import SHANGHAI

SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time to act in: hours around the clock, or working days."""

    hours: float = 0.0
    working_days: int = 0


@dataclass(frozen=True, kw_only=True)
class CaseRule:
    """What holds for cases of one intent."""

    intent: str
    zh: str
    prefix: str  # of the registered number
    first: Span
    answer: Span
    law: str
    checked: bool  # whether wording and figures were compared with the source


@dataclass(frozen=True, kw_only=True)
class Workdays:
    """Monday to Friday, but for the days named."""

    closed: frozenset[date]
    open: frozenset[date]

    def works(self, day: date) -> bool:
        return day in self.open or (day.weekday() < SATURDAY and day not in self.closed)

    def after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`."""
        while count:
            day += timedelta(days=1)
            count -= self.works(day)
        return day


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """The rules in force."""

    cases: Mapping[str, CaseRule]
    workdays: Workdays
    warn_share: float  # of the time, left when a deadline nears
    day_ends: time  # China time

    def first(self, intent: str, taxonomy: Taxonomy, since: datetime) -> datetime:
        """By when the client is to be contacted (a case) or the matter dealt with (a ticket)."""
        rule = self.cases.get(intent)
        return self.end(rule.first if rule else Span(hours=taxonomy[intent].sla_hours), since)

    def answer(self, intent: str, since: datetime) -> datetime | None:
        """By when a case is to be answered; None for what is no case."""
        rule = self.cases.get(intent)
        return self.end(rule.answer, since) if rule else None

    def end(self, span: Span, since: datetime) -> datetime:
        """The end of a span that begins at `since`."""
        if not span.working_days:
            return since + timedelta(hours=span.hours)
        day = self.workdays.after(since.astimezone(SHANGHAI).date(), span.working_days)
        return datetime.combine(day, self.day_ends, SHANGHAI)

    def warn_at(self, since: datetime, due: datetime) -> datetime:
        """When a deadline begins to near."""
        return due - (due - since) * self.warn_share


def load_deadlines(rules: Path | None = None, workdays: Path | None = None) -> Deadlines:
    """The rules that are shipped, or a firm's own files. Raises FollowUpDataError naming what is wrong."""
    told = _read(rules, "deadlines.yaml")
    try:
        cases = {name: _rule(name, each) for name, each in told["cases"].items()}
        hour, minute = (int(part) for part in str(told["day_ends"]).split(":"))
        return Deadlines(
            cases=cases, workdays=_workdays(_read(workdays, "workdays.yaml")),
            warn_share=float(told["warn_share"]), day_ends=time(hour, minute),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FollowUpDataError(f"The rules of deadlines are broken at {error}: correct the file.") from error


def _rule(intent: str, told: Mapping[str, Any]) -> CaseRule:
    spans = {name: Span(**told[name]) for name in ("first", "answer")}
    if any(not (span.hours or span.working_days) for span in spans.values()):
        raise ValueError(f"{intent}, which has a deadline of no length")
    return CaseRule(
        intent=intent, zh=told["zh"], prefix=told["prefix"], law=told["law"], checked=told["checked"], **spans
    )


def _workdays(told: Mapping[str, Any]) -> Workdays:
    years = told["years"].values()
    return Workdays(
        closed=frozenset(day for year in years for span in year["closed"] for day in _days(span)),
        open=frozenset(day for year in years for span in year["open"] for day in _days(span)),
    )


def _days(span: date | str) -> list[date]:
    """2026-01-01, or 2026-01-01..2026-01-03."""
    first, _, last = str(span).partition("..")
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _read(path: Path | None, shipped: str) -> Mapping[str, Any]:
    source = path or files("intent.follow_ups") / "data" / shipped
    try:
        found: Mapping[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise FollowUpDataError(f"{source} cannot be read ({type(error).__name__}): correct the file.") from error
    return found
