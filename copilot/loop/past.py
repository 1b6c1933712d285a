"""A client's account and its funds as they stood on an earlier day: what a diagnosis would have found then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from compliance_filters.finding import Draft, Outcome, ReviewContext, Verdict
from copilot.diagnosis.data.calendars import FundKind
from copilot.diagnosis.data.disclosure import FundPortfolio
from copilot.diagnosis.data.index import Benchmark, IndexSeries
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.data.peers import PeerTable
from copilot.diagnosis.data.provider import FundData
from copilot.diagnosis.data.rates import RateSeries
from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.errors import DiagnosisError
from copilot.reports import ReportDesk
from copilot.session import ContextFacts
from knowledge_base.access import Principal
from knowledge_base.clients import Clients, Holding, Transaction
from knowledge_base.products import Products

IN = {"buy": 1, "transfer_in": 1, "reinvest": 1, "split": 1, "sell": -1, "transfer_out": -1}  # which way units go


class PastClients(Clients):
    """Clients whose positions and trades are those of a day: positions are led back, or on, by the trades between."""

    def __init__(self, source: Clients, day: date) -> None:
        super().__init__(source.engine)
        self._day = day

    def holdings(self, client_id: str, *, principal: Principal) -> tuple[Holding, ...]:
        now = {each.product_code: each for each in super().holdings(client_id, principal=principal)}
        moved: dict[str, Decimal] = defaultdict(Decimal)
        last = max((each.as_of for each in now.values()), default=date.max)
        for trade in super().transactions(client_id, principal=principal):
            as_of = now[trade.product_code].as_of if trade.product_code in now else last
            units = IN.get(trade.kind, 0) * trade.units
            if self._day < trade.day <= as_of:
                moved[trade.product_code] -= units
            elif as_of < trade.day <= self._day:
                moved[trade.product_code] += units
        found = []
        for code in sorted({*now, *moved}):
            held = now.get(code)
            units = (held.units if held else Decimal(0)) + moved[code]
            if units > 0:
                cost = held.cost_cny if held else Decimal(0)
                found.append(
                    Holding(client_id=client_id, product_code=code, units=units, cost_cny=cost, as_of=self._day)
                )
        return tuple(found)

    def transactions(self, client_id: str, *, principal: Principal) -> tuple[Transaction, ...]:
        return tuple(each for each in super().transactions(client_id, principal=principal) if each.day <= self._day)


class PastData:
    """Fund data of which nothing later than a day is seen; notes on the files are left out."""

    def __init__(self, source: FundData, day: date) -> None:
        self._source, self._day = source, day

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries:
        whole = self._source.nav(code, kind=kind, today=None)
        cut = whole.returns.between(None, self._day)
        if not len(cut):
            raise DiagnosisError(f"The fund {code} has no NAV up to {self._day}.")
        payouts = tuple(each for each in whole.payouts if each.day <= self._day)
        return replace(whole, returns=cut, unit_nav=whole.unit_nav[: len(cut)], notes=(), payouts=payouts)

    def benchmark(self) -> Benchmark | None:
        return self._source.benchmark()  # laid beside each fund's own days

    def index(self, name: str) -> IndexSeries | None:
        return self._source.index(name)

    def styles(self) -> Mapping[str, IndexSeries]:
        return self._source.styles()

    def risk_free(self) -> RateSeries | None:
        return self._source.risk_free()

    def portfolio(self, code: str, on: date) -> FundPortfolio | None:
        return self._source.portfolio(code, min(on, self._day))

    def segments(self, code: str, on: date) -> tuple[SegmentPeriod, ...]:
        return self._source.segments(code, min(on, self._day))

    def peers(self) -> PeerTable | None:
        return self._source.peers()


class Unjudged:
    """Stands where the gate does when findings are only counted: it clears nothing, so that nothing can leave."""

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        return Verdict(
            outcome=Outcome.REVIEW, findings=(), original=draft.text, text=draft.text, rule_pack="", audit_id=None
        )


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is compared of an account on one day."""

    hhi: float  # sum of squared weights, 1 = all in one product
    findings: int  # observations of a diagnosis


class PastAccounts:
    """Accounts on earlier days, by the rules and data of today's program."""

    def __init__(self, clients: Clients, products: Products, facts: ContextFacts, navs: FundData) -> None:
        self._clients, self._products, self._facts, self._navs = clients, products, facts, navs

    def on(self, client_id: str, day: date, *, principal: Principal) -> Account | None:
        """None where nothing was held whose value is known."""
        desk = ReportDesk(
            gate=Unjudged(), clients=PastClients(self._clients, day), products=self._products, facts=self._facts,
            navs=PastData(self._navs, day),
        )  # fmt: skip
        try:
            report = desk.client(client_id, principal=principal, today=day).report
        except DiagnosisError:
            return None
        portfolio = report.measures.portfolio if report.measures else None
        return Account(hhi=portfolio.hhi, findings=len(report.observations)) if portfolio else None
