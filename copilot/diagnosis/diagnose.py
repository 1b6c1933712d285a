"""The report way up to the gate: NAV in, a `DiagnosisReport` out; its prose is composed from findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis import wording
from copilot.diagnosis.analysis import FundAnalysis, FundInput
from copilot.diagnosis.attributed import attribution_part
from copilot.diagnosis.bound import BoundPart
from copilot.diagnosis.data.benchmark import CompositeBenchmark
from copilot.diagnosis.data.index import Benchmark, IndexSeries
from copilot.diagnosis.data.nav import HOME_CURRENCY
from copilot.diagnosis.data.peers import PeerTable
from copilot.diagnosis.data.rates import ConstantRate, RateSeries
from copilot.diagnosis.disclosed import fund_part
from copilot.diagnosis.findings import Judgement, Observation, judge
from copilot.diagnosis.fund_tables import fund_tables
from copilot.diagnosis.judged import fund_size, ongoing_fee
from copilot.diagnosis.measured.fund import Market
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.metrics import TAIL, TRADING_DAYS
from copilot.diagnosis.parts import Adviser, SourceNote
from copilot.diagnosis.report import DiagnosisReport
from copilot.diagnosis.series import DataNote, NoteLevel
from copilot.diagnosis.shared import SharedFunds, study
from copilot.diagnosis.suitability import LEVEL_RULE, level_labels, level_measure
from copilot.diagnosis.unjudged import unjudged_sentence
from mandarin.numerals import find_numerals

FUND_RULES = (
    "short_record", "lags_benchmark", "lags_lately", "deep_drawdown", "high_volatility", "data_gap", "style_drift",
    "high_fee", "tiny_fund", "small_fund", "new_manager",
)  # fmt: skip
_PERIODS = ((6, "个月"), (1, "年"), (3, "年"), (5, "年"))  # lengths that the report's own words name
_DISPLAY = "展示区间均不短于六个月，不足一年的区间不折算为按年指标；数据不足的指标留空，不以零代替。"
_TAIL_PERCENT = f"{TAIL * 100:g}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the firm decides about its reports."""

    risk_free_annual: Decimal = Decimal("1.5")  # per cent a year, for Sharpe, Sortino and alpha
    benchmark_is_price_index: bool = True  # dividends of its members are not in the benchmark
    rates: RateSeries | None = None  # the risk-free rate day by day, in place of `risk_free_annual`
    styles: Mapping[str, IndexSeries] = field(default_factory=dict)
    peers: PeerTable | None = None

    @property
    def market(self) -> Market:
        rate = self.rates or ConstantRate(percent=self.risk_free_annual)
        return Market(risk_free=rate, styles=self.styles, peers=self.peers)


def diagnose_fund(
    fund: FundInput,
    index: Benchmark | None,
    *,
    today: date,
    client_level: str | None = None,
    adviser: Adviser | None = None,
    settings: Settings | None = None,
    shared: SharedFunds | None = None,
) -> DiagnosisReport:
    """One fund against one index, as of its last NAV. `client_level` (C1..C5) adds the risk-level rule.

    A fund too young for performance (under six months) gets a report without any, which says so.
    """
    chosen = settings or Settings()
    studied = shared.study(fund, index, chosen.market) if shared else study(fund, index, chosen.market)
    analysis = studied.analysis
    own = fund.benchmark(index)
    told = conventions(
        chosen,
        own or index,
        fund.contract_benchmark,
        of_contract=fund.own_benchmark is not None,
        shown=bool(analysis.figures),
    )
    judgement = judge_fund(analysis, client_level)
    notes = (*fund.nav.notes, *(own.notes if own else ()), *missing_notes(analysis, judgement))
    summary = tuple(wording.summary(analysis, judgement.observations))
    tables = fund_tables(analysis.measured)
    inside = fund_part(fund.portfolio, fund.code)
    split = attribution_part(analysis.measured.attribution if analysis.measured else None, fund.code)
    return DiagnosisReport(
        title="基金诊断报告",
        subject=f"{fund.name}（{fund.code}）",
        codes=(fund.code,),
        as_of=fund.nav.last_day,
        made_on=today,
        summary=summary,
        figures=analysis.figures,
        holdings=(),
        observations=judgement.observations,
        charts=studied.charts,
        profile=wording.profile(fund),
        inside=inside.blocks,
        further=(*tables.blocks, *split.blocks),
        conventions=told,
        sources=sources([fund], own or index),
        notes=notes,
        facts=tuple(_facts(analysis, (tables, split, inside), judgement.observations, notes, chosen)),
        benchmark_name=analysis.benchmark_name,
        adviser=adviser,
        measures=ReportMeasures(conventions=told, funds={fund.code: analysis.measured} if analysis.measured else {}),
    )


