"""The match for one client: what the firm knows of them and of its shelf, handed to the scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from copilot.fund_data import FundRecords
from knowledge_base.clients import BehaviourEvent, Client
from knowledge_base.consents import Purpose
from knowledge_base.products import Product

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundAnalysis
    from copilot.diagnosis.diagnose import Settings
    from copilot.diagnosis.findings import Observation
    from copilot.diagnosis.match.advise import Held
    from copilot.diagnosis.match.shelf import Candidate, Investor
    from copilot.diagnosis.match.suggestion import Advice
    from copilot.diagnosis.shared import SharedFunds

_VIEWED = "product_view"
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class ClientMatch:
    """Makes suggestions for one client's holdings; called with them once they are judged."""

    client: Client
    refused: frozenset[Purpose]  # by the client, in the firm's file or in the ledger
    events: Sequence[BehaviourEvent]
    records: FundRecords
    held: Mapping[str, Product]
    settings: Settings
    shared: SharedFunds
    licensed: bool  # whether an adviser with a licence number stands behind the report

    def __call__(self, holdings: Sequence[Held]) -> Advice:
        from copilot.diagnosis.match.advise import advise, no_advice

        if Purpose.MARKETING in self.refused:
            return no_advice("客户不接受营销，本报告不含产品建议。")
        if Purpose.PERSONALISED in self.refused:
            return no_advice("客户已关闭个性化服务，本报告不含产品建议。")
        if not self.licensed:
            return no_advice("没有登记编号的投资顾问署名，本报告不含产品建议。")
        return advise(
            self._investor(),
            [self._completed(one) for one in holdings],
            self.records.shelf,
            measure=self._measured,
            judge=_judged,
            today=self.records.today,
        )

    def _investor(self) -> Investor:
        from copilot.diagnosis.match.shelf import Investor

        client = self.client
        # An expiry that nobody told counts as expired, as it does at the gate.
        valid = client.risk_level_on(self.records.today) if client.risk_level_expires else None
        return Investor(
            level=valid,
            level_as_of=client.risk_level_as_of,
            level_expires=client.risk_level_expires,
            questionnaire_id=client.questionnaire_id,
            goal=client.goal,
            horizon_months=client.horizon_months,
            liquidity_cny=client.liquidity_cny,
            viewed=self._viewed(),
        )

    def _viewed(self) -> frozenset[str] | None:
        """Products looked at lately; None where the client does not agree to the analysis of their behaviour."""
        from copilot.diagnosis.match.policy import load_policy

        if not self.client.agrees_to("ai_analysis") or Purpose.AI_ANALYSIS in self.refused:
            return None
        since = self.records.today - timedelta(days=load_policy().interest_days)
        looked = [event for event in self.events if event.kind == _VIEWED and event.product_code]
        return frozenset(e.product_code or "" for e in looked if e.at.astimezone(_SHANGHAI).date() >= since)

    def _completed(self, held: Held) -> Held:
        nav = held.analysis.fund.nav if held.analysis else None
        last = float(nav.unit_nav[-1]) if nav is not None else float("nan")
        unit = Decimal(str(last)) if isfinite(last) else Decimal(0)
        product = self.held.get(held.code)
        lock = self.records.lock_months(product) if product else None
        return replace(held, product=product, unit_nav=unit, lock_months=lock)

    def _measured(self, product: Product) -> Candidate | None:
        from copilot.diagnosis.match.shelf import Candidate

        fund = self.records.funds({product.code: product}).get(product.code)
        if fund is None:
            return None
        studied = self.shared.study(fund, self.records.source.benchmark(), self.settings.market)
        lock = self.records.lock_months(product)
        return Candidate(product=product, analysis=studied.analysis, fees=fund.fees, lock_months=lock)


def _judged(analysis: FundAnalysis) -> tuple[Observation, ...]:
    from copilot.diagnosis.diagnose import judge_fund

    return judge_fund(analysis, None).observations
