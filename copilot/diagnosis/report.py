"""One report model behind every rendering; its text is what the gate judges, its facts bind each number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from compliance_filters.finding import BoundFact
from copilot.diagnosis.blocks import Block, Lines, Look, Opening, Pictures, Seen, filled
from copilot.diagnosis.charts import Chart
from copilot.diagnosis.findings import Observation, Severity
from copilot.diagnosis.match.suggestion import Advice
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.parts import Adviser as Adviser
from copilot.diagnosis.parts import ComparisonRow, FundPage, Rewriting, SourceNote
from copilot.diagnosis.parts import FigureRow as FigureRow
from copilot.diagnosis.parts import HoldingRow as HoldingRow
from copilot.diagnosis.series import DataNote
from copilot.diagnosis.sheets import advice_blocks, comparison_sheet, figure_sheet, holding_sheet

PAST_PERFORMANCE = "基金的过往业绩不预示其未来表现，净值会随市场波动，投资者可能损失本金。"
RISK_DISCLOSURE = (
    "基金有风险，投资需谨慎。本报告依据历史净值计算，仅供投资顾问与客户沟通参考，不构成收益承诺，也不构成对任何产品的"
    "买卖要约。投资前请阅读基金合同、招募说明书和产品资料概要，并确认产品风险等级与自身风险承受能力相匹配。"
)
RISK_LEVELS = (
    "产品风险等级由低到高为R1、R2、R3、R4、R5，客户风险承受能力由低到高为C1、C2、C3、C4、C5。",
    "C1至C5的客户依次可以匹配R1至R5及以下的产品；高于该等级的产品，本报告不作建议。",
)
AI_LABEL = "本报告由人工智能辅助生成，数字由程序计算。"
_MOST_ON_FRONT = 6  # findings; the others stand on the pages of their funds
_MOST_OF_A_KIND = 2
_MOST_FURTHER = 60  # findings on what has no page of its own: three pages


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
    profile: str = ""  # of a single fund: manager, size, fees
    inside: tuple[Block, ...] = ()  # of a single fund: what it last disclosed
    further: tuple[Block, ...] = ()  # of a single fund: phases of the market, costs, attribution
    account: tuple[Block, ...] = ()  # of a client: what the account did and what it would lose
    comparison: tuple[ComparisonRow, ...] = ()
    pages: tuple[FundPage, ...] = ()
    advice: Advice | None = None  # suggestions; only in a client's report
    measures: ReportMeasures | None = None  # everything that was computed, for programs; not part of the text
    rewriting: Rewriting | None = None  # where a chat model was asked to word the prose; not part of the text
    risk_disclosure: str = RISK_DISCLOSURE
    past_performance: str = PAST_PERFORMANCE
    ai_label: str = AI_LABEL

    @property
    def dates(self) -> str:
        return f"数据截至 {self.as_of}　报告日期 {self.made_on}"

    @property
    def pictures(self) -> tuple[Chart, ...]:
        """All charts, in reading order."""
        return tuple(chart for block in self.blocks() if isinstance(block, Pictures) for chart in block.charts)

    @property
    def recommends(self) -> tuple[str, ...]:
        """Codes of the products that the report names as alternatives: what the gate must judge."""
        return self.advice.recommends if self.advice else ()

    def text(self) -> str:
        """The whole text that is shown anywhere, in reading order: this is what the gate judges."""
        return "\n".join(self._lines())

    def blocks(self) -> tuple[Block, ...]:
        """What stands between the title and the closing lines, in reading order."""
        return tuple(filled([*self._front(), *self._body(), *self._pages(), *self._back()]))

    @property
    def closing(self) -> tuple[str, ...]:
        return (*([self.adviser.line] if self.adviser else []), self.ai_label)

    def _lines(self) -> Iterator[str]:
        yield self.title
        yield f"{self.subject}，数据截至{self.as_of}，报告日期{self.made_on}。"
        for block in self.blocks():
            yield from block.told()
        yield from self.closing

    def _front(self) -> Iterator[Block]:
        yield Lines(title="摘要", lines=self.summary, look=Look.SUMMARY)
        if self.pages:
            yield Seen(title="最需要留意", observations=tuple(self._foremost()))
        else:
            yield Seen(title="诊断发现", observations=self.observations)

    def _foremost(self) -> Iterable[Observation]:
        """The gravest, at most two of a kind: a reader of page one sees every kind before the same again."""
        weighty = [one for one in self.observations if one.severity is not Severity.NOTICE]
        found: list[Observation] = []
        for one in weighty or self.observations:
            if sum(seen.rule == one.rule for seen in found) < _MOST_OF_A_KIND:
                found.append(one)
        return found[:_MOST_ON_FRONT]

    def _further(self) -> Iterator[Block]:
        """What stands neither on page one nor on a fund's own page: of the account, and of the smaller holdings."""
        paged, foremost = {page.code for page in self.pages}, list(self._foremost())
        rest = [one for one in self.observations if one.entity not in paged and one not in foremost]
        yield Seen(title="诊断发现", observations=tuple(rest[:_MOST_FURTHER]))
        if len(rest) > _MOST_FURTHER:
            yield Lines(lines=("篇幅所限，其余发现未逐条列出，请向投资顾问索取。",), look=Look.SMALL)

    def _body(self) -> Iterator[Block]:
        if self.advice:
            yield from advice_blocks(self.advice)
        if self.holdings:
            yield Opening(title="账户概况")
            yield holding_sheet(self.holdings, self.benchmark_name)
        yield from self.account
        if self.pages:
            yield from self._further()
        yield comparison_sheet(self.comparison)
        if self.profile:
            yield Lines(title="产品概况", lines=(self.profile,))
        yield from self.inside
        yield figure_sheet("收益与基准", [row for row in self.figures if row.group != "risk"], self.benchmark_name)
        yield Pictures(title="图表", charts=self.charts)
        risks = [row for row in self.figures if row.group == "risk"]
        yield figure_sheet("风险与风险调整后指标", risks, self.benchmark_name)
        yield from self.further

    def _pages(self) -> Iterator[Block]:
        for page in self.pages:
            yield Opening(title=f"{page.name}（{page.code}）", note=page.profile, one_page=True)
            yield Lines(lines=page.lead)
            yield Seen(title="诊断发现", observations=page.observations)
            yield figure_sheet("主要指标", page.figures, page.benchmark_name, of=f"{page.name}（{page.code}）")
            yield Pictures(charts=page.charts)
            yield Lines(lines=page.unjudged, look=Look.SMALL)

    def _back(self) -> Iterator[Block]:
        if self.pages:
            yield Opening(title="说明与附注")
        yield Lines(title="数据提示", lines=tuple(note.text for note in self.notes), look=Look.LIST)
        yield Lines(title="方法与口径", lines=self.conventions, look=Look.LIST)
        yield Lines(title="资料来源", lines=tuple(one.line for one in self.sources), look=Look.LIST)
        yield Lines(title="风险等级说明", lines=RISK_LEVELS, look=Look.LIST)
        yield Lines(title="风险揭示", lines=(self.past_performance, self.risk_disclosure), look=Look.BOX)
