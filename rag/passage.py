"""What retrieval hands on: chunks, passages, citations and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from knowledge_base.document import Cell


@dataclass(frozen=True, kw_only=True)
class TableSlice:
    """Rows of one table inside a chunk; a label cell that spans rows may begin before the chunk."""

    header: tuple[str, ...]  # one name a column, header rows joined; empty for a table without header
    unit: str | None  # e.g. "人民币元"
    rows: tuple[tuple[Cell, ...], ...]
    header_cell: Cell | None = None  # the header rows as they stand in the canonical text, to be cited


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A span of one document version, with the context that search needs in front of it."""

    id: str  # version id + "#" + ordinal
    version_id: str
    document_id: str
    title: str
    product_codes: tuple[str, ...]
    labels: tuple[str, ...]
    effective_from: date | None
    effective_to: date | None
    context: str  # title, code, heading path, table header: searched, not cited
    text: str
    start: int  # offsets into the canonical text
    end: int
    page: int | None = None
    anchor: str | None = None
    period: str | None = None
    document_type: str = "other"
    tables: tuple[TableSlice, ...] = ()  # the table rows that lie inside start..end


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A chunk found for a question; `score` orders passages of one search only."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Where a sentence of an answer comes from; opens the document at start..end."""

    n: int  # 1-based, as printed in the answer
    version_id: str
    document_id: str
    title: str
    quote: str  # the canonical text from start to end
    start: int
    end: int
    page: int | None = None
    anchor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of an answer with the numbers of its citations."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class FigureCell:
    """A cell of a table in an answer, with the numbers of its citations."""

    text: str
    citations: tuple[int, ...] = ()

    @property
    def marked(self) -> str:
        return self.text + "".join(f"[{n}]" for n in self.citations)


@dataclass(frozen=True, kw_only=True)
class FigureTable:
    """Figures of an answer side by side; each stands in one of its sentences, or is computed as shown."""

    header: tuple[str, ...]  # the first column names the rows
    rows: tuple[tuple[FigureCell, ...], ...]  # of the header's width
    result: tuple[FigureCell, FigureCell] | None = None  # what it is, and "4.65%（3.25% - (-1.40%)）"

    @property
    def text(self) -> str:
        """A line a row, for a terminal, a copy and the gate."""
        lines = [" | ".join(self.header), *(" | ".join(cell.marked for cell in row) for row in self.rows)]
        if self.result is not None:
            lines.append(" | ".join(cell.marked for cell in self.result))
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class ProductRisk:
    """The risk level of a product that an answer is about, from the product register: shown beside the answer."""

    code: str
    name: str
    level: str  # R1..R5
    source: str | None = None  # who rated it
    as_of: date | None = None

    @property
    def text(self) -> str:
        told = "，".join(filter(None, (self.source, f"{self.as_of:%Y-%m-%d}" if self.as_of else None)))
        return f"{self.name}：风险等级{self.level}{f'（{told}）' if told else ''}"


@dataclass(frozen=True, kw_only=True)
class ApprovedBy:
    """Which approved wording an answer is, word for word."""

    id: str
    version: int
    approver: str
    since: date  # first day on which it holds


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer in sentences, or an honest no with what was searched."""

    question: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...] = ()
    abstained: bool = False
    note: str | None = None  # why it abstained, or what the reader should know (a conflict, an old date)
    searched: tuple[str, ...] = field(default=())  # titles searched, for an abstention
    by: str = "extractive"  # or the chat model's name
    prompt: str | None = None  # SHA-256 of the prompt, where a chat model wrote it
    risks: tuple[ProductRisk, ...] = ()  # of the products the question names
    table: FigureTable | None = None  # figures that are compared or added, beside the sentences
    approved: ApprovedBy | None = None  # of an answer that was not composed

    @property
    def text(self) -> str:
        """The sentences joined, citation marks as [n]; below them the table: all that a reader is shown."""
        said = "".join(sentence.text + "".join(f"[{n}]" for n in sentence.citations) for sentence in self.sentences)
        return f"{said}\n\n{self.table.text}" if self.table is not None else said


def place(chunk: Chunk) -> dict[str, object]:
    """Where a chunk stands, for programs of others."""
    return {
        "title": chunk.title,
        "version_id": chunk.version_id,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "period": chunk.period,
        "product_codes": list(chunk.product_codes),
        "text": chunk.text,  # what a citation may quote: context is searched, not cited
    }
