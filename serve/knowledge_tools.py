"""What programs of others may ask the knowledge base: search, read, facts; each with the caller's rights.

Who asks is fixed when the tools are made, never an argument of a call: a program cannot talk itself into
more rights. What instructs a model is left out, since a model reads what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knowledge_base.document import SHARE_RESEARCH
from knowledge_base.errors import UnknownVersionError
from rag.hidden import without_instructions
from rag.passage import place

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from knowledge_base.document import Block
    from knowledge_base.facts import Fact
    from rag.passage import Passage
    from serve.wiring import House

MOST_PASSAGES = 20
MOST_CHARS = 4000  # of a document at once
MOST_FACTS = 100


@dataclass(frozen=True, kw_only=True)
class KnowledgeTools:
    """The three tools on behalf of one person or program."""

    house: House
    principal: Principal

    def passages(self, query: str, k: int = 5) -> list[Passage]:
        """Passages in force today that the caller may read, best first."""
        found = self.house.search(query, k=min(max(k, 1), MOST_PASSAGES), principal=self.principal)
        return without_instructions(found, self.house.instructions)

    def search(self, query: str, k: int = 5) -> list[dict[str, Any]]:
        """Passages of the firm's documents in force today for a question or keywords, best first.

        Each has its document (title, version_id), its place (start, end, page) and its text; `read`
        opens more around a place. At most 20.
        """
        return [_passage(passage) for passage in self.passages(query, k)]

    def read(self, version_id: str, start: int = 0, end: int | None = None) -> dict[str, Any]:
        """The text of a document between two offsets, at most 4,000 characters, whole paragraphs and rows.

        `next_start` tells where to go on; null at the end. Paragraphs that instruct a model are replaced
        by a mark.
        """
        house, principal = self.house, self.principal
        version = house.catalog.version(version_id, principal=principal)
        if version.document_type == SHARE_RESEARCH:
            raise UnknownVersionError(version_id)  # an opinion on a share goes through no program
        parsed = house.catalog.parsed(version_id, principal=principal)
        last = min(end if end is not None else len(parsed.text), max(start, 0) + MOST_CHARS)
        inside = [block for block in parsed.blocks if block.end > start and block.start < last]
        shown = [self._text(block, start, last) for block in inside]
        return {
            "version_id": version_id,
            "title": version.title,
            "status": version.status.value,
            "effective_from": _day(version.effective_from),
            "effective_to": _day(version.effective_to),
            "text": "\n".join(shown),
            "next_start": last if last < len(parsed.text) else None,
        }

    def facts(self, question: str) -> list[dict[str, Any]]:
        """Values from tables and sentences of documents in force for the products, metrics and periods a
        question names, e.g. 云岭价值精选 管理费率; each with its unit, period and the place it stands at.

        Empty where no product is named. At most 100, the latest period first.
        """
        house, principal = self.house, self.principal
        named = house.securities.resolve(question, principal=principal, today=house.today())
        codes = [code for product in named.products for code in product.codes]
        if not codes:
            return []
        wanted = [metric.id for metric in named.metrics] or None
        periods: list[str | None] = [period.period for period in named.periods if period.period]
        found = {
            fact.id: fact
            for period in periods or [None]
            for fact in house.facts.find(codes, wanted, period, principal=principal, on=house.today())
        }
        return [_fact(fact) for fact in list(found.values())[:MOST_FACTS]]

    def _text(self, block: Block, start: int, last: int) -> str:
        if self.house.instructions.instructs(block.text):
            return "（此段含有对模型的指令，已略去。）"
        return block.text[max(0, start - block.start) : max(0, last - block.start)]


def _passage(passage: Passage) -> dict[str, Any]:
    return {**place(passage.chunk), "heading": passage.chunk.context, "score": round(passage.score, 4)}


def _fact(fact: Fact) -> dict[str, Any]:
    from knowledge_base.metrics import metrics

    return {
        "entity": fact.entity,
        "product_code": fact.product_code,
        "share_class": fact.share_class,
        "metric": metrics()[fact.attribute].label,
        "period": fact.period,
        "value": str(fact.value) if fact.value is not None else fact.value_text,
        "unit": fact.unit,
        "printed": fact.value_text,
        "version_id": fact.version_id,
        "start": fact.start,
        "end": fact.end,
        "quote": fact.quote,
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day is not None else None
