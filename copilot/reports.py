"""The report way: NAV and holdings -> metrics -> findings -> draft -> gate -> file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_filters.finding import Draft, ReviewContext, Target, Verdict
from copilot.diagnosis.errors import DiagnosisError
from copilot.session import ContextFacts, Reviews
from knowledge_base import clients as kb
from knowledge_base.access import Principal
from knowledge_base.clients import Client, Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.facts import FactStore
from knowledge_base.products import Product, Products

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundInput
    from copilot.diagnosis.data.ledger import Ledger
    from copilot.diagnosis.data.provider import FundData
    from copilot.diagnosis.diagnose import Settings
    from copilot.diagnosis.holdings import Holding
    from copilot.diagnosis.metrics.costs import FeeSchedule
    from copilot.diagnosis.report import Adviser, DiagnosisReport

PENNY = Decimal("0.01")
HOME = "CNY"  # positions in another currency have no value here: there is no rate to change them at


@dataclass(frozen=True, kw_only=True)
class JudgedReport:
    """A report with its verdict; only a cleared one can be written."""

    report: DiagnosisReport
    verdict: Verdict

    def write(self, path: Path) -> Path:
        """Render by the ending of `path`. Raises DiagnosisError when the gate has not cleared the text as it is."""
        from copilot.diagnosis.render import render

        cleared = self.verdict.cleared
        if cleared is None or cleared.text != self.report.text():
            reasons = "；".join([*(f.reason for f in self.verdict.findings), *self.verdict.errors])
            raise DiagnosisError(
                f"The report was not cleared ({self.verdict.outcome.word}: {reasons}): nothing was written."
            )
        return render(self.report, path)


class ReportDesk:
    """Makes reports for funds and clients and has them judged."""

    def __init__(
        self, *, gate: Reviews, clients: Clients, products: Products, facts: ContextFacts, navs: FundData,
        terms: FactStore | None = None,
    ) -> None:  # fmt: skip
        self._gate = gate
        self._clients = clients
        self._products = products
        self._facts = facts
        self._navs = navs
        self._terms = terms

    def fund(self, code: str, *, principal: Principal, today: date, navs: FundData | None = None) -> JudgedReport:
        """Diagnose one fund. Raises DiagnosisError when its NAV is missing or useless."""
        from copilot.diagnosis.diagnose import diagnose_fund

        source = navs or self._navs
        product = self._known([code], principal).get(code)
        fund = self._with_contract(_fund_input(code, product, source, today), product, source)
        fund = replace(fund, fees=self._fees([code], principal, today).get(code))
        report = diagnose_fund(fund, source.benchmark(), today=today, settings=_settings(source))
        return self._judge(report, ReviewContext(today=today), principal)

    def client(
        self, client_id: str, *, principal: Principal, today: date, navs: FundData | None = None
    ) -> JudgedReport:
        """Diagnose what a client holds. Raises DiagnosisError for a client the principal may not see."""
        from copilot.diagnosis.holdings import ClientInput, diagnose_client

        source = navs or self._navs
        try:
            client = self._clients.get(client_id, principal=principal)
        except UnknownClientError as error:
            raise DiagnosisError(f"There is no client {client_id} that you may see: check the id.") from error
        held = self._clients.holdings(client_id, principal=principal)
        known = self._known([holding.product_code for holding in held], principal)
        funds = _with_nav(known, source, today)
        fees = self._fees(list(funds), principal, today)
        funds = {code: replace(fund, fees=fees.get(code)) for code, fund in funds.items()}
        if held and not funds:
            raise DiagnosisError(
                f"None of the {len(held)} products that {client_id} holds has NAV here: "
                "put their files CODE.csv into the NAV folder or name one with --nav."
            )
        report = diagnose_client(
            ClientInput(designation=client.name, level=client.risk_level, level_expires=client.risk_level_expires),
            [_valued(holding.product_code, holding.units, known, funds) for holding in held],
            funds,
            source.benchmark(),
            today=today,
            adviser=self._adviser(client, principal),
            settings=_settings(source),
            books=self._books(client_id, held, principal),
        )
        context = self._facts.client_context(client_id, today=today, principal=principal)
        return self._judge(report, context, principal)

    def _with_contract(self, fund: FundInput, product: Product | None, source: FundData) -> FundInput:
        """The fund with its contract's own benchmark, where the source has every part of it."""
        from copilot.diagnosis.data.benchmark import contract_benchmark

        own = contract_benchmark(product.benchmark if product else None, source.index)
        return replace(fund, own_benchmark=own)

    def _books(self, client_id: str, held: Sequence[kb.Holding], principal: Principal) -> Ledger | None:
        from copilot.diagnosis.data.ledger import ledger

        trades = self._clients.transactions(client_id, principal=principal)
        return ledger(trades, {one.product_code: one.units for one in held}) if trades else None

    def _fees(self, codes: Sequence[str], principal: Principal, today: date) -> dict[str, FeeSchedule]:
        """Yearly fees as the firm's documents state them."""
        from copilot.diagnosis.data.terms import FEE_ATTRIBUTES, fees_of

        if self._terms is None or not codes:
            return {}
        found = self._terms.find(codes, FEE_ATTRIBUTES, principal=principal, on=today)
        return fees_of(found)

    def _known(self, codes: Sequence[str], principal: Principal) -> dict[str, Product]:
        wanted = set(codes)
        return {p.code: p for p in self._products.all(principal=principal) if p.code in wanted}

    def _adviser(self, client: Client, principal: Principal) -> Adviser | None:
        from copilot.diagnosis.report import Adviser

        found = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        if found is None or not found.licence_number:
            return None
        return Adviser(name=found.name, licence=found.licence_number)

    def judge(
        self, report: DiagnosisReport, *, client_id: str, principal: Principal, today: date, by: str, channel: str
    ) -> JudgedReport:
        """Judge a client's report anew, as of today: one that was edited by `by`, or one that is about to be sent."""
        context = self._facts.client_context(client_id, today=today, principal=principal)
        return self._judge(report, context, principal, by=by, channel=channel)

    def _judge(
        self,
        report: DiagnosisReport,
        known: ReviewContext,
        principal: Principal,
        *,
        by: str = "template",
        channel: str = "export",
    ) -> JudgedReport:
        from copilot.diagnosis.diagnose import name_facts

        products = self._facts.products(report.codes, principal=principal, today=known.today)
        context = replace(
            known,
            products=products,
            facts=(*report.facts, *name_facts(*(product.name for product in products))),
            channel=channel,
            check_numbers=True,
            recommends=(),  # a diagnosis describes what is held; it recommends nothing
        )
        draft = Draft(text=report.text(), target=Target.REPORT, by=by)
        return JudgedReport(report=report, verdict=self._gate.review(draft, context, principal=principal))


