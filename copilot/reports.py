"""The report way: NAV and holdings -> metrics -> findings -> suggestions -> draft -> gate -> file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_filters.finding import Draft, ReviewContext, Target, Verdict
from copilot.diagnosis.errors import DiagnosisError
from copilot.fund_data import FundRecords
from copilot.session import ContextFacts, Reviews
from knowledge_base import clients as kb
from knowledge_base.access import Principal
from knowledge_base.clients import Client, Clients
from knowledge_base.consents import refused_by
from knowledge_base.errors import UnknownClientError
from knowledge_base.facts import FactStore
from knowledge_base.products import Product, Products

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundAnalysis, FundInput
    from copilot.diagnosis.data.ledger import Ledger
    from copilot.diagnosis.data.provider import FundData
    from copilot.diagnosis.diagnose import Settings
    from copilot.diagnosis.holdings import Holding
    from copilot.diagnosis.report import Adviser, DiagnosisReport
    from copilot.diagnosis.rewriting import ProseRewriter
    from copilot.diagnosis.shared import SharedFunds
    from copilot.matching import ClientMatch

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
    """Makes reports for funds and clients and has them judged; what funds share between reports is kept."""

    def __init__(
        self, *, gate: Reviews, clients: Clients, products: Products, facts: ContextFacts, navs: FundData,
        terms: FactStore | None = None, rewriter: ProseRewriter | None = None,
    ) -> None:  # fmt: skip
        """`rewriter` words the prose of new reports; without one it stays as composed."""
        self._gate = gate
        self._rewriter = rewriter
        self._clients = clients
        self._products = products
        self._facts = facts
        self._navs = navs
        self._terms = terms
        self._shared: SharedFunds | None = None

    def fund(self, code: str, *, principal: Principal, today: date, navs: FundData | None = None) -> JudgedReport:
        """Diagnose one fund. Raises DiagnosisError when its NAV is missing or useless."""
        from copilot.diagnosis.diagnose import diagnose_fund

        source = navs or self._navs
        records = self._records(source, principal, today)
        fund = records.fund(code, records.known([code]).get(code))
        report = diagnose_fund(
            fund, source.benchmark(), today=today, settings=_settings(source), shared=self._funds_shared()
        )
        return self._made(report, ReviewContext(today=today), principal)

    def figures(self, code: str, *, principal: Principal, today: date) -> FundAnalysis:
        """What a report on the fund would compute, without its prose. Raises DiagnosisError as `fund` does."""
        from copilot.diagnosis.analysis import analyse

        records = self._records(self._navs, principal, today)
        fund = records.fund(code, records.known([code]).get(code))
        return analyse(fund, self._navs.benchmark(), market=_settings(self._navs).market)

    def client(
        self, client_id: str, *, principal: Principal, today: date, navs: FundData | None = None
    ) -> JudgedReport:
        """Diagnose what a client holds. Raises DiagnosisError for a client the principal may not see."""
        from copilot.diagnosis.holdings import ClientInput, diagnose_client

        source = navs or self._navs
        client = self._client(client_id, principal)
        held = self._clients.holdings(client_id, principal=principal)
        records = self._records(source, principal, today)
        known = records.known(holding.product_code for holding in held)
        funds = records.funds(known)
        if held and not funds:
            raise DiagnosisError(
                f"None of the {len(held)} products that {client_id} holds has NAV here: "
                "put their files CODE.csv into the NAV folder or name one with --nav."
            )
        settings, index, adviser = _settings(source), source.benchmark(), self._adviser(client, principal)
        report = diagnose_client(
            ClientInput(designation=client.name, level=client.risk_level, level_expires=client.risk_level_expires),
            [_valued(holding, known, funds) for holding in held if holding.units > 0],
            funds,
            index,
            today=today,
            adviser=adviser,
            settings=settings,
            books=self._books(client_id, held, principal),
            shared=self._funds_shared(),
            advise=self._match(client, records, known, settings, licensed=adviser is not None),
        )
        context = self._facts.client_context(client_id, today=today, principal=principal)
        return self._made(report, context, principal)

    def _client(self, client_id: str, principal: Principal) -> Client:
        try:
            return self._clients.get(client_id, principal=principal)
        except UnknownClientError as error:
            raise DiagnosisError(f"There is no client {client_id} that you may see: check the id.") from error

    def _records(self, source: FundData, principal: Principal, today: date) -> FundRecords:
        return FundRecords(products=self._products, terms=self._terms, source=source, principal=principal, today=today)

    def _funds_shared(self) -> SharedFunds:
        from copilot.diagnosis.shared import SharedFunds

        if self._shared is None:
            self._shared = SharedFunds()
        return self._shared

    def _match(
        self, client: Client, records: FundRecords, known: Mapping[str, Product], settings: Settings, *, licensed: bool
    ) -> ClientMatch:
        from copilot.matching import ClientMatch

        with self._clients.engine.connect() as connection:
            refused = refused_by(connection, [client])
        return ClientMatch(
            client=client,
            refused=refused[client.id],
            events=self._clients.events(client.id, principal=records.principal),
            records=records,
            held=known,
            settings=settings,
            shared=self._funds_shared(),
            licensed=licensed,
        )

    def _books(self, client_id: str, held: Sequence[kb.Holding], principal: Principal) -> Ledger | None:
        from copilot.diagnosis.data.ledger import ledger

        trades = self._clients.transactions(client_id, principal=principal)
        return ledger(trades, {one.product_code: one.units for one in held}) if trades else None

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

    def _made(self, report: DiagnosisReport, known: ReviewContext, principal: Principal) -> JudgedReport:
        """A new report, worded anew where that is wished, and judged."""
        if self._rewriter is None:
            return self._judge(report, known, principal)
        report = self._rewriter.reword(report, self._context(report, known, principal, channel="export"))
        assert report.rewriting is not None
        return self._judge(report, known, principal, by=report.rewriting.by)

    def _judge(
        self,
        report: DiagnosisReport,
        known: ReviewContext,
        principal: Principal,
        *,
        by: str = "template",
        channel: str = "export",
    ) -> JudgedReport:
        context = self._context(report, known, principal, channel=channel)
        draft = Draft(text=report.text(), target=Target.REPORT, by=by, prompt=_prompt(report))
        return JudgedReport(report=report, verdict=self._gate.review(draft, context, principal=principal))

    def _context(
        self, report: DiagnosisReport, known: ReviewContext, principal: Principal, *, channel: str
    ) -> ReviewContext:
        """Everything that the report's text is judged by."""
        from copilot.diagnosis.diagnose import name_facts

        codes = tuple(dict.fromkeys((*report.codes, *report.recommends)))
        products = self._facts.products(codes, principal=principal, today=known.today)
        return replace(
            known,
            products=products,
            facts=(*report.facts, *name_facts(*(product.name for product in products))),
            channel=channel,
            check_numbers=True,
            recommends=report.recommends,  # whatever is shown as an alternative; what is held is only described
        )


