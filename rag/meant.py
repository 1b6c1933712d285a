"""Metrics as a question means them: an amount or a rate, what is told with it, what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.periods import PeriodMatch
from knowledge_base.products import MetricMatch, ProductMatch
from rag.asking import Asks, asks

_EARNED = re.compile(r"[赚亏]了多少(?!个?(?:百分)?点)")  # a rate or an amount
_NO_RATE = re.compile(r"多少|几|收益|涨|跌|高|低|[赢输超差比]")
_SINCE_ANOTHER = re.compile(r"比|[A-Z].{0,3}[A-Z]")  # 比上年末, A类和C类: no change within one period
_FORM = re.compile(r"ETF|LOF|FOF|QDII|REITs?", re.IGNORECASE)
_WENT = re.compile(r"(?:增加|减少|缩水|变[大小多少])了?(?:吗|没)")
_PAID = re.compile(
    r"(?:付|花|支出|发生)了?(?:多少|几)|[交收提]了(?:多少|几)|多少(?:钱|[万亿]?元|[万亿])|费的?(?:总额|金额)"
)
_PAID_FEES = {"management_fee_rate": "management_fee", "custody_fee_rate": "custody_fee"}
_RELATED = {  # what a figure is made of is told with it, and whose it is
    "excess_return": ("net_value_growth", "benchmark_return"),
    "manager_experience": ("fund_manager",),
    "manager_since": ("fund_manager",),
    "institution_share": ("single_investor_share",),
    "individual_share": ("institution_share", "single_investor_share"),
}


def metrics_meant(
    question: str,
    metrics: tuple[MetricMatch, ...],
    periods: Sequence[PeriodMatch],
    products: Sequence[ProductMatch],
    *,
    only_names: bool,
) -> tuple[MetricMatch, ...]:
    """The metrics named as they are meant; growth where a period or a comparison within one is all that is said."""
    compared = len(products) > 1 and bool(periods) and asks(question, Asks.COMPARE)  # 24年谁好
    if not metrics and only_names and (compared or any(one.window for one in periods)):  # 过去一年差多少
        metrics = (growth(len(question)),)
    if asks_money(question):
        metrics = tuple(_as_profit(one) for one in metrics)
    elif _EARNED.search(question) and any(one.id == "net_value_growth" and one.spoken for one in metrics):
        metrics = (*metrics, *(_as_profit(one) for one in metrics if one.id == "net_value_growth"))
    metrics = _as_index(question, metrics, periods)
    return _with_beginning(question, _as_paid(question, metrics, periods), periods)


def asks_money(question: str) -> bool:
    """Whether what was earned or lost is asked, or claimed, as an amount: 亏了多少钱, 赚了680万."""
    return bool(re.search(r"[赚亏赔]\D{0,4}(?:[\d,.]+\s*[万亿元块]|多少钱)", question))


def growth(at: int) -> MetricMatch:
    """Growth as the metric of a question that names none."""
    return MetricMatch(id="net_value_growth", label=all_metrics()["net_value_growth"].label, start=at, end=at)


def _as_index(
    question: str, metrics: tuple[MetricMatch, ...], periods: Sequence[PeriodMatch]
) -> tuple[MetricMatch, ...]:
    """What is compared with, where a benchmark is named and neither a period nor a rate: 天天利业绩基准."""
    if periods or _NO_RATE.search(question) or [one.id for one in metrics] != ["benchmark_return"]:
        return metrics
    return tuple(replace(one, id="benchmark", label=all_metrics()["benchmark"].label) for one in metrics)


def _as_profit(metric: MetricMatch) -> MetricMatch:
    if metric.id != "net_value_growth" or not metric.spoken:
        return metric
    return replace(metric, id="profit", label=all_metrics()["profit"].label)


def _as_paid(
    question: str, metrics: tuple[MetricMatch, ...], periods: Sequence[PeriodMatch]
) -> tuple[MetricMatch, ...]:
    """Fees as amounts where what was paid is asked for; of a year that is named the amount beside the rate."""
    year = any(one.year_stated and len(one.period or "") == len("2024") for one in periods)
    adds_up = asks(question, Asks.TOTAL) or asks(question, Asks.DIFFERENCE)
    alone = bool(_PAID.search(question)) or (year and adds_up)
    if not (alone or year):
        return metrics
    meant: list[MetricMatch] = []
    for one in metrics:
        paid = None if question[one.start : one.end].endswith("率") else _PAID_FEES.get(one.id)
        if paid is None or not alone:
            meant.append(one)
        if paid is not None:
            meant.append(replace(one, id=paid, label=all_metrics()[paid].label))
    return tuple(meant)


def _with_beginning(
    question: str, metrics: tuple[MetricMatch, ...], periods: Sequence[PeriodMatch]
) -> tuple[MetricMatch, ...]:
    """What became of the shares within one period is their number at its beginning and at its end."""
    moved = asks(question, Asks.DIFFERENCE) or _WENT.search(question)
    if len(periods) > 1 or not moved or _SINCE_ANOTHER.search(_FORM.sub("", question)):
        return metrics
    named = {one.id for one in metrics}
    opening = all_metrics()["opening_shares"]
    return tuple(
        other
        for one in metrics
        for other in (
            (replace(one, id=opening.id, label=opening.label), one)
            if one.id == "total_shares" and opening.id not in named
            else (one,)
        )
    )


def with_related(metrics: Sequence[MetricMatch]) -> tuple[MetricMatch, ...]:
    named = {metric.id for metric in metrics}
    more = [
        replace(metric, id=other, label=all_metrics()[other].label)
        for metric in metrics
        for other in _RELATED.get(metric.id, ())
        if other not in named
    ]
    return (*{metric.id: metric for metric in more}.values(), *metrics)
