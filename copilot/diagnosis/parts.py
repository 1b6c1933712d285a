"""Parts of a report: rows of its tables, a fund's page, sources and the adviser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.charts import Chart
from copilot.diagnosis.findings import Observation


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
class FundPage:
    """One fund of a client's report: who it is, what it did, what stands out, and four pictures."""

    code: str
    name: str
    profile: str  # kind, risk level, manager, size, fees: one sentence
    lead: tuple[str, ...]  # return and fall in a layman's words
    figures: tuple[FigureRow, ...]
    observations: tuple[Observation, ...]
    charts: tuple[Chart, ...]
    unjudged: tuple[str, ...]  # sentences on what could not be told
    benchmark_name: str | None


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One fund beside the others; None = not known."""

    code: str
    name: str
    long_return: Decimal | None  # per cent, three years
    long_benchmark: Decimal | None
    volatility: Decimal | None  # per cent a year
    sharpe: Decimal | None
    fee: Decimal | None  # per cent a year
    size: Decimal | None  # 亿元

    def sentence(self) -> str:
        told = [f"{self.name}（{self.code}）"]
        if self.long_return is not None:
            beside = f"，同期基准为{self.long_benchmark}%" if self.long_benchmark is not None else ""
            told.append(f"近3年收益率{self.long_return}%{beside}")
        told += [f"年化波动率{self.volatility}%"] if self.volatility is not None else []
        told += [f"夏普比率{self.sharpe}"] if self.sharpe is not None else []
        told += [f"每年费率合计{self.fee}%"] if self.fee is not None else []
        told += [f"基金规模{self.size}亿元"] if self.size is not None else []
        return "，".join(told) + ("。" if len(told) > 1 else "没有可以比较的指标。")

    def facts(self) -> Iterator[BoundFact]:
        known = (
            ("近3年收益率", self.long_return, "%"),
            ("同期基准近3年收益率", self.long_benchmark, "%"),
            ("年化波动率", self.volatility, "%"),
            ("夏普比率", self.sharpe, ""),
            ("每年费率合计", self.fee, "%"),
            ("基金规模", self.size, "亿元"),
        )
        for name, value, unit in known:
            if value is not None:
                yield BoundFact(name=name, value=value, unit=unit, entity=self.code)


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """Where data came from, and of which day."""

    title: str
    as_of: date | None

    @property
    def line(self) -> str:
        return f"{self.title}，截至{self.as_of}。" if self.as_of else f"{self.title}。"


@dataclass(frozen=True, kw_only=True)
class Adviser:
    """Who stands behind the report towards the client."""

    name: str
    licence: str

    @property
    def line(self) -> str:
        return f"投资顾问：{self.name}，登记编号：{self.licence}。"


@dataclass(frozen=True, kw_only=True)
class RewrittenLine:
    """A composed line that a chat model was asked to word anew, and what became of it."""

    section: str  # 摘要, or the code of the fund whose page it stands on
    composed: str
    reworded: str | None = None  # None: the composed line stays
    why: str = ""  # it stays
    model: str = ""  # that was asked

    def refused(self, why: str) -> RewrittenLine:
        return replace(self, reworded=None, why=why)


@dataclass(frozen=True, kw_only=True)
class Rewriting:
    """Who worded the prose of a report, by which prompt, and which lines stay as they were composed."""

    prompt: str  # SHA-256 of the template
    lines: tuple[RewrittenLine, ...]

    @property
    def refused(self) -> tuple[RewrittenLine, ...]:
        return tuple(line for line in self.lines if line.reworded is None)

    @property
    def by(self) -> str:
        """Who wrote the text, for the gate's record."""
        models = dict.fromkeys(line.model for line in self.lines if line.reworded)
        return ", ".join(models) or "template"