def _settings(source: FundData) -> Settings:
    from copilot.diagnosis.diagnose import Settings

    return Settings(rates=source.risk_free(), styles=source.styles(), peers=source.peers())


def _fund_input(code: str, product: Product | None, navs: FundData, today: date) -> FundInput:
    from copilot.diagnosis.analysis import FundInput
    from copilot.diagnosis.data.calendars import fund_kind

    return FundInput(
        code=code,
        name=(product.full_name or product.name) if product else f"基金{code}",
        nav=navs.nav(code, kind=fund_kind(product.kind if product else None), today=today),
        fund_type=product.kind if product else None,
        risk_level=product.risk_level if product else None,
        inception=product.inception if product else None,
        contract_benchmark=product.benchmark if product else None,
        portfolio=navs.portfolio(code, today),
    )


def _with_nav(known: dict[str, Product], navs: FundData, today: date) -> dict[str, FundInput]:
    """Funds whose NAV can be read; the report names the others as not judged."""
    found = {}
    for code, product in known.items():
        try:
            found[code] = _fund_input(code, product, navs, today)
        except DiagnosisError:
            continue
    return found


def _valued(code: str, units: Decimal, known: dict[str, Product], funds: dict[str, FundInput]) -> Holding:
    from copilot.diagnosis.holdings import Holding

    product, fund = known.get(code), funds.get(code)
    last = float(fund.nav.unit_nav[-1]) if fund and fund.nav.currency == HOME else nan
    unit = Decimal(str(last)) if isfinite(last) else Decimal(0)
    return Holding(
        code=code,
        name=product.name if product else code,
        amount_cny=(units * unit).quantize(PENNY),
        risk_level=product.risk_level if product else None,
    )