def _facts(
    analysis: FundAnalysis,
    parts: Sequence[BoundPart],
    observations: Sequence[Observation],
    notes: Sequence[DataNote],
    settings: Settings,
) -> Iterator[BoundFact]:
    """What stands behind every number of the report."""
    fund = analysis.fund
    yield from fund_facts(analysis)
    yield from profile_facts(fund)
    yield from chart_facts(analysis)
    for part in parts:
        yield from part.facts
    yield from text_facts(observations, notes, settings)
    yield from name_facts(fund.name, analysis.benchmark_name, *(name for part in parts for name in part.names))
    yield from contract_facts(fund.contract_benchmark)


def judge_fund(analysis: FundAnalysis, client_level: str | None) -> Judgement:
    """Rules on one fund; the risk-level rule only where there is a client."""
    measures, labels = dict(analysis.measures), dict(analysis.labels)
    rules: tuple[str, ...] = FUND_RULES
    if client_level:
        rules = (*rules, LEVEL_RULE)
        labels |= level_labels(client_level, analysis.fund.risk_level)
        measures |= level_measure(client_level, analysis.fund.risk_level, analysis.fund.code)
    return judge(measures, labels, only=rules, entity=analysis.fund.code, kind=analysis.fund.kind.id)


def profile_facts(fund: FundInput) -> Iterator[BoundFact]:
    """Numbers of the profile."""
    size, fee = fund_size(fund), ongoing_fee(fund)
    if size is not None:
        yield BoundFact(name="基金规模", value=size, unit="亿元", entity=fund.code)
    if fee is not None:
        yield BoundFact(name="每年费率合计", value=fee, unit="%", entity=fund.code)


def chart_facts(analysis: FundAnalysis) -> Iterator[BoundFact]:
    """What the words of the charts count."""
    years = [row for row in analysis.figures if row.group == "year"]
    ahead = sum(row.benchmark is not None and row.value > row.benchmark for row in years)
    yield BoundFact(name="自然年度数", value=Decimal(len(years)), unit="个", entity=analysis.fund.code)
    yield BoundFact(name="跑赢基准的自然年度数", value=Decimal(ahead), unit="个", entity=analysis.fund.code)
    if day := wording.judged_from(analysis):
        yield _span("距可展示业绩天数", analysis.fund.nav.last_day, day, analysis.fund.code)
    if fall := analysis.drawdown:
        yield _span("回撤历时", fall.peak, fall.trough, analysis.fund.code)
        if fall.recovery:
            yield _span("回撤修复历时", fall.trough, fall.recovery, analysis.fund.code)


def _span(name: str, start: date, end: date, code: str) -> BoundFact:
    """Two days that the text names: the gate knows dates by the periods of facts."""
    days = Decimal((end - start).days)
    return BoundFact(name=name, value=days, unit="天", period=f"{start}至{end}", entity=code)


def fund_facts(analysis: FundAnalysis) -> Iterator[BoundFact]:
    """Every figure and measure of one fund as facts."""
    for row in analysis.figures:
        yield from row.facts(analysis.fund.code)
    for measure in analysis.measures.values():
        yield measure.fact()


def text_facts(
    observations: Sequence[Observation], notes: Sequence[DataNote], settings: Settings
) -> Iterator[BoundFact]:
    """Numbers of findings, notes and conventions, and the lengths of periods that are named."""
    for observation in observations:
        yield from observation.facts
    for note in notes:
        yield from note.facts
    yield BoundFact(name="年化交易日数", value=Decimal(TRADING_DAYS), unit="个交易日")
    yield BoundFact(name="在险价值尾部比例", value=Decimal(_TAIL_PERCENT), unit="%")
    if settings.rates is None:
        yield BoundFact(name="无风险利率", value=settings.risk_free_annual, unit="%")
    for length, unit in _PERIODS:
        yield BoundFact(name="区间长度", value=Decimal(length), unit=unit)


def name_facts(*names: str | None) -> Iterator[BoundFact]:
    """Numbers that belong to names: 沪深300, 养老目标2040."""
    for name in filter(None, names):
        for numeral in find_numerals(name):
            yield BoundFact(name="名称所含数字", value=numeral.value, unit=numeral.unit)


def contract_facts(words: str | None) -> Iterator[BoundFact]:
    """The weights in a contract's benchmark; each is named by the words before it: 中证综合债指数收益率×."""
    yield from name_facts(words)
    before = 0
    for numeral in find_numerals(words or ""):
        if words and (before or numeral.unit == "%"):
            name = words[before : numeral.start] or "业绩比较基准"
            yield BoundFact(name=name, value=numeral.value, unit=numeral.unit)
        before = numeral.end if numeral.unit == "%" else before


