"""The product card: what is told where a product is named, by name, code or pinyin, and nothing is asked of it."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.products import MetricMatch

_FIGURES = (
    "fund_type", "fund_company", "fund_manager", "manager_since", "inception_date", "net_asset_value", "unit_nav",
    "net_value_growth", "benchmark_return", "benchmark", "management_fee_rate", "custody_fee_rate", "risk_level",
    "minimum_purchase", "minimum_holding",
)  # fmt: skip

_SHARE_FIGURES = (
    "share_revenue", "share_net_profit", "share_eps", "share_operating_cash_flow", "share_total_assets",
    "share_equity", "share_dividend",
)  # fmt: skip


def share_card(at: int) -> tuple[MetricMatch, ...]:
    """What announcements tell of a share: facts, which everybody may be told."""
    return _matches(_SHARE_FIGURES, at)


def card(at: int) -> tuple[MetricMatch, ...]:
    """The figures of a card as if the question named them behind its last character."""
    return _matches(_FIGURES, at)


def _matches(figures: Sequence[str], at: int) -> tuple[MetricMatch, ...]:
    return tuple(MetricMatch(id=id_, label=all_metrics()[id_].label, start=at, end=at) for id_ in figures)
