"""Sentences composed from facts: one a product, share class and period, each value with its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.facts import Fact
from knowledge_base.products import MetricMatch, PeriodMatch
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
    for product in asked.products:
        attributes = [metric.id for metric in asked.metrics]
        everything = facts.find(product.codes, attributes, principal=principal, on=on)
        known = [(fact, place) for fact in everything if (place := locate(fact)) is not None]
        for wanted in asked.periods or (None,):
            chosen = _choose(known, wanted)
            for group in _groups(chosen):
                claims.append(_claim(group, asked.metrics, notes))
                answered.update(stated.fact.attribute for stated in group)
            if known and not chosen and wanted is not None:
                notes.append(_nearest(product.name, wanted, [fact for fact, _ in known]))
    missing = tuple(metric for metric in asked.metrics if metric.id not in answered)
    return FactAnswer(claims=tuple(claims), missing=missing, notes=tuple(dict.fromkeys(notes)))


def period_words(period: str | None) -> str:
    """A canonical period as people write it: 2024Q4 -> 2024年第4季度."""
    if not period:
        return ""
    window, _, last_day = period.partition("..")
    if last_day:
        return f"{_WINDOWS.get(window, window)}（截至{last_day}）"
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
    return printed + fact.unit


def _choose(known: Sequence[tuple[Fact, Place]], wanted: PeriodMatch | None) -> list[tuple[Fact, Place]]:
    """The facts of the wanted period or window; without one, the latest of each entity and attribute."""
    if wanted is not None and wanted.period is not None:
        return [pair for pair in known if pair[0].period in (wanted.period, None)]
    fitting = [pair for pair in known if wanted is None or pair[0].window == wanted.window]
    latest: dict[tuple[str, str], date] = {}
    for fact, _ in fitting:
        key = (fact.entity, fact.attribute)
        latest[key] = max(latest.get(key, date.min), fact.as_of or date.min)
    return [
        (fact, place)
        for fact, place in fitting
        if (fact.as_of or date.min) == latest[fact.entity, fact.attribute]
    ]


def _groups(chosen: Iterable[tuple[Fact, Place]]) -> list[list[_Stated]]:
    """Values by entity and period; of several windows of one attribute the likeliest meant."""
    merged: dict[tuple[str, str, str | None, str | None, str], list[tuple[Fact, Place]]] = {}
    for fact, place in chosen:
        key = (fact.entity, fact.attribute, fact.period, fact.window, _same_value(fact))
        merged.setdefault(key, []).append((fact, place))
    by_attribute: dict[tuple[str, str], list[_Stated]] = {}
    for pairs in merged.values():
        first = pairs[0][0]
        stated = _Stated(fact=first, places=tuple(place for _, place in pairs[:2]))
        by_attribute.setdefault((first.entity, first.attribute), []).append(stated)
    groups: dict[tuple[str, str | None], list[_Stated]] = {}
    for (entity, _), stated_values in by_attribute.items():
        for stated in _likeliest(stated_values):
            groups.setdefault((entity, stated.fact.period), []).append(stated)
    return list(groups.values())


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
    fact = group[0].fact
    places = tuple(place for stated in group for place in stated.places)
    return Claim(text=f"{fact.entity}：{period_words(fact.period)}{'，'.join(parts)}。", places=places)


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


def _nearest(name: str, wanted: PeriodMatch, known: Sequence[Fact]) -> str:
    there = list(dict.fromkeys(period_words(fact.period) for fact in known if fact.period))[:4]
    asked = period_words(wanted.period) or _WINDOWS.get(wanted.window or "", wanted.window or "")
    if not there:
        return f"{name}：未找到{asked}的数据。"
    return f"{name}：未找到{asked}的数据，现有{'、'.join(there)}。"