def conventions(
    settings: Settings,
    index: Benchmark | None,
    contract: str | None = None,
    *,
    of_contract: bool = False,
    shown: bool = True,
) -> tuple[str, ...]:
    """How the figures were computed, as printed in the report. `of_contract`: `index` is the fund's own benchmark.

    `shown`: whether there are any; without, only the rules of what may be shown.
    """
    contracted = (f"基金合同约定的业绩比较基准为：{contract}。",) if contract else ()
    if not shown:
        return (_DISPLAY, *contracted)
    rate = (
        f"所用无风险利率为{settings.rates.name}"
        if settings.rates
        else f"所用无风险利率为每年{settings.risk_free_annual}%"
    )
    lines = [
        "收益率按日增长率逐日复利计算，已包含分红；单位净值未作分红调整，不直接用于计算收益。",
        f"一年按{TRADING_DAYS}个交易日折算，标准差按样本口径；{_DISPLAY}",
        "最大回撤按逐日复利的净值计算，卡玛比率为年化收益率与最大回撤幅度之比，月度与季度占比按自然月、自然季计算。",
        f"夏普比率、索提诺比率、下行风险与年化阿尔法{rate}。",
        f"在险价值与条件在险价值为历史模拟法，取最差的{_TAIL_PERCENT}%交易日。",
    ]
    if index and of_contract:
        lines.append("本报告的对照基准按基金合同约定的业绩比较基准计算，各成分逐日加权，按基金净值日对齐。")
        if isinstance(index, CompositeBenchmark) and index.waits:
            lines.append("成分中的境外指数在境内基金估值之后才收盘，净值日按估值时已知的上一个收盘计算。")
    elif index:
        kind = "价格指数，不含成份股分红" if settings.benchmark_is_price_index else "全收益指数"
        lines.append(
            f"本报告的对照基准为{index.name}（{kind}），按基金净值日对齐，不等同于基金合同约定的业绩比较基准。"
        )
    if index:
        lines.append(
            "贝塔、年化阿尔法、跟踪误差与信息比率只用本产品与对照基准都有数据的日子；信息比率为日超额收益的均值与标准差之比，按年折算；上行、下行捕获率为基准上涨、下跌月份里两者按年折算收益之比。"
        )
    return (*lines, *contracted)


def sources(funds: Sequence[FundInput], index: Benchmark | None) -> tuple[SourceNote, ...]:
    """NAV files and the index, each with its last day."""
    found = [SourceNote(title=f"{fund.name}（{fund.code}）历史净值", as_of=fund.nav.last_day) for fund in funds]
    if index and funds:
        used = min(index.last_day, max(fund.nav.last_day for fund in funds))
        found.append(SourceNote(title=f"{index.name}历史行情", as_of=used))
    return tuple(found)


def missing_notes(analysis: FundAnalysis, judgement: Judgement) -> Iterator[DataNote]:
    """What the report could not show or judge, and why."""
    fund = analysis.fund
    if missing := unjudged_sentence(analysis, judgement):
        yield DataNote(kind="unjudged", level=NoteLevel.WARNING, text=f"{fund.name}：{missing}")
    if fund.nav.currency != HOME_CURRENCY:
        text = f"{fund.name}以{fund.nav.currency}计价，收益与风险未作汇率折算，与人民币计价的产品和基准只能粗略比较。"
        yield DataNote(kind="currency", level=NoteLevel.WARNING, text=text)
    if analysis.benchmark_name is None:
        text = f"没有与{fund.name}相称的对照基准，其收益率没有基准可比。"
        yield DataNote(kind="no_benchmark", level=NoteLevel.WARNING, text=text)
    if fund.segments and analysis.measured and analysis.measured.attribution is None:
        text = f"{fund.name}的分段权重与收益不足六个月，未作业绩归因。"
        yield DataNote(kind="short_segments", level=NoteLevel.INFO, text=text)
    if analysis.sparse:
        text = f"{fund.name}的净值并非每个交易日都有，不展示按年折算的指标。"
        yield DataNote(kind="sparse", level=NoteLevel.WARNING, text=text)
    if analysis.benchmark_name is not None and analysis.uncovered:
        left_out = "、".join(analysis.uncovered)
        text = f"{analysis.benchmark_name}的行情未覆盖{fund.name}的部分区间，因此不展示：{left_out}。"
        yield DataNote(kind="short_benchmark", level=NoteLevel.WARNING, text=text)
