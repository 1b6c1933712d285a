"""One report model behind every rendering; its text is what the gate judges, its facts bind each number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.charts import Chart
from copilot.diagnosis.findings import Observation
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.series import DataNote

PAST_PERFORMANCE = "基金的过往业绩不预示其未来表现，净值会随市场波动，投资者可能损失本金。"
RISK_DISCLOSURE = (
    "基金有风险，投资需谨慎。本报告依据历史净值计算，仅供投资顾问与客户沟通参考，不构成收益承诺，也不构成对任何产品的"
    "买卖要约。投资前请阅读基金合同、招募说明书和产品资料概要，并确认产品风险等级与自身风险承受能力相匹配。"
)
AI_LABEL = "本报告由人工智能辅助生成，数字由程序计算。"


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One line of the figures table; the benchmark's value of the same period stands beside."""

    name: str
    period: str  # 2023-02-13至2026-02-13, or a calendar year
    value: Decimal
    unit: str
    benchmark: Decimal | None = None  # same unit; None = not applicable or unknown
    group: str = "return"  # return | year | risk

    @property
    def distance(self) -> Decimal:
        """How far the two shown values lie apart; 0 without a benchmark."""
        return Decimal(0) if self.benchmark is None else abs(self.value - self.benchmark)

    def facts(self, entity: str | None) -> Iterator[BoundFact]:
        """The value, the benchmark's, and the distance of two percentages."""
        yield BoundFact(name=self.name, value=self.value, unit=self.unit, period=self.period, entity=entity)
        if self.benchmark is not None:
            name = f"同期基准{self.name}"
            yield BoundFact(name=name, value=self.benchmark, unit=self.unit, period=self.period)
            if self.unit == "%":
                name = f"{self.name}与基准之差"
                yield BoundFact(name=name, value=self.distance, unit="个百分点", period=self.period, entity=entity)

    def sentence(self, benchmark_name: str | None) -> str:
        beside = f"，同期基准{benchmark_name}为{self.benchmark}{self.unit}" if self.benchmark is not None else ""
        return f"{self.name}{self.value}{self.unit}（{self.period}）{beside}。"


@dataclass(frozen=True, kw_only=True)
class HoldingRow:
    """One line of a client's holdings; unknown cells are None and shown as such."""

    code: str
    name: str
    amount_cny: Decimal
    weight: Decimal  # per cent of all holdings
    risk_level: str | None
    year_return: Decimal | None  # per cent, last year
    year_benchmark: Decimal | None
    max_drawdown: Decimal | None  # per cent

    def sentence(self, benchmark_name: str | None) -> str:
        parts = [f"{self.name}（{self.code}）市值{self.amount_cny:,}元，占持仓{self.weight}%"]
        parts.append(f"风险等级{self.risk_level or '未知'}")
        if self.year_return is not None:
            beside = f"，同期基准{benchmark_name}为{self.year_benchmark}%" if self.year_benchmark is not None else ""
            parts.append(f"近1年收益率{self.year_return}%{beside}")
        if self.max_drawdown is not None:
            parts.append(f"最大回撤{self.max_drawdown}%")
        return "，".join(parts) + "。"

    def facts(self) -> Iterator[BoundFact]:
        own = (
            ("持仓市值", self.amount_cny, "元"),
            ("占持仓比例", self.weight, "%"),
            ("近1年收益率", self.year_return, "%"),
            ("最大回撤", self.max_drawdown, "%"),
        )
        for name, value, unit in own:
            if value is not None:
                yield BoundFact(name=name, value=value, unit=unit, entity=self.code)
        if self.year_benchmark is not None:
            yield BoundFact(name="同期基准近1年收益率", value=self.year_benchmark, unit="%")


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """Where data came from, and of which day."""

    title: str
    as_of: date | None


@dataclass(frozen=True, kw_only=True)
class Adviser:
    """Who stands behind the report towards the client."""

    name: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class DiagnosisReport:
    """A diagnosis, ready for the gate and for rendering. Every number in it is among `facts`, dates aside."""

    title: str
    subject: str  # fund name and code, or the client's designation
    codes: tuple[str, ...]  # product codes the report speaks of
    as_of: date  # last day of data
    made_on: date
    summary: tuple[str, ...]  # at most five lines for a layman
    figures: tuple[FigureRow, ...]
    holdings: tuple[HoldingRow, ...]
    observations: tuple[Observation, ...]
    charts: tuple[Chart, ...]
    conventions: tuple[str, ...]
    sources: tuple[SourceNote, ...]
    notes: tuple[DataNote, ...]
    facts: tuple[BoundFact, ...]
    benchmark_name: str | None = None
    adviser: Adviser | None = None
    measures: ReportMeasures | None = None  # everything that was computed, for programs; not part of the text
    risk_disclosure: str = RISK_DISCLOSURE
    past_performance: str = PAST_PERFORMANCE
    ai_label: str = AI_LABEL

    def text(self) -> str:
        """The whole text that is shown anywhere, in reading order: this is what the gate judges."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.title
        yield f"{self.subject}，数据截至{self.as_of}，报告日期{self.made_on}。"
        yield from _section("摘要", self.summary)
        yield from _section(
            "诊断发现", (f"{seen.title}（{seen.severity.word}）：{seen.words}" for seen in self.observations)
        )
        yield from _section("持仓明细", (row.sentence(self.benchmark_name) for row in self.holdings))
        yield from _section("主要指标", (row.sentence(self.benchmark_name) for row in self.figures))
        yield from _section("图表", (f"{chart.title}：{chart.alt}" for chart in self.charts))
        yield from _section("数据提示", (note.text for note in self.notes))
        yield from _section("方法与口径", self.conventions)
        yield from _section("资料来源", (source_line(source) for source in self.sources))
        yield from _section("风险揭示", (self.past_performance, self.risk_disclosure))
        if self.adviser:
            yield adviser_line(self.adviser)
        yield self.ai_label


def source_line(source: SourceNote) -> str:
    """A source as it is printed."""
    return f"{source.title}，截至{source.as_of}。" if source.as_of else f"{source.title}。"


def adviser_line(adviser: Adviser) -> str:
    """The adviser's identity as it is printed."""
    return f"投资顾问：{adviser.name}，登记编号：{adviser.licence}。"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    held = list(lines)
    if held:
        yield f"【{title}】"
        yield from held
