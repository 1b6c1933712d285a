"""The product card: what is told where a product is named, by name, code or pinyin, and nothing is asked of it."""

from __future__ import annotations

from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.products import MetricMatch

_FIGURES = (
    "fund_type", "fund_company", "fund_manager", "manager_since", "inception_date", "net_asset_value", "unit_nav",
    "net_value_growth", "benchmark_return", "benchmark", "management_fee_rate", "custody_fee_rate", "risk_level",
    "minimum_purchase", "minimum_holding",
)  # fmt: skip


def card(at: int) -> tuple[MetricMatch, ...]:
    """The figures of a card as if the question named them behind its last character."""
    return tuple(MetricMatch(id=id_, label=all_metrics()[id_].label, start=at, end=at) for id_ in _FIGURES)
