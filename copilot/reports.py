"""The report way: NAV and holdings -> metrics -> findings -> draft -> gate -> file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from compliance_filters.finding import Draft, ReviewContext, Target, Verdict
from copilot.diagnosis.errors import DiagnosisError
from copilot.session import ContextFacts, Reviews
from knowledge_base.access import Principal
from knowledge_base.clients import Client, Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Product, Products

if TYPE_CHECKING:
    from copilot.diagnosis.analysis import FundInput
    from copilot.diagnosis.data.index import IndexSeries
    from copilot.diagnosis.holdings import Holding
    from copilot.diagnosis.report import Adviser, DiagnosisReport

PENNY = Decimal("0.01")


class NavProvider(Protocol):
    """Where NAV and the benchmark come from: files here, a data vendor elsewhere."""

    def nav_path(self, code: str) -> Path: ...

    def benchmark(self) -> IndexSeries | None: ...


class NavFolder:
    """NAV files `CODE.csv` in one folder, and one benchmark file (`date,close`)."""

    def __init__(self, folder: Path, benchmark: Path | None, *, benchmark_name: str) -> None:
        self._folder = folder
        self._benchmark = benchmark
        self._benchmark_name = benchmark_name

    def nav_path(self, code: str) -> Path:
        """The fund's file. Raises DiagnosisError when there is none."""
        path = self._folder / f"{code}.csv"
        if not code.isalnum() or not path.is_file():
            raise DiagnosisError(
                f"There is no NAV file for {code} in {self._folder}: put {code}.csv there or name a folder with --nav."
            )
        return path

    def benchmark(self) -> IndexSeries | None:
        """The benchmark, or None where no file is set."""
        from copilot.diagnosis.data.index import read_index

        if self._benchmark is None or not self._benchmark.is_file():
            return None
        return read_index(self._benchmark, self._benchmark_name)


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
        self, *, gate: Reviews, clients: Clients, products: Products, facts: ContextFacts, navs: NavProvider
    ) -> None:
        self._gate = gate
        self._clients = clients
        self._products = products
        self._facts = facts
        self._navs = navs

    def fund(self, code: str, *, principal: Principal, today: date, navs: NavProvider | None = None) -> JudgedReport:
        """Diagnose one fund. Raises DiagnosisError when its NAV is missing or useless."""
        from copilot.diagnosis.diagnose import diagnose_fund

        source = navs or self._navs
        product = self._known([code], principal).get(code)
        report = diagnose_fund(_fund_input(code, product, source), source.benchmark(), today=today)
        return self._judge(report, ReviewContext(today=today), principal)

    def client(
        self, client_id: str, *, principal: Principal, today: date, navs: NavProvider | None = None
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
        funds = _with_nav(known, source)
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
        )
        context = self._facts.client_context(client_id, today=today, principal=principal)
        return self._judge(report, context, principal)

    def _known(self, codes: Sequence[str], principal: Principal) -> dict[str, Product]:
        wanted = set(codes)
        return {p.code: p for p in self._products.all(principal=principal) if p.code in wanted}

    def _adviser(self, client: Client, principal: Principal) -> Adviser | None:
        from copilot.diagnosis.report import Adviser

        found = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        if found is None or not found.licence_number:
            return None
        return Adviser(name=found.name, licence=found.licence_number)

    def _judge(self, report: DiagnosisReport, known: ReviewContext, principal: Principal) -> JudgedReport:
        from copilot.diagnosis.diagnose import name_facts

        products = self._facts.products(report.codes, principal=principal, today=known.today)
        context = replace(
            known,
            products=products,
            facts=(*report.facts, *name_facts(*(product.name for product in products))),
            channel="export",
            check_numbers=True,
            recommends=(),  # a diagnosis describes what is held; it recommends nothing
        )
        draft = Draft(text=report.text(), target=Target.REPORT, by="template")
        return JudgedReport(report=report, verdict=self._gate.review(draft, context, principal=principal))


def _fund_input(code: str, product: Product | None, navs: NavProvider) -> FundInput:
    from copilot.diagnosis.analysis import FundInput
    from copilot.diagnosis.data.nav import read_nav

    return FundInput(
        code=code,
        name=(product.full_name or product.name) if product else f"基金{code}",
        nav=read_nav(navs.nav_path(code), code),
        fund_type=product.kind if product else None,
        risk_level=product.risk_level if product else None,
        contract_benchmark=product.benchmark if product else None,
    )


def _with_nav(known: dict[str, Product], navs: NavProvider) -> dict[str, FundInput]:
    """Funds whose NAV can be read; the report names the others as not judged."""
    found = {}
    for code, product in known.items():
        try:
            found[code] = _fund_input(code, product, navs)
        except DiagnosisError:
            continue
    return found


def _valued(code: str, units: Decimal, known: dict[str, Product], funds: dict[str, FundInput]) -> Holding:
    from copilot.diagnosis.holdings import Holding

    product, fund = known.get(code), funds.get(code)
    unit = Decimal(str(fund.nav.unit_nav[-1])) if fund else Decimal(0)
    return Holding(
        code=code,
        name=product.name if product else code,
        amount_cny=(units * unit).quantize(PENNY),
        risk_level=product.risk_level if product else None,
    )