def _settings(source: FundData) -> Settings:
    from copilot.diagnosis.diagnose import Settings

    return Settings(rates=source.risk_free(), styles=source.styles(), peers=source.peers())


def _valued(held: kb.Holding, known: Mapping[str, Product], funds: Mapping[str, FundInput]) -> Holding:
    """A holding at the last unit NAV; why it has no value where it has none."""
    from copilot.diagnosis.holdings import Holding

    product, fund = known.get(held.product_code), funds.get(held.product_code)
    last = float(fund.nav.unit_nav[-1]) if fund and fund.nav.currency == HOME else nan
    unit = Decimal(str(last)) if isfinite(last) else Decimal(0)
    name = product.name if product else held.product_code
    return Holding(
        code=held.product_code,
        name=name,
        amount_cny=(held.units * unit).quantize(PENNY),
        risk_level=product.risk_level if product else None,
        unvalued=None if unit else f"{name}（{held.product_code}）{_why(fund)}，未计入市值与占比，也未作判断。",
    )


def _why(fund: FundInput | None) -> str:
    if fund is None:
        return "没有可用的净值"
    return f"以{fund.nav.currency}计价而没有汇率" if fund.nav.currency != HOME else "没有单位净值"


def _prompt(report: DiagnosisReport) -> str | None:
    """The prompt by which a model worded lines of the report; None where every line is as it was composed."""
    done = report.rewriting
    return done.prompt if done and any(line.reworded for line in done.lines) else None
