"""Every number that a reader can see in a PDF is one of the report's own: extracted text against JSON and facts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.charts import Chart, HeatMap, LineChart, draw
from copilot.diagnosis.data.disclosure import FundPortfolio, Position, portfolio_on
from copilot.diagnosis.data.index import IndexSeries, read_index
from copilot.diagnosis.data.ledger import Ledger, ledger
from copilot.diagnosis.data.peers import PeerReturn, PeerTable, peer_table
from copilot.diagnosis.diagnose import Settings, diagnose_fund
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.match.advise import Held, advise
from copilot.diagnosis.match.shelf import Candidate, Investor
from copilot.diagnosis.match.suggestion import Advice
from copilot.diagnosis.metrics.costs import FeeSchedule, Tier
from copilot.diagnosis.parts import Adviser
from copilot.diagnosis.render import render
from copilot.diagnosis.report import DiagnosisReport
from copilot.diagnosis.shared import study
from knowledge_base.clients import Transaction
from knowledge_base.products import Product
from tests.copilot.diagnosis.conftest import LAST, drawn_returns, weekdays
from tests.copilot.diagnosis.test_attributed import CHAIN
from tests.copilot.diagnosis.test_diagnose import found_by_the_filters
from tests.copilot.diagnosis.test_render import pdf_text

MakeFund = Callable[..., FundInput]
TODAY = LAST + timedelta(days=1)
GOLDEN = Path(__file__).parent / "golden_measures.json"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?")
FEES = FeeSchedule(management=0.012, custody=0.002, subscription=(Tier(below=None, rate=0.015),))


@pytest.fixture
def report(make_fund: MakeFund, index: IndexSeries, style_indexes: dict[str, IndexSeries]) -> DiagnosisReport:
    """Three holdings with trades, one of them above the client's level, and a shelf with one product that fits; one
    fund has disclosed its insides and comes with segments, and all have styles and peers."""
    levels = {"990001": "R2", "990002": "R5", "990003": "R3"}
    funds = {
        code: replace(make_fund(code, seed=n + 1, risk_level=level), fees=FEES)
        for n, (code, level) in enumerate(levels.items())
    }
    funds["990001"] = replace(funds["990001"], segments=CHAIN, portfolio=disclosed("990001", date(2026, 9, 30), 0.6))
    funds["990002"] = replace(funds["990002"], portfolio=disclosed("990002", date(2026, 6, 30), 0.7))
    settings = Settings(styles=style_indexes, peers=peers())
    other = replace(make_fund("990004", seed=9, risk_level="R2"), fees=replace(FEES, management=0.006))
    shelf = [Product(code="990004", name="样本4号", kind="混合型", risk_level="R2", on_sale_from=date(2020, 1, 1))]

    def suggestions(holdings: list[Held]) -> Advice:
        def measured(product: Product) -> Candidate:
            analysis = study(other, index, Settings().market).analysis
            return Candidate(product=product, analysis=analysis, fees=other.fees)

        investor = Investor(level="C3", level_expires=date(2027, 1, 1))
        return advise(investor, holdings, shelf, measure=measured, judge=lambda _: (), today=TODAY)

    held = [
        Holding(code=code, name=f"样本{code[-1]}号混合", amount_cny=Decimal(20_000 * n), risk_level=levels[code])
        for n, code in enumerate(funds, start=1)
    ]
    client = ClientInput(designation="客户K0007", level="C3", level_expires=date(2027, 1, 1))
    adviser = Adviser(name="陈立", licence="S0990000000001")
    return diagnose_client(
        client, held, funds, index, today=TODAY, adviser=adviser, settings=settings, books=books(funds),
        advise=suggestions,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def style_indexes(tmp_path: Path) -> dict[str, IndexSeries]:
    days = weekdays(date(2018, 1, 2), LAST)
    found = {}
    for seed, name in ((21, "大盘价值"), (22, "小盘成长")):
        levels = 1000 * np.cumprod(1 + drawn_returns(len(days), seed, 0.0002, 0.01))
        path = tmp_path / f"style{seed}.csv"
        lines = (f"{day},{level:.2f}" for day, level in zip(days, levels, strict=True))
        path.write_text("date,close\n" + "\n".join(lines) + "\n", encoding="utf-8")
        found[name] = read_index(path, name)
    return found


def disclosed(code: str, day: date, stocks: float) -> FundPortfolio:
    told = [
        ("资产", "股票", stocks), ("资产", "债券", 0.95 - stocks), ("行业", "制造业", 0.4), ("行业", "金融业", 0.15),
        ("证券", "甲股份", 0.09), ("证券", "乙股份", 0.06),
    ]  # fmt: skip
    positions = [
        Position(report_date=day, breakdown=kind, code=name, name=name, weight=weight) for kind, name, weight in told
    ]
    found = portfolio_on(code, tuple(positions), LAST)
    assert found is not None
    return found


def peers() -> PeerTable:
    """Seven funds of the same kind, over the last year and two calendar years."""
    rows = [
        PeerReturn(code=code, group="mixed_flexible", period=period, as_of=LAST, total_return=0.03 * n + shift)
        for period, shift in (("P1Y", -0.1), ("2024", -0.05), ("2025", 0.0))
        for n, code in enumerate(("980001", "980002", "990001", "980003", "980004", "980005", "980006"))
    ]
    found = peer_table(rows)
    assert found is not None
    return found


def books(funds: dict[str, FundInput]) -> Ledger:
    """Two purchases and a redemption of the first fund, at its own NAV."""
    nav = funds["990001"].nav
    told = (("buy", 400, "9000"), ("buy", 700, "6000"), ("sell", 1000, "5000"))
    trades = [
        Transaction(
            id=f"T{at}", client_id="K0007", product_code="990001", kind=kind,
            day=nav.returns.dates[at].astype(object), units=Decimal(units),
            amount_cny=(Decimal(units) * Decimal(str(round(float(nav.unit_nav[at]), 4)))).quantize(Decimal("0.01")),
        )
        for kind, at, units in told
    ]  # fmt: skip
    return ledger(trades, {"990001": Decimal(10_000)})


def scale_marks(chart: Chart) -> set[str]:
    """Numbers that a chart draws: marks of its scales and, in a heat map, the cells; from its own drawing."""
    words = re.findall(r"<text[^>]*>([^<]*)</text>", draw(chart))
    return {number for text in words for number in NUMBER.findall(text)}


def loose_numbers(report: DiagnosisReport, path: Path) -> list[str]:
    """Numbers that the PDF's text shows and the report does not know, each with the words around it."""
    text = DATE.sub(" ", pdf_text(render(report, path)).replace("\r", "").replace("\n", " "))
    pages = len(re.findall("第 ?\\d+ ?页", text))
    known = {f"{abs(fact.value):f}" for fact in report.facts}
    known |= {str(n) for n in range(1, pages + 1)} | {"0.00"}
    known |= {number for code in (*report.codes, *report.recommends) for number in NUMBER.findall(code)}
    known |= set(NUMBER.findall(report.subject)) | {"0990000000001"} | {str(level) for level in range(1, 6)}
    known |= {number for chart in report.pictures for number in scale_marks(chart)}
    known |= set(NUMBER.findall(DATE.sub(" ", " ".join(page.name for page in report.pages))))
    known |= {number.lstrip("0") or "0" for number in known}
    shown = [number.replace(",", "") for number in NUMBER.findall(text)]
    assert len(shown) > 150
    return [text[max(0, text.find(n) - 30) : text.find(n) + 12] for n in shown if n not in known]


