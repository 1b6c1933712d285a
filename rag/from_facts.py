"""Sentences composed from facts: one a product, share class and period, each value with its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.facts import Fact
from knowledge_base.periods import PeriodMatch
from knowledge_base.products import MetricMatch
from rag.cite import Claim, Place
from rag.question import Understood

Locate = Callable[[Fact], Place | None]

_WINDOW_ORDER = ("REPORT", None, "P1Y", "P3M", "P6M", "P3Y", "P5Y", "INCEPTION")
_WINDOWS = {
    "P1M": "过去一个月",
    "P3M": "过去三个月",
    "P6M": "过去六个月",
    "P1Y": "过去一年",
    "P2Y": "过去两年",
    "P3Y": "过去三年",
    "P5Y": "过去五年",
    "INCEPTION": "自成立以来",
}
_HALVES = {"H1": "上半年", "H2": "下半年"}


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
class FactAnswer:
    """What facts can say; `missing` metrics are left to passages."""

    claims: tuple[Claim, ...] = ()
    missing: tuple[MetricMatch, ...] = ()
    notes: tuple[str, ...] = ()  # conflicts, and the nearest periods that exist


@dataclass(frozen=True, kw_only=True)
class _Stated:
    """One value with every place that states it."""

    fact: Fact
    places: tuple[Place, ...]


def answer_from_facts(
    asked: Understood, facts: FactSource, locate: Locate, *, principal: Principal, on: date
) -> FactAnswer:
    """Every named metric of every named product in every named period, as far as facts go.

    `locate` gives the citable place of a fact, or None where this person may not open it: such a
    fact is left out.
    """
    if not asked.products or not asked.metrics:
        return FactAnswer(missing=asked.metrics)
    claims: list[Claim] = []
    notes: list[str] = []
    answered: set[str] = set()

    def find(codes: Sequence[str], metrics: Sequence[MetricMatch], when: PeriodMatch | None) -> list[_Stated]:
        period, window = (when.period, when.window) if when else (None, None)
        found = facts.find(codes, [metric.id for metric in metrics], period, principal=principal, window=window, on=on)
        placed = [_Stated(fact=fact, places=(place,)) for fact in found if (place := locate(fact))]
        return placed if period else _latest(placed)

    for product in asked.products:
        for when in asked.periods or (None,):
            chosen = find(product.codes, asked.metrics, when)
            claims += [_claim(group, asked.metrics, notes) for group in _groups(chosen)]
            found = {stated.fact.attribute for stated in chosen}
            answered |= found
            lacking = [metric for metric in asked.metrics if metric.id not in found]
            if when is not None and lacking:
                notes += _nearest(product.name, when, lacking, find(product.codes, lacking, None))
    missing = tuple(metric for metric in asked.metrics if metric.id not in answered)
    return FactAnswer(claims=tuple(claims), missing=missing, notes=tuple(dict.fromkeys(notes)))


def period_words(period: str | None) -> str:
    """A canonical period as people write it: 2024Q4 -> 2024年第4季度."""
    if not period:
        return ""
    window, _, last_day = period.partition("..")
    if last_day:
        return _WINDOWS.get(window, window)
    match = re.fullmatch(r"(\d{4})(?:(H[12])|Q([1-4])|-(\d{2}))?", period)
    if match is None:
        return period
    year, half, quarter, month = match.groups()
    tail = _HALVES[half] if half else f"第{quarter}季度" if quarter else f"{int(month)}月" if month else ""
    return f"{year}年{tail}"


def value_words(fact: Fact) -> str:
    """The value as printed, with its unit unless the print has one."""
    printed = fact.value_text or (f"{fact.value:,f}" if fact.value is not None else "")
    if fact.value is None or not fact.unit or fact.unit in printed or not printed[-1:].isdigit():
        return printed
    return printed + fact.unit.removeprefix("人民币")


def _latest(placed: Sequence[_Stated]) -> list[_Stated]:
    """Of each entity and attribute what holds on the last day."""
    last: dict[tuple[str, str], date] = {}
    for fact in (stated.fact for stated in placed):
        key = (fact.entity, fact.attribute)
        last[key] = max(last.get(key, date.min), fact.as_of or date.min)
    return [
        stated
        for stated in placed
        if (stated.fact.as_of or date.min) == last[stated.fact.entity, stated.fact.attribute]
    ]


def _groups(chosen: Sequence[_Stated]) -> list[list[_Stated]]:
    """Values by entity and period; of several windows of one attribute the likeliest meant."""
    merged: dict[tuple[str | None, ...], _Stated] = {}
    for stated in chosen:
        fact = stated.fact
        key = (fact.entity, fact.attribute, fact.period, fact.window, _same_value(fact))
        before = merged.get(key)
        places = (*before.places, *stated.places)[:2] if before else stated.places
        merged[key] = _Stated(fact=fact, places=places)
    by_attribute: dict[tuple[str, str], list[_Stated]] = {}
    for stated in merged.values():
        by_attribute.setdefault((stated.fact.entity, stated.fact.attribute), []).append(stated)
    groups: dict[str, list[_Stated]] = {}
    for (entity, _), values in by_attribute.items():
        groups.setdefault(entity, []).extend(_likeliest(values))
    return [list(same) for values in groups.values() for same in _by_period(values)]


def _by_period(values: Sequence[_Stated]) -> list[list[_Stated]]:
    """One group a period; what holds until changed joins the first."""
    groups: dict[str, list[_Stated]] = {}
    constant = [stated for stated in values if stated.fact.period is None]
    for stated in values:
        if stated.fact.period is not None:
            groups.setdefault(stated.fact.period, []).append(stated)
    if not groups:
        return [constant]
    first, *rest = groups.values()
    return [first + constant, *rest]


def _likeliest(values: list[_Stated]) -> list[_Stated]:
    """All values of the preferred window; more than one is a conflict and all are given."""
    rank = min(_window_rank(stated.fact.window) for stated in values)
    kept = [stated for stated in values if _window_rank(stated.fact.window) == rank]
    distinct: dict[str, _Stated] = {}
    for stated in kept:
        distinct.setdefault(_same_value(stated.fact), stated)
    return list(distinct.values())


def _window_rank(window: str | None) -> int:
    return _WINDOW_ORDER.index(window) if window in _WINDOW_ORDER else len(_WINDOW_ORDER)


def _same_value(fact: Fact) -> str:
    return f"{fact.value.normalize()}{fact.unit}" if fact.value is not None else fact.value_text.strip()


def _claim(group: Sequence[_Stated], metrics: Sequence[MetricMatch], notes: list[str]) -> Claim:
    labels = {metric.id: metric.label for metric in metrics}
    parts: list[str] = []
    for attribute in labels:
        values = [stated for stated in group if stated.fact.attribute == attribute]
        if values:
            parts.append(_part(labels[attribute], values, first=not parts))
        if _contradict(values):
            notes.append(_conflict(labels[attribute], values))
    places = tuple(place for stated in group for place in stated.places)
    said = f"{group[0].fact.entity}：{_period_of_report(group[0])}{'，'.join(parts)}。"
    return Claim(text=said, places=places)


def _period_of_report(stated: _Stated) -> str:
    """The period; a trailing window says by which report, whose title is cited, it ends."""
    words = period_words(stated.fact.period)
    report = stated.places[0].chunk.period
    if ".." in (stated.fact.period or "") and report:
        return f"{words}（截至{period_words(report)}末）"
    return words


def _part(label: str, values: Sequence[_Stated], *, first: bool) -> str:
    same_period = "" if first or not label.startswith("业绩比较基准") else "同期"
    joined = ("或" if _contradict(values) else "、").join(value_words(stated.fact) for stated in values)
    return f"{same_period}{label}为{joined}"


def _contradict(values: Sequence[_Stated]) -> bool:
    """Different values in different documents; within one document they are a list."""
    return len(values) > 1 and len({stated.fact.version_id for stated in values}) > 1


def _conflict(label: str, values: Sequence[_Stated]) -> str:
    stated = "；".join(f"《{value.places[0].chunk.title}》为{value_words(value.fact)}" for value in values)
    return f"{label}有不一致的记载，请核对原文：{stated}。"


def _nearest(name: str, wanted: PeriodMatch, lacking: Sequence[MetricMatch], known: Sequence[_Stated]) -> list[str]:
    """What is there instead of the period asked for; nothing when the figure is unknown altogether."""
    asked = period_words(wanted.period) or _WINDOWS.get(wanted.window or "", wanted.window or "")
    notes = []
    for metric in lacking:
        own = [stated.fact.period for stated in known if stated.fact.attribute == metric.id]
        there = list(dict.fromkeys(period_words(period) for period in own if period))
        if there:
            notes.append(f"{name}：未找到{asked}的{metric.label}，现有{'、'.join(there[:4])}。")
    return notes
