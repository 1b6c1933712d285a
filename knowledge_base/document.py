"""A parsed document: one canonical text, and blocks that point into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

ANNOUNCEMENT = "announcement"  # type of a document that tells facts of a share
SHARE_RESEARCH = "share_research"  # type of a document that gives an opinion on a share


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table; offsets are into the document's canonical text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells as a reader sees them: spans are expanded, hidden rows are left out."""

    rows: tuple[tuple[Cell, ...], ...]  # header rows first
    header_rows: int
    unit: str | None = None  # e.g. "人民币元", read from the caption above the table

    @property
    def header(self) -> tuple[tuple[Cell, ...], ...]:
        return self.rows[: self.header_rows]

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        return self.rows[self.header_rows :]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A heading, paragraph or table; `text == document.text[start:end]` always holds."""

    kind: BlockKind
    text: str
    start: int
    end: int
    heading_path: tuple[str, ...] = ()  # headings above this block, outermost first
    page: int | None = None  # 1-based, where the format has pages
    anchor: str | None = None  # HTML id or sheet name, where the format has one
    table: Table | None = None


@dataclass(frozen=True, kw_only=True)
class ParsedDocument:
    """What a parser makes of one file; knows nothing of catalog or access."""

    title: str
    text: str
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()  # one sentence each, e.g. a page that could not be read


class DocumentStatus(StrEnum):
    DRAFT = "draft"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class DocumentVersion:
    """A version of a document in the catalog; the id is stable and is what citations carry."""

    id: str  # of this version: sha256 of content, shortened, prefixed "v_"
    document_id: str  # of the document over its versions, prefixed "d_"
    path: str  # relative to the synced folder
    title: str
    document_type: str  # one of DOCUMENT_TYPES (describe.py)
    period: str | None  # the period reported: "2024", "2024H1", "2024Q4"
    product_codes: tuple[str, ...]
    publisher: str | None
    published_on: date | None
    effective_from: date | None
    effective_to: date | None
    status: DocumentStatus
    labels: tuple[str, ...]  # access labels; empty = everybody in the firm
    content_sha256: str