def test_every_number_of_a_clients_pdf_is_bound(report: DiagnosisReport, tmp_path: Path) -> None:
    assert report.recommends == ("990004",)
    assert loose_numbers(report, tmp_path / "r.pdf") == []


def test_every_number_of_a_funds_pdf_is_bound(
    make_fund: MakeFund, index: IndexSeries, style_indexes: dict[str, IndexSeries], tmp_path: Path
) -> None:
    """With phases, costs, attribution and what the fund disclosed."""
    fund = replace(
        make_fund(first=date(2020, 1, 2)), fees=FEES, segments=CHAIN, manager="赵一", manager_since=date(2026, 3, 2),
        size_cny=Decimal("123456789"), size_as_of=date(2026, 9, 30),
        portfolio=disclosed("990001", date(2026, 9, 30), 0.6),
        contract_benchmark="沪深300指数收益率×80%＋中证综合债指数收益率×20%",
    )  # fmt: skip
    made = diagnose_fund(fund, index, today=TODAY, settings=Settings(styles=style_indexes, peers=peers()))
    titles = {getattr(block, "title", "") for block in made.blocks()}
    assert {"市场阶段表现", "持有费用测算", "业绩归因", "最近披露的持仓"} <= titles
    assert loose_numbers(made, tmp_path / "f.pdf") == []
    assert found_by_the_filters(made) == []


def test_the_numbers_in_charts_come_from_the_measures(report: DiagnosisReport) -> None:
    assert report.measures is not None
    whole = report.measures.json()
    (heat,) = [chart for chart in report.pictures if isinstance(chart, HeatMap)]
    matrix = whole["portfolio"]["correlation"]
    assert sorted(value for row in heat.values for value in row if value) == sorted(v for row in matrix for v in row)
    growth = next(chart for chart in report.pages[0].charts if isinstance(chart, LineChart))
    code = report.pages[0].code
    window = next(one for one in whole["funds"][code]["windows"] if one["window"]["name"] == "近3年")
    assert growth.lines[0].values[-1] == pytest.approx(100 * window["own"]["total_return"])
    assert growth.lines[1].values[-1] == pytest.approx(100 * window["benchmark"]["total_return"])


