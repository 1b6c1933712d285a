"""A client's holdings: weights, each fund's key figures with the benchmark beside, and combined findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.analysis import FundAnalysis, FundInput, analyse, rounded
from copilot.diagnosis.data.index import Benchmark
from copilot.diagnosis.data.ledger import Ledger
from copilot.diagnosis.diagnose import (
    LEVEL_RULE,
    Settings,
    conventions,
    fund_facts,
    judge_fund,
    missing_notes,
    name_facts,
    sources,
    text_facts,
)
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.findings import Judgement, Measure, Observation, judge
from copilot.diagnosis.measured.account import measure_account
from copilot.diagnosis.measured.portfolio import measure_portfolio
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.pictures import allocation_chart
from copilot.diagnosis.report import Adviser, DiagnosisReport, HoldingRow
from copilot.diagnosis.series import DataNote, NoteLevel
from copilot.diagnosis.suitability import level_labels, level_measure

_DRAWDOWN_PERIOD = "持仓明细中的最大回撤按近3年净值计算，记录不足3年的按全部记录计算。"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a client holds of one product, at market value."""

    code: str
    name: str
    amount_cny: Decimal
    risk_level: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClientInput:
    """The client as the report may name them, with the questionnaire's result."""

    designation: str  # a name or number that may stand on the report
    level: str | None = None  # C1..C5
    level_expires: date | None = None


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
) -> DiagnosisReport:
    """All holdings of a client, and their trades where `books` has them.

    `funds` maps codes to what is known of them, NAV included.
    A holding without NAV is listed and named as not judged. Raises DiagnosisError without any
    holding of positive value.
    """
    chosen = settings or Settings()
    held = [holding for holding in holdings if holding.amount_cny > 0]
    if not held:
        raise DiagnosisError("该客户名下没有市值大于零的持仓，无法诊断：请先导入持仓。")
    level, level_notes = _valid_level(client, today)
    known = [funds[holding.code] for holding in held if holding.code in funds]
    analyses = {fund.code: analyse(fund, index, market=chosen.market) for fund in known}
    rows = _rows(held, analyses)
    own, seen = _judged(rows, analyses, level)
    notes = (
        *level_notes,
        *_fund_notes(held, analyses, own, level),
        *(index.notes if index else ()),
        *(books.notes if books else ()),
    )
    observations = _ordered(seen)
    told = (*conventions(chosen, index), _DRAWDOWN_PERIOD)
    return DiagnosisReport(
        title="客户持仓诊断报告",
        subject=client.designation,
        codes=tuple(holding.code for holding in held),
        as_of=max((fund.nav.last_day for fund in known), default=today),
        made_on=today,
        summary=tuple(_summary(client, level, rows, observations)),
        figures=(),
        holdings=rows,
        observations=observations,
        charts=(allocation_chart(rows),),
        conventions=told,
        sources=sources(known, index),
        notes=notes,
        facts=tuple(_facts(rows, analyses, observations, notes, chosen, index)),
        benchmark_name=index.name if index else None,
        adviser=adviser,
        measures=_measures(rows, analyses, told, books),
    )


def _outside(index: Benchmark | None, books: Ledger | None) -> Iterator[DataNote]:
    """What must be known of the benchmark's data and of the trades."""
    yield from index.notes if index else ()
    yield from books.notes if books else ()


def _measures(
    rows: Sequence[HoldingRow], analyses: Mapping[str, FundAnalysis], told: tuple[str, ...], books: Ledger | None
) -> ReportMeasures:
    """Weights are of the whole account: what cannot be judged keeps its share."""
    total = float(sum((row.amount_cny for row in rows), Decimal(0)))
    weights: dict[str, float] = {}
    for row in rows:
        weights[row.code] = weights.get(row.code, 0.0) + float(row.amount_cny) / total
    funds = {code: one.measured for code, one in analyses.items() if one.measured}
    fees = {code: one.fund.fees.ongoing for code, one in analyses.items() if one.fund.fees}
    return ReportMeasures(
        conventions=told,
        funds=funds,
        portfolio=measure_portfolio(weights, {code: analyses[code].returns for code in funds}, funds, fees=fees),
        account=measure_account(books, {code: one.fund.nav for code, one in analyses.items()}) if books else None,
    )


def _valid_level(client: ClientInput, today: date) -> tuple[str | None, tuple[DataNote, ...]]:
    if not client.level:
        text = "客户没有有效的风险承受能力等级，未作适当性判断：请先完成风险测评。"
    elif client.level_expires and client.level_expires < today:
        text = f"客户风险测评已于{client.level_expires}过期，未作适当性判断：请先重新测评。"
    else:
        return client.level, ()
    return None, (DataNote(kind="client_level", level=NoteLevel.SERIOUS, text=text),)


def _rows(held: Sequence[Holding], analyses: Mapping[str, FundAnalysis]) -> tuple[HoldingRow, ...]:
    total = sum((holding.amount_cny for holding in held), Decimal(0))
    rows = [_row(holding, holding.amount_cny / total, analyses.get(holding.code)) for holding in held]
    return tuple(sorted(rows, key=lambda row: row.amount_cny, reverse=True))


