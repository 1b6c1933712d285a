"""A client's holdings: weights, each fund's key figures with the benchmark beside, and combined findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis import wording
from copilot.diagnosis.account import AccountPart, account_part
from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.blocks import Block, Pictures
from copilot.diagnosis.charts import Chart
from copilot.diagnosis.data.index import Benchmark
from copilot.diagnosis.data.ledger import Ledger
from copilot.diagnosis.diagnose import Settings, conventions, name_facts, sources, text_facts
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.findings import Observation
from copilot.diagnosis.fund_pages import comparison_row, page_facts
from copilot.diagnosis.match.advise import Held
from copilot.diagnosis.match.suggestion import Advice
from copilot.diagnosis.measured.account import measure_account
from copilot.diagnosis.measured.portfolio import PortfolioMeasures, measure_portfolio
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.parts import Adviser, HoldingRow
from copilot.diagnosis.pictures import allocation_chart, correlation_chart
from copilot.diagnosis.report import DiagnosisReport
from copilot.diagnosis.rounding import rounded
from copilot.diagnosis.series import DataNote, NoteLevel
from copilot.diagnosis.shared import FundStudy, SharedFunds, study
from copilot.diagnosis.suitability import LEVEL_RULE, LEVEL_TITLE
from copilot.diagnosis.whole import Whole

MOST_NOTES = 60
_PERIODS = "持仓明细中的最大回撤与产品对比中的年化波动率、夏普比率按近3年净值计算，记录不足3年的按全部记录计算。"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a client holds of one product, at market value."""

    code: str
    name: str
    amount_cny: Decimal
    risk_level: str | None = None
    unvalued: str | None = None  # why there is no value: a note says so


@dataclass(frozen=True, kw_only=True)
class ClientInput:
    """The client as the report may name them, with the questionnaire's result."""

    designation: str  # a name or number that may stand on the report
    level: str | None = None  # C1..C5
    level_expires: date | None = None


Advise = Callable[[Sequence[Held]], Advice]


def diagnose_client(
    client: ClientInput,
    holdings: Sequence[Holding],
    funds: Mapping[str, FundInput],
    index: Benchmark | None,
    *,
    today: date,
    adviser: Adviser | None = None,
    settings: Settings | None = None,
    books: Ledger | None = None,
    shared: SharedFunds | None = None,
    advise: Advise | None = None,
) -> DiagnosisReport:
    """All holdings of a client, their trades where `books` has them, and suggestions where `advise` makes some.

    `funds` maps codes to what is known of them, NAV included. A holding without NAV is listed and named as not
    judged. Raises DiagnosisError without any holding of positive value.
    """
    chosen = settings or Settings()
    held = [holding for holding in holdings if holding.amount_cny > 0]
    if not held:
        raise DiagnosisError("该客户名下没有市值大于零的持仓，无法诊断：请先导入持仓。")
    level, level_notes = _valid_level(client, today)
    known = [funds[code] for code in dict.fromkeys(one.code for one in held) if code in funds]
    learn = shared.study if shared else study
    studies = {fund.code: learn(fund, index, chosen.market) for fund in known}
    rows = _rows(held, studies)
    told = (*conventions(chosen, index), _PERIODS)
    measures = _measures(rows, studies, told, books)
    assert measures.portfolio is not None
    whole = Whole(rows=rows, studies=studies, level=level, measures=measures)
    seen = whole.observations()
    part = account_part(measures.portfolio, measures.account, {row.code: row for row in rows})
    advice = advise(whole.held(seen, books)) if advise else None
    notes = _notes(level_notes, holdings, whole, index, books)
    return DiagnosisReport(
        title="客户持仓诊断报告",
        subject=client.designation,
        codes=tuple(dict.fromkeys(holding.code for holding in held)),
        as_of=max((fund.nav.last_day for fund in known), default=today),
        made_on=today,
        summary=tuple(_summary(client, level, rows, seen, part, advice)),
        figures=(),
        holdings=rows,
        observations=seen,
        charts=(),
        conventions=told,
        sources=sources(known, index),
        notes=notes,
        facts=tuple(dict.fromkeys(_facts(whole, seen, notes, chosen, index, part, advice))),
        benchmark_name=index.name if index else None,
        adviser=adviser,
        account=(*_pictures(rows, measures.portfolio), *part.blocks),
        comparison=tuple(comparison_row(row, studies[row.code].analysis) for row in whole.paged),
        pages=whole.pages(seen),
        advice=advice,
        measures=replace(measures, advice=advice),
    )


def _pictures(rows: Sequence[HoldingRow], portfolio: PortfolioMeasures) -> Iterator[Block]:
    heat = correlation_chart(portfolio, {row.code: row.name for row in rows})
    charts: list[Chart] = [allocation_chart(rows), *([heat] if heat else [])]
    yield Pictures(title="配置与相关性", charts=tuple(charts))


def _notes(
    level_notes: Sequence[DataNote], holdings: Sequence[Holding], whole: Whole, index: Benchmark | None,
    books: Ledger | None,
) -> tuple[DataNote, ...]:  # fmt: skip
    unvalued = [one.unvalued for one in holdings if one.unvalued]
    return _fewer(
        [
            *level_notes,
            *(DataNote(kind="no_value", level=NoteLevel.SERIOUS, text=text) for text in unvalued),
            *whole.notes(),
            *(index.notes if index else ()),
            *(books.notes if books else ()),
        ]
    )