def test_suggestions_stand_in_the_json_with_their_evidence(report: DiagnosisReport) -> None:
    assert report.measures is not None
    advice = json.loads(json.dumps(report.measures.json()))["advice"]
    option = next(one for one in advice["suggestions"][0]["options"] if not one["keeps"])
    assert option["evidence"] == {
        "checked_on": "2026-11-21", "client_level": "C3", "client_level_as_of": None,
        "client_level_expires": "2027-01-01", "questionnaire_id": None, "product_level": "R2",
        "product_level_source": None, "product_level_as_of": None, "on_sale_from": "2020-01-01", "on_sale_to": None,
        "restricted": False, "record_first_day": "2021-11-22", "record_last_day": "2026-11-20",
    }  # fmt: skip
    assert sum(point["weight"] for point in option["points"]) > 0


def test_the_measures_are_those_of_the_golden_file(report: DiagnosisReport) -> None:
    """A figure that moves must move on purpose: then write the file anew with WRITE_GOLDEN=1."""
    assert report.measures is not None
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(report.measures.json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    golden = json.loads(GOLDEN.read_text("utf-8"))
    fund = golden["funds"]["990001"]
    assert all(golden[part] for part in ("portfolio", "account", "advice"))
    assert all(fund[part] for part in ("style", "ranking", "portfolio", "attribution", "costs", "rolling"))
    assert golden["portfolio"]["disclosed"]
    differences = list(differing(golden, json.loads(json.dumps(report.measures.json())), "$"))
    assert differences == []


def differing(golden: object, found: object, path: str) -> list[str]:
    if isinstance(golden, dict) and isinstance(found, dict):
        missing = [f"{path}.{key}" for key in golden.keys() ^ found.keys()]
        shared = golden.keys() & found.keys()
        return missing + [d for key in shared for d in differing(golden[key], found[key], f"{path}.{key}")]
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        return [d for n, (a, b) in enumerate(zip(golden, found, strict=True)) for d in differing(a, b, f"{path}[{n}]")]
    if isinstance(golden, float) and isinstance(found, float):
        return [] if abs(golden - found) <= 1e-9 * max(1.0, abs(golden)) else [f"{path}: {golden} {found}"]
    return [] if golden == found else [f"{path}: {golden} {found}"]


class Outline(HTMLParser):
    """What assistive programs rely on: headings, names of regions, heads of tables, text for pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.problems: list[str] = []
        self.landmarks: set[str] = set()
        self.titled = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("main", "header", "footer"):
            self.landmarks.add(tag)
        if tag == "title":
            self.titled = True
        if tag == "html" and given.get("lang") != "zh-CN":
            self.problems.append("no language")
        if tag == "img" and not (given.get("alt") or "").strip():
            self.problems.append("a picture without words")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.problems.append("a head without scope")
        if given.get("role") == "region" and not given.get("aria-label"):
            self.problems.append("a region without a name")
        if given.get("tabindex") not in (None, "0"):
            self.problems.append("an order of its own")


def test_the_html_can_be_heard(report: DiagnosisReport, tmp_path: Path) -> None:
    outline = Outline()
    outline.feed(render(report, tmp_path / "r.html").read_text("utf-8"))
    assert outline.problems == []
    assert outline.landmarks == {"main", "header", "footer"}
    assert outline.titled
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    steps = [later - earlier for earlier, later in zip(outline.headings, outline.headings[1:], strict=False)]
    assert max(steps) <= 1  # no level is jumped over


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "paper"),
    [("#1f2933", "#ffffff"), ("#4a5560", "#ffffff"), ("#12436d", "#ffffff"), ("#ffffff", "#12436d"),
     ("#9b1c1c", "#fdecec"), ("#7a4207", "#fff4e0"), ("#12436d", "#eaf1f8"), ("#D55E00", "#ffffff"),
     ("#0072B2", "#ffffff")],
)  # fmt: skip
def test_words_stand_out_from_their_ground(ink: str, paper: str) -> None:
    """WCAG 2.2: 4.5 for text; names of lines are drawn in the lines' colours (3 for graphics)."""
    dark, light = sorted((luminance(ink), luminance(paper)))
    least = 3.0 if ink in ("#D55E00", "#0072B2") else 4.5
    assert (light + 0.05) / (dark + 0.05) >= least


def test_each_fund_stands_on_one_page_with_all_its_charts(report: DiagnosisReport, tmp_path: Path) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(render(report, tmp_path / "r.pdf"))
    pages = [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in document]
    first = next(n for n, text in enumerate(pages) if f"（{report.pages[0].code}）" in text[:40])
    for page, text in zip(report.pages, pages[first:], strict=False):
        assert f"（{page.code}）" in text[:40]
        assert all(re.sub(r"\s", "", chart.title) in text for chart in page.charts), text
    assert pages[first + len(report.pages)].startswith("说明与附注")


def test_a_fund_too_young_to_be_shown_has_one_page(make_fund: MakeFund, index: IndexSeries, tmp_path: Path) -> None:
    young = diagnose_fund(make_fund(first=LAST - timedelta(days=21)), index, today=TODAY)
    text = pdf_text(render(young, tmp_path / "y.pdf"))
    assert re.search("共 ?1 ?页", text)
    assert "风险揭示" in text
