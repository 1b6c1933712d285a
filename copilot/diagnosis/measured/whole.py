"""All measures behind one report, as its JSON carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from copilot.diagnosis.match.suggestion import Advice
from copilot.diagnosis.measured.account import AccountMeasures
from copilot.diagnosis.measured.fund import FundMeasures
from copilot.diagnosis.measured.portfolio import PortfolioMeasures
from copilot.diagnosis.measured.tree import as_json

VERSION = 1  # of the JSON; grows when a field changes its meaning or goes


@dataclass(frozen=True, kw_only=True)
class ReportMeasures:
    """Funds by code; portfolio and account only in a client's report."""

    conventions: tuple[str, ...]
    funds: Mapping[str, FundMeasures]
    portfolio: PortfolioMeasures | None = None
    account: AccountMeasures | None = None  # None also where there are no trades
    advice: Advice | None = None  # suggestions with their scores and the evidence of suitability

    def json(self) -> dict[str, Any]:
        """Plain values: fractions and ratios as numbers, money as strings, days as ISO dates, unknown as null."""
        found: dict[str, Any] = {"version": VERSION, **as_json(self)}
        return found