def _fewer(notes: Sequence[DataNote]) -> tuple[DataNote, ...]:
    """Each note once; of very many the weightiest, and how many are left out."""
    every = list(dict.fromkeys(notes))
    if len(every) <= MOST_NOTES:
        return tuple(every)
    order = [NoteLevel.SERIOUS, NoteLevel.WARNING, NoteLevel.INFO]
    kept = sorted(every, key=lambda note: order.index(note.level))[:MOST_NOTES]
    left = BoundFact(name="未列出的数据提示数", value=Decimal(len(every) - len(kept)), unit="条")
    text = f"另有{left.value}条数据提示未列出。"
    return (*kept, DataNote(kind="more_notes", level=NoteLevel.INFO, text=text, facts=(left,)))


def _measures(
    rows: Sequence[HoldingRow], studies: Mapping[str, FundStudy], told: tuple[str, ...], books: Ledger | None
) -> ReportMeasures:
    """Weights are of the whole account: what cannot be judged keeps its share."""
    total = float(sum((row.amount_cny for row in rows), Decimal(0)))
    weights: dict[str, float] = {}
    for row in rows:
        weights[row.code] = weights.get(row.code, 0.0) + float(row.amount_cny) / total
    funds = {code: one.analysis.measured for code, one in studies.items() if one.analysis.measured}
    inputs = {code: one.analysis.fund for code, one in studies.items()}
    fees = {code: fund.fees.ongoing for code, fund in inputs.items() if fund.fees}
    returns = {code: studies[code].analysis.returns for code in funds}
    return ReportMeasures(
        conventions=told,
        funds=funds,
        portfolio=measure_portfolio(weights, returns, funds, fees=fees),
        account=measure_account(books, {code: fund.nav for code, fund in inputs.items()}) if books else None,
    )


def _valid_level(client: ClientInput, today: date) -> tuple[str | None, tuple[DataNote, ...]]:
    if not client.level:
        text = "客户没有有效的风险承受能力等级，未作适当性判断：请先完成风险测评。"
    elif client.level_expires and client.level_expires < today:
        text = f"客户风险测评已于{client.level_expires}过期，未作适当性判断：请先重新测评。"
    else:
        return client.level, ()
    return None, (DataNote(kind="client_level", level=NoteLevel.SERIOUS, text=text),)


def _rows(held: Sequence[Holding], studies: Mapping[str, FundStudy]) -> tuple[HoldingRow, ...]:
    total = sum((holding.amount_cny for holding in held), Decimal(0))
    rows = [_row(holding, holding.amount_cny / total, studies.get(holding.code)) for holding in held]
    return tuple(sorted(rows, key=lambda row: row.amount_cny, reverse=True))


def _row(holding: Holding, share: Decimal, found: FundStudy | None) -> HoldingRow:
    figures = {figure.name: figure for figure in found.analysis.figures} if found else {}
    year, fall = figures.get("近1年收益率"), figures.get("最大回撤")
    return HoldingRow(
        code=holding.code,
        name=holding.name,
        amount_cny=holding.amount_cny.quantize(Decimal("0.01")),
        weight=rounded(float(share * 100)),
        risk_level=holding.risk_level or (found.analysis.fund.risk_level if found else None),
        year_return=year.value if year else None,
        year_benchmark=year.benchmark if year else None,
        max_drawdown=fall.value if fall else None,
    )


def _summary(
    client: ClientInput, level: str | None, rows: Sequence[HoldingRow], seen: Sequence[Observation],
    part: AccountPart, advice: Advice | None,
) -> Iterator[str]:  # fmt: skip
    """Five lines at most: what there is, what it earned, what it may lose, what stands out, what to do."""
    total = sum((row.amount_cny for row in rows), Decimal(0))
    grade = f"风险承受能力等级{level}" if level else "风险承受能力等级缺失或已过期"
    yield f"{client.designation}共持有{len(rows)}只产品，市值合计{total:,}元，{grade}。"
    largest = max(rows, key=lambda row: row.weight)
    biggest = f"占比最大的是{largest.name}（{largest.code}），占持仓{largest.weight}%。"
    yield f"{part.earned}{biggest}"
    if part.risk:
        yield part.risk
    yield wording.attention(seen, above=_above(rows, seen))
    yield (advice.brief if advice else "") or wording.next_step(seen)


def _above(rows: Sequence[HoldingRow], seen: Sequence[Observation]) -> tuple[BoundFact, ...]:
    """How many products lie above the client's level, and what share of the account they are; empty without any."""
    codes = {one.entity for one in seen if one.rule == LEVEL_RULE}
    found = [row for row in rows if row.code in codes]
    if not found:
        return ()
    share = sum((row.amount_cny for row in found), Decimal(0)) / sum((row.amount_cny for row in rows), Decimal(0))
    return (
        BoundFact(name=f"{LEVEL_TITLE}的产品数", value=Decimal(len(found)), unit="只"),
        BoundFact(name=f"{LEVEL_TITLE}的产品占持仓", value=rounded(float(share * 100)), unit="%"),
    )


def _facts(
    whole: Whole, seen: Sequence[Observation], notes: Sequence[DataNote], settings: Settings,
    index: Benchmark | None, part: AccountPart, advice: Advice | None,
) -> Iterator[BoundFact]:  # fmt: skip
    """Every number of the report, each once."""
    yield BoundFact(name="持有产品数", value=Decimal(len(whole.rows)), unit="只")
    yield BoundFact(name="市值合计", value=sum((row.amount_cny for row in whole.rows), Decimal(0)), unit="元")
    for row in whole.rows:
        yield from row.facts()
    for row in whole.paged:
        yield from page_facts(row, whole.studies[row.code].analysis)
    yield from _above(whole.rows, seen)
    yield from part.facts
    yield from advice.facts() if advice else ()
    yield from text_facts(seen, notes, settings)
    yield from name_facts(*(row.name for row in whole.rows), index.name if index else None)
    yield from name_facts(*(one for row in whole.paged for one in whole.studies[row.code].names))
