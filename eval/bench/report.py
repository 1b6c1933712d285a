"""`tougu bench report`: a client with twenty funds of five years, metrics and PDF."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from compliance_filters.finding import Draft, ReviewContext, Target
from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries, read_index
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.data.rates import ConstantRate
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.measured.fund import Market, measure_fund
from copilot.diagnosis.metrics import raw_metrics
from copilot.diagnosis.render_pdf import pdf_bytes
from copilot.diagnosis.shared import SharedFunds
from eval.bench.measure import Progress, bench_result, peak_mb, percentile, quotient, rss_mb, timed_ms
from eval.fresh import fresh_house
from eval.result import Figure, Result
from serve.sample import sample_folder
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House

FUNDS = 20
BENCHMARK = "远山宽基300指数"  # what the sample's benchmark is called in reports
FULL_YEARS = 5 * 240  # rows of a fund with five years of NAV
_CLIENT = ClientInput(designation="客户", level="C4", level_expires=None)


def bench_report(house: House, *, reports: int, progress: Progress, processes: int = 1) -> Result:
    """Diagnosis of a client with twenty funds of five years (the sample's funds under twenty codes), the gate,
    and the PDF. `metrics_s`, `pdf_s`: medians; `measures_s`: all measures of the funds alone. The baseline is the
    raw metric functions on the same series.

    Every report has funds that no report before had, so that nothing is kept from one to the next;
    `reports_per_hour_cached`: reports of other clients with the same funds, measured and drawn once. Both are of
    one process. With `processes`, `reports_per_hour_all` and `..._cached_all` are what so many processes of one
    thread of arithmetic each make together on this machine, and `rss_mb_each` is the largest of them at its peak.
    """
    began = time.perf_counter()
    folder = sample_folder() / "funds" / "nav"
    index = read_index(folder / "benchmark.csv", BENCHMARK)
    funds = _funds()
    holdings, client = _holdings(funds), _CLIENT
    fresh_ones: list[tuple[float, float, float]] = []
    shared_ones: list[tuple[float, float, float]] = []
    shared = SharedFunds()
    with fresh_house(house) as fresh:
        for n in range(reports + 1):
            fresh_ones.append(_one(fresh, client, holdings, _moved(funds, n), index))
            shared_ones.append(_one(fresh, client, _other_sums(holdings, n), funds, index, shared))
            progress(n, reports, "")
    metrics_s, gate_s, pdf_s = _medians(fresh_ones)
    together = _together(house, processes, reports) if processes > 1 else {}
    series = [(fund.nav.returns, index.returns_on(fund.nav.returns.dates)) for fund in funds.values()]
    market = Market(risk_free=ConstantRate(percent=Decimal("1.5")))
    measures_s = timed_ms(lambda: [measure_fund(fund.nav, fund.kind, index, market) for fund in funds.values()]) / 1e3
    raw_s = timed_ms(lambda: [raw_metrics(own, other) for own, other in series]) / 1e3
    return bench_result(
        "report",
        fixture="serve/sample/funds/nav under 20 codes",
        n=reports,
        parameters={"reports": reports, "funds": FUNDS, "processes": processes},
        metrics={
            "metrics_s": metrics_s,
            "measures_s": round(measures_s, 4),
            "gate_s": gate_s,
            "pdf_s": pdf_s,
            "reports_per_hour": round(3600 / (metrics_s + gate_s + pdf_s), 1),
            "reports_per_hour_cached": round(3600 / sum(_medians(shared_ones)), 1),
            "baseline_raw_metrics_s": round(raw_s, 4),
            "ratio": quotient(metrics_s, raw_s),
            "rss_mb": rss_mb(),
            **together,
        },
        began=began,
    )


def _together(house: House, processes: int, reports: int) -> dict[str, Figure]:
    """Reports an hour of all processes while all of them work; each makes one report before its time counts."""
    spawned = get_context("spawn")
    start = spawned.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=spawned, initializer=_share_start, initargs=(start,)
    ) as pool:  # a task each: the barrier lets none take two
        made = [pool.submit(_work, house.settings, reports) for _ in range(processes)]
        each = [one.result() for one in made]
    return {
        "reports_per_hour_all": round(sum(3600 / fresh for fresh, _, _ in each), 1),
        "reports_per_hour_cached_all": round(sum(3600 / cached for _, cached, _ in each), 1),
        "rss_mb_each": max(peak for _, _, peak in each),
    }


_start: list[Barrier] = []  # of this process


def _share_start(start: Barrier) -> None:
    _start.append(start)


def _work(settings: Settings, reports: int) -> tuple[float, float, float]:
    """Seconds a report without and with shared funds, and the peak of memory in MB, in a process of its own."""
    one_thread = settings.models.model_copy(update={"threads": 1})
    house = House(settings.model_copy(update={"models": one_thread}))
    index, funds = read_index(sample_folder() / "funds" / "nav" / "benchmark.csv", BENCHMARK), _funds()
    holdings, client, shared = _holdings(funds), _CLIENT, SharedFunds()
    with fresh_house(house) as fresh:
        _one(fresh, client, holdings, funds, index, shared)
        _start[0].wait()
        began = time.perf_counter()
        for n in range(1, reports + 1):
            _one(fresh, client, holdings, _moved(funds, n), index)
        between = time.perf_counter()
        for n in range(1, reports + 1):
            _one(fresh, client, _other_sums(holdings, n), funds, index, shared)
        return (between - began) / reports, (time.perf_counter() - between) / reports, peak_mb()


def _one(
    house: House,
    client: ClientInput,
    holdings: Sequence[Holding],
    funds: Mapping[str, FundInput],
    index: IndexSeries,
    shared: SharedFunds | None = None,
) -> tuple[float, float, float]:
    """Milliseconds of metrics and findings, of the gate, and of the PDF."""
    began = time.perf_counter()
    report = diagnose_client(client, holdings, funds, index, today=house.today(), shared=shared)
    metrics_ms = (time.perf_counter() - began) * 1e3
    draft = Draft(text=report.text(), target=Target.REPORT, by="template")
    context = ReviewContext(today=house.today(), facts=report.facts, channel="export", recommends=())
    gate_ms = timed_ms(lambda: house.gate.review(draft, context, principal=OPERATOR))
    return metrics_ms, gate_ms, timed_ms(lambda: pdf_bytes(report))


def _medians(spent: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Seconds of each part; the first report loads fonts and dictionaries and does not count."""
    metrics, gate, pdf = (round((percentile(part, 50) or 0.0) / 1e3, 4) for part in zip(*spent[1:], strict=True))
    return metrics, gate, pdf


def _moved(funds: Mapping[str, FundInput], n: int) -> dict[str, FundInput]:
    """The funds with returns a hair off, so that no figure and no chart of another report serves."""
    found = {}
    for code, fund in funds.items():
        returns = replace(fund.nav.returns, values=fund.nav.returns.values * (1.0 + n * 1e-4))
        found[code] = replace(fund, nav=replace(fund.nav, returns=returns))
    return found


def _other_sums(holdings: Sequence[Holding], n: int) -> list[Holding]:
    """What another client holds of the same funds."""
    return [replace(one, amount_cny=one.amount_cny + 100 * n * (i + 1)) for i, one in enumerate(holdings)]


def _holdings(funds: Mapping[str, FundInput]) -> list[Holding]:
    return [Holding(code=code, name=fund.name, amount_cny=Decimal(50_000)) for code, fund in funds.items()]


def _funds() -> dict[str, FundInput]:
    """The sample funds with five years of NAV, again and again under new codes."""
    folder = sample_folder() / "funds" / "nav"
    series = [read_nav(path, path.stem) for path in sorted(folder.glob("99*.csv"))]
    full = [nav for nav in series if len(nav.returns) >= FULL_YEARS]
    codes = [f"9910{n:02d}" for n in range(FUNDS)]
    navs = [replace(full[n % len(full)], code=code) for n, code in enumerate(codes)]
    return {nav.code: FundInput(code=nav.code, name=f"示例基金{nav.code}", nav=nav, risk_level="R3") for nav in navs}