def _row(holding: Holding, share: Decimal, analysis: FundAnalysis | None) -> HoldingRow:
    figures = {figure.name: figure for figure in analysis.figures} if analysis else {}
    year, fall = figures.get("近1年收益率"), figures.get("最大回撤")
    return HoldingRow(
        code=holding.code,
        name=holding.name,
        amount_cny=holding.amount_cny.quantize(Decimal("0.01")),
        weight=rounded(float(share * 100)),
        risk_level=holding.risk_level or (analysis.fund.risk_level if analysis else None),
        year_return=year.value if year else None,
        year_benchmark=year.benchmark if year else None,
        max_drawdown=fall.value if fall else None,
    )


def _judged(
    rows: Sequence[HoldingRow], analyses: Mapping[str, FundAnalysis], level: str | None
) -> tuple[dict[str, Judgement], list[Observation]]:
    """Findings on the whole, then on each product; a product's words open with its name."""
    largest = max(rows, key=lambda row: row.weight)
    weight = Measure(name="largest_weight", label="占持仓比例", value=largest.weight, unit="%", entity=largest.code)
    whole = judge({weight.name: weight}, {"largest_name": largest.name}, only=("concentrated",))
    judgements, found = {}, list(whole.observations)
    for row in rows:
        analysis = analyses.get(row.code)
        judgement = judge_fund(analysis, None) if analysis else Judgement(observations=(), unjudged=())
        levels = _level_judgement(row, level)
        judgements[row.code] = judgement
        found += [_named(seen, row) for seen in (*levels.observations, *judgement.observations)]
    return judgements, found


def _level_judgement(row: HoldingRow, level: str | None) -> Judgement:
    if not level:
        return Judgement(observations=(), unjudged=())
    measures, labels = level_measure(level, row.risk_level, row.code), level_labels(level, row.risk_level)
    return judge(measures, labels, only=(LEVEL_RULE,), entity=row.code)


def _named(seen: Observation, row: HoldingRow) -> Observation:
    return replace(seen, words=f"{row.name}（{row.code}）：{seen.words}")


def _ordered(seen: Sequence[Observation]) -> tuple[Observation, ...]:
    order = ["serious", "warning", "notice"]
    return tuple(sorted(seen, key=lambda one: order.index(one.severity.value)))


def _fund_notes(
    held: Sequence[Holding], analyses: Mapping[str, FundAnalysis], judged: Mapping[str, Judgement],
    level: str | None,
) -> Iterator[DataNote]:  # fmt: skip
    for holding in held:
        analysis = analyses.get(holding.code)
        if analysis is None:
            text = f"{holding.name}（{holding.code}）没有可用的净值，未作业绩与风险判断。"
            yield DataNote(kind="no_nav", level=NoteLevel.WARNING, text=text)
            continue
        for note in (*analysis.fund.nav.notes, *missing_notes(analysis, judged[holding.code])):
            yield replace(note, text=f"{holding.code}：{note.text}")
    unrated = [h.code for h in held if level and not _risk_of(h, analyses)]
    if unrated:
        text = f"以下产品没有风险等级，未作适当性判断：{'、'.join(unrated)}。"
        yield DataNote(kind="product_level", level=NoteLevel.SERIOUS, text=text)


def _risk_of(holding: Holding, analyses: Mapping[str, FundAnalysis]) -> str | None:
    analysis = analyses.get(holding.code)
    return holding.risk_level or (analysis.fund.risk_level if analysis else None)


def _summary(
    client: ClientInput, level: str | None, rows: Sequence[HoldingRow], seen: Sequence[Observation]
) -> Iterator[str]:
    total = sum((row.amount_cny for row in rows), Decimal(0))
    yield f"{client.designation}共持有{len(rows)}只产品，市值合计{total:,}元。"
    yield f"风险承受能力等级{level}。" if level else "风险承受能力等级缺失或已过期。"
    largest = max(rows, key=lambda row: row.weight)
    yield f"占比最大的是{largest.name}（{largest.code}），占持仓{largest.weight}%。"
    titles = dict.fromkeys(one.title for one in seen)
    if titles:
        yield f"需要留意：{'、'.join(titles)}，详见诊断发现。"
    else:
        yield "按现有规则未发现需要特别留意之处，这不代表没有风险。"


def _facts(
    rows: Sequence[HoldingRow], analyses: Mapping[str, FundAnalysis], seen: Sequence[Observation],
    notes: Sequence[DataNote], settings: Settings, index: Benchmark | None,
) -> Iterator[BoundFact]:  # fmt: skip
    yield BoundFact(name="持有产品数", value=Decimal(len(rows)), unit="只")
    yield BoundFact(name="市值合计", value=sum((row.amount_cny for row in rows), Decimal(0)), unit="元")
    for row in rows:
        yield from row.facts()
    for analysis in analyses.values():
        yield from fund_facts(analysis)
    yield from text_facts(seen, notes, settings)
    yield from name_facts(*(row.name for row in rows), index.name if index else None)
