"""Sentences composed from facts: one a product, share class and period, each value with its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.facts import Fact
from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.periods import PeriodMatch, last_day
from knowledge_base.products import MetricMatch
from rag.cite import Claim, Place
from rag.question import Understood
from rag.wording import WINDOWS, period_words, same_value, value_words

Locate = Callable[[Fact], Sequence[Place]]

_WINDOW_ORDER = ("REPORT", None, "P1Y", "P3M", "P6M", "P3Y", "P5Y", "INCEPTION")
_YEARS = {"P2Y": 2, "P3Y": 3, "P5Y": 5}


class FactSource(Protocol):
    """Facts of documents in force (knowledge_base.facts.FactStore)."""

    def find(
        self,
        product_codes: Sequence[str],
        attributes: Sequence[str] | None = None,
        period: str | None = None,
        *,
        principal: Principal,
        window: str | None = None,
        on: date | None = None,
    ) -> tuple[Fact, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Stated:
    """One value with every place that states it."""

    fact: Fact
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True)
class FactAnswer:
    """What facts can say; `missing` metrics are left to passages."""

    claims: tuple[Claim, ...] = ()
    stated: tuple[Stated, ...] = ()  # the values of the claims, in their order
    missing: tuple[MetricMatch, ...] = ()
    notes: tuple[str, ...] = ()  # conflicts, and the nearest periods that exist


def answer_from_facts(
    asked: Understood, facts: FactSource, locate: Locate, *, principal: Principal, on: date
) -> FactAnswer:
    """Every named metric of every named product in every named period, as far as facts go.

    `locate` gives the citable places of a fact, or none where this person may not open it: such a
    fact is left out.
    """
    if not asked.products or not asked.metrics:
        return FactAnswer(missing=asked.metrics)
    claims: list[Claim] = []
    kept: list[Stated] = []
    notes: list[str] = []
    answered: set[str] = set()
    seek = _Seeker(facts, locate, principal, on)
    for product in asked.products:
        for when in _moments(asked.periods):
            chosen = seek.find(product.codes, asked.metrics, when)
            groups = _groups(chosen)
            if asked.says_only_product:  # a card: of each class what its latest report is of
                groups = _foremost(groups)
            claims += [_claim(group, asked.metrics, notes) for group in groups]
            kept += [one for group in groups for one in group]
            found = {stated.fact.attribute for stated in chosen}
            answered |= found
            lacking = [metric for metric in asked.metrics if metric.id not in found]
            if when is not None and lacking:
                nearest = seek.find(product.codes, lacking, None)
                notes += _nearest(product.name, when.period, lacking, nearest)
                if _relative_year(when.period) and not chosen and _groups(nearest):
                    groups = _groups(nearest)
                    claims += [_claim(group, lacking, notes) for group in groups]
                    kept += [one for group in groups for one in group]
    missing = tuple(metric for metric in asked.metrics if metric.id not in answered)
    return FactAnswer(
        claims=tuple(dict.fromkeys(claims)),
        stated=tuple(kept),
        missing=missing,
        notes=tuple(dict.fromkeys(notes)),
    )


def _relative_year(period: PeriodMatch) -> bool:
    """去年, 今年: where nothing tells of it, the year that is told of is given and said to be another."""
    return not period.year_stated and len(period.period or "") == len("2024")


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """A period asked for; of a trailing window perhaps the day it ends: 截至2025年一季度末近三年."""

    period: PeriodMatch
    ends: date | None = None


def _moments(periods: Sequence[PeriodMatch]) -> Sequence[_Moment | None]:
    calendar = [one for one in periods if one.period]
    windows = [one for one in periods if one.window]
    if len(calendar) == 1 and windows:
        ends = last_day(calendar[0].period or "")
        return [_Moment(period=one, ends=ends) for one in windows]
    return [_Moment(period=one) for one in periods] or [None]


@dataclass(frozen=True)
class _Seeker:
    """Facts of a person on a day, with their places."""

    facts: FactSource
    locate: Locate
    principal: Principal
    on: date

    def find(self, codes: Sequence[str], metrics: Sequence[MetricMatch], when: _Moment | None) -> list[Stated]:
        """What holds for the moment; the latest where none is given."""
        if when is None:
            return _latest(self._placed(codes, metrics, None, None))
        period, window = when.period.period, when.period.window
        years = _YEARS.get(window or "")
        trailing = [metric for metric in metrics if not years or _has_windows(metric)]
        found = self._placed(codes, trailing, period, window)
        if when.ends is not None:
            found = [one for one in found if one.fact.as_of in (when.ends, None)]
        elif not period:
            found = _latest(found)
        if years:  # the last three years of what is told a year at a time: 近三年利润
            yearly = self._placed(codes, [one for one in metrics if not _has_windows(one)], None, None)
            found += _last_years(yearly, years)
        return found

    def _placed(
        self, codes: Sequence[str], metrics: Sequence[MetricMatch], period: str | None, window: str | None
    ) -> list[Stated]:
        if not metrics:
            return []
        ids = [metric.id for metric in metrics]
        found = self.facts.find(codes, ids, period, principal=self.principal, window=window, on=self.on)
        return [Stated(fact=fact, places=places) for fact in found if (places := tuple(self.locate(fact)))]


def _has_windows(metric: MetricMatch) -> bool:
    """Whether reports tell the metric over trailing windows: growth and what it is compared with."""
    about = all_metrics()[metric.id]
    return (about.kind == "flow" and about.value == "percent") or about.kind == "constant"


def _last_years(found: Sequence[Stated], years: int) -> list[Stated]:
    told = sorted({one.fact.period for one in found if one.fact.period and len(one.fact.period) == len("2024")})
    return [one for one in found if one.fact.period in told[-years:]]


def _latest(placed: Sequence[Stated]) -> list[Stated]:
    """Of each entity and attribute what holds on the last day."""
    last: dict[tuple[str, str], date] = {}
    for fact in (stated.fact for stated in placed):
        key = (_owner(fact), fact.attribute)
        last[key] = max(last.get(key, date.min), fact.as_of or date.min)
    return [
        stated
        for stated in placed
        if (stated.fact.as_of or date.min) == last[_owner(stated.fact), stated.fact.attribute]
    ]


def _owner(fact: Fact) -> str:
    """Whose value it is: a fund has the code of one of its classes."""
    return f"{fact.product_code or fact.entity}/{fact.share_class or ''}"


def _groups(chosen: Sequence[Stated]) -> list[list[Stated]]:
    """Values by entity and period; of several windows of one attribute the likeliest meant."""
    merged: dict[tuple[str | None, ...], Stated] = {}
    for stated in chosen:
        fact = stated.fact
        key = (_owner(fact), fact.attribute, fact.period, fact.window, same_value(fact))
        merged.setdefault(key, stated)
    by_attribute: dict[tuple[str, str, str | None], list[Stated]] = {}
    for stated in merged.values():
        fact = stated.fact
        point = all_metrics()[fact.attribute].kind == "point"
        when = str(fact.as_of) if point else fact.period if ".." not in (fact.period or "") else ""
        by_attribute.setdefault((_owner(fact), fact.attribute, when), []).append(stated)
    groups: dict[str, list[Stated]] = {}
    for (entity, _, _), values in by_attribute.items():
        groups.setdefault(entity, []).extend(_likeliest(values))
    return [list(same) for values in groups.values() for same in _by_period(values)]


def _foremost(groups: Sequence[list[Stated]]) -> list[list[Stated]]:
    """Of each owner the group of the likeliest period, with what holds until changed."""
    kept: dict[str, list[Stated]] = {}
    constant: dict[str, list[Stated]] = {}
    for group in groups:
        owner = _owner(group[0].fact)
        constant.setdefault(owner, []).extend(one for one in group if one.fact.period is None)
        if owner not in kept or min(map(_window_rank, group)) < min(map(_window_rank, kept[owner])):
            kept[owner] = group
    return [group + [one for one in constant[owner] if one not in group] for owner, group in kept.items()]


def _by_period(values: Sequence[Stated]) -> list[list[Stated]]:
    """One group a period; what holds until changed joins the first."""
    groups: dict[str, list[Stated]] = {}
    constant = [stated for stated in values if stated.fact.period is None]
    for stated in values:
        if stated.fact.period is not None:
            groups.setdefault(stated.fact.period, []).append(stated)
    if not groups:
        return [constant]
    first, *rest = groups.values()
    return [first + constant, *rest]


def _likeliest(values: list[Stated]) -> list[Stated]:
    """All values of the preferred window; more than one is a conflict and all are given."""
    rank = min(_window_rank(stated) for stated in values)
    kept = [stated for stated in values if _window_rank(stated) == rank]
    distinct: dict[str, Stated] = {}
    for stated in kept:
        distinct.setdefault(same_value(stated.fact), stated)
    return list(distinct.values())


def _window_rank(stated: Stated) -> int:
    fact = stated.fact
    if fact.period and fact.period == stated.places[0].chunk.period:
        return 0  # the last three months of a quarterly report are what it reports on
    return _WINDOW_ORDER.index(fact.window) if fact.window in _WINDOW_ORDER else len(_WINDOW_ORDER)


def told(one: Stated) -> Claim:
    """A single value as a sentence with its places."""
    label = all_metrics()[one.fact.attribute].label
    return _claim([one], [MetricMatch(id=one.fact.attribute, label=label, start=0, end=0)], [])


def _claim(group: Sequence[Stated], metrics: Sequence[MetricMatch], notes: list[str]) -> Claim:
    labels = {metric.id: metric.label for metric in metrics}
    parts: list[str] = []
    for attribute in labels:
        values = [stated for stated in group if stated.fact.attribute == attribute]
        if values:
            parts.append(_part(labels[attribute], values, first=not parts))
        if _contradict(values):
            notes.append(_conflict(labels[attribute], values))
    places = tuple(dict.fromkeys(place for stated in group for place in stated.places))
    said = f"{group[0].fact.entity}：{_period_of_report(group[0])}{'，'.join(parts)}。"
    return Claim(text=said, places=places)


def _period_of_report(stated: Stated) -> str:
    """The period; a trailing window says by which report, whose title is cited, it ends."""
    words = period_words(stated.fact.period)
    report = stated.places[0].chunk.period
    if ".." in (stated.fact.period or "") and report:
        return f"{words}（截至{period_words(report)}末）"
    window = WINDOWS.get(stated.fact.window or "")
    return f"{window}（截至{words}末）" if window and words else words  # as its row is labelled


def _part(label: str, values: Sequence[Stated], *, first: bool) -> str:
    same_period = "" if first or not label.startswith("业绩比较基准") else "同期"
    joined = ("或" if _contradict(values) else "、").join(value_words(stated.fact) for stated in values)
    return f"{same_period}{label}为{joined}"


def _contradict(values: Sequence[Stated]) -> bool:
    """Different values in different documents; within one document they are a list."""
    return len(values) > 1 and len({stated.fact.version_id for stated in values}) > 1


def _conflict(label: str, values: Sequence[Stated]) -> str:
    stated = "；".join(f"《{value.places[0].chunk.title}》为{value_words(value.fact)}" for value in values)
    return f"{label}有不一致的记载，请核对原文：{stated}。"


def _nearest(name: str, wanted: PeriodMatch, lacking: Sequence[MetricMatch], known: Sequence[Stated]) -> list[str]:
    """What is there instead of the period asked for; nothing when the figure is unknown altogether."""
    asked = period_words(wanted.period) or WINDOWS.get(wanted.window or "", wanted.window or "")
    notes = []
    for metric in lacking:
        own = [stated.fact.period for stated in known if stated.fact.attribute == metric.id]
        there = list(dict.fromkeys(period_words(period) for period in own if period))
        if there:
            notes.append(f"{name}：未找到{asked}的{metric.label}，现有{'、'.join(there[:4])}。")
    return notes
