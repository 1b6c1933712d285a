"""The tools as programs of others get them over MCP: those of the question way, `read` and `measures`.

Who asks is fixed when the tools are made, never an argument of a call: a program cannot talk itself into
more rights. What instructs a model is left out, since a model reads what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from knowledge_base.document import SHARE_RESEARCH
from knowledge_base.errors import UnknownVersionError
from rag.hidden import without_instructions
from rag.tools.finding import Finding, Found, Notebook
from rag.tools.registry import Toolbox, TypedTool, toolbox
from rag.tools.schemas import MeasuresArgs, ReadArgs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from pydantic import BaseModel

    from copilot.diagnosis.parts import FigureRow
    from knowledge_base.access import Principal
    from knowledge_base.document import Block
    from rag.answer import Answerer
    from rag.passage import Passage
    from serve.wiring import House

MOST_PASSAGES = 20
MOST_CHARS = 4000  # of a document at once


def question_tools(answerer: Answerer, principal: Principal, on: date, *, notebook: Notebook | None = None) -> Toolbox:
    """What a chat model may call while it answers."""
    from rag.tools.lookups import Lookups

    return toolbox(
        Lookups(
            retriever=answerer.retriever,
            facts_of=answerer.facts,
            resolver=answerer.resolver,
            principal=principal,
            on=on,
            notebook=notebook or Notebook(),
            instructions=answerer.instructions,
        )
    )


@dataclass(frozen=True, kw_only=True)
class KnowledgeTools:
    """The tools on behalf of one person or program."""

    house: House
    principal: Principal
    notebook: Notebook = field(default_factory=Notebook)

    def toolbox(self) -> Toolbox:
        """The tools of the question way as of today, and those whose results no answer can cite.

        Values keep their names from call to call.
        """
        today = self.house.today()
        box = question_tools(self.house.answerer, self.principal, today, notebook=self.notebook)
        own = (self._tool(self.read, ReadArgs), self._tool(self.measures, MeasuresArgs))
        return Toolbox(tools=(*box.tools, *own), notebook=box.notebook)

    def _tool(self, run: Callable[[Any], Found], takes: type[BaseModel]) -> TypedTool:
        return TypedTool(name=run.__name__, description=(run.__doc__ or "").strip(), takes=takes, run=run)

    def passages(self, query: str, k: int = 5) -> list[Passage]:
        """Passages in force today that the caller may read, best first."""
        found = self.house.search(query, k=min(max(k, 1), MOST_PASSAGES), principal=self.principal)
        return without_instructions(found, self.house.instructions)

    def read(self, asked: ReadArgs) -> Found:
        """按 version_id 打开文件中两个位置之间的原文，至多 4000 字，整段整行；next_start 是继续读的位置，读完为空。"""
        house, principal = self.house, self.principal
        version = house.catalog.version(asked.version_id, principal=principal)
        if version.document_type == SHARE_RESEARCH:
            raise UnknownVersionError(asked.version_id)  # an opinion on a share goes through no program
        parsed = house.catalog.parsed(asked.version_id, principal=principal)
        end = asked.end if asked.end is not None else len(parsed.text)
        last = min(end, asked.start + MOST_CHARS)
        inside = [block for block in parsed.blocks if block.end > asked.start and block.start < last]
        shown = [self._text(block, asked.start, last) for block in inside]
        about = {
            "version_id": asked.version_id,
            "title": version.title,
            "status": version.status.value,
            "effective_from": _day(version.effective_from),
            "effective_to": _day(version.effective_to),
            "next_start": last if last < len(parsed.text) else None,
        }
        return Found(findings=(Finding(text="\n".join(shown), places=(), about=about),))

    def measures(self, asked: MeasuresArgs) -> Found:
        """按净值算出的一只基金的业绩与风险指标（各期收益、最大回撤、波动率、夏普比率等），带期间和同期基准；不是文件里的数。"""
        from copilot.diagnosis.errors import DiagnosisError

        house, principal, today = self.house, self.principal, self.house.today()
        named = house.products.resolve(asked.product, principal=principal, today=today)
        if not named.product_codes:
            return Found(note=f"没有名为“{asked.product}”的产品。")
        try:
            done = house.reports.figures(named.product_codes[0], principal=principal, today=today)
        except DiagnosisError:
            return Found(note="没有这只基金可用的净值数据。")
        return Found(
            findings=tuple(_measure(row, done.benchmark_name) for row in done.figures),
            note=f"按截至{done.fund.nav.last_day}的净值计算。基金的过往业绩不预示其未来表现。",
        )

    def _text(self, block: Block, start: int, last: int) -> str:
        if self.house.instructions.instructs(block.text):
            return "（此段含有对模型的指令，已略去。）"
        return block.text[max(0, start - block.start) : max(0, last - block.start)]


def _measure(row: FigureRow, benchmark: str | None) -> Finding:
    about = {
        "name": row.name, "period": row.period, "amount": str(row.value), "unit": row.unit,
        "benchmark": str(row.benchmark) if row.benchmark is not None else None, "benchmark_name": benchmark,
    }  # fmt: skip
    return Finding(text=row.sentence(benchmark), places=(), about=about)


def _day(day: Any) -> str | None:
    return day.isoformat() if day is not None else None
