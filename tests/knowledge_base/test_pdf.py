from __future__ import annotations

from pathlib import Path

import pytest

from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes, parse_file
from knowledge_base.settings import KnowledgeBaseSettings
from tests.knowledge_base.made import check_offsets

SOURCE = """
#set page(width: 400pt, height: 300pt, header: [Yunling Fund Annual Report], numbering: "1")
= 3.1 Figures
Text before the table.
#table(columns: 2, [Item], [Amount], [Profit], [1,000.00], [Assets], [2,500.00])
Text after the table.
#pagebreak()
Second page text.
#pagebreak()
Third page text.
"""


@pytest.fixture(scope="module")
def pdf() -> bytes:
    import typst

    made: bytes = typst.compile(SOURCE.encode())
    return made


def test_text_tables_and_pages_in_reading_order(pdf: bytes) -> None:
    parsed = parse_bytes(pdf, name="report.pdf")
    check_offsets(parsed)
    texts = [block.text for block in parsed.blocks]
    table = next(block for block in parsed.blocks if block.table)
    assert table.table is not None
    assert [cell.text for cell in table.table.body[0]] == ["Profit", "1,000.00"]
    assert table.table.header_rows == 1
    assert texts.index("Text before the table.") < texts.index(table.text) < texts.index("Text after the table.")
    assert {block.page for block in parsed.blocks} == {1, 2, 3}
    assert "Yunling Fund Annual Report" not in parsed.text


COLUMNS = """
#set page(width: 420pt, height: 320pt)
#set par(justify: true)
#align(center)[= A title over both columns of the page]
#columns(2, gutter: 24pt)[
  Alpha begins the left column and goes on for several lines of prose, so that the column is filled from its top to
  its bottom with text that reads on; it ends with the word leftmost.
  #colbreak()
  Beta begins the right column and goes on for several lines of prose, so that the column is filled from its top to
  its bottom with text that reads on; it ends with the word rightmost.
]
"""
PAIRS = """
#set page(width: 420pt, height: 320pt)
#grid(columns: (1fr, 1fr), row-gutter: 8pt, [Fund name], [Yunling], [Fund code], [990001], [Custodian], [Chenghu Bank],
  [Manager], [Zhang San], [Risk], [R3])
"""


def made(source: str) -> bytes:
    import typst

    compiled: bytes = typst.compile(source.encode())
    return compiled


def test_two_columns_are_read_one_after_the_other() -> None:
    parsed = parse_bytes(made(COLUMNS), name="columns.pdf")
    check_offsets(parsed)
    text = " ".join(parsed.text.split())
    order = [text.index(word) for word in ("title over both", "Alpha begins", "leftmost", "Beta begins", "rightmost")]
    assert order == sorted(order)
    assert "goes on for several lines of prose" in text.replace("- ", "")


def test_labels_beside_values_are_no_columns() -> None:
    text = " ".join(parse_bytes(made(PAIRS), name="pairs.pdf").text.split())
    assert "Fund code 990001" in text
    assert "Manager Zhang San" in text


def test_one_broken_page_does_not_lose_the_document(pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge_base.parse import pdf as module

    honest = module._read_page

    def fails_on_the_second(pages: object, plumber: object, number: int, *rest: object) -> None:
        if number == 1:
            raise ValueError("a broken content stream")
        honest(pages, plumber, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_read_page", fails_on_the_second)
    parsed = parse_bytes(pdf, name="report.pdf")
    assert "Text before the table." in parsed.text
    assert "Third page text." in parsed.text
    assert parsed.warnings == ("Page 2 could not be read (ValueError).",)


def test_pages_beyond_the_bound_are_left_out_with_a_warning(pdf: bytes) -> None:
    parsed = parse_bytes(pdf, name="report.pdf", settings=KnowledgeBaseSettings(max_pdf_pages=1))
    assert "Second page" not in parsed.text
    assert parsed.warnings == ("Only the first 1 of 3 pages were read.",)


def test_a_protected_pdf_says_so(pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdfium2

    def refuse(content: bytes) -> None:
        raise pypdfium2.PdfiumError("Failed to load document (PDFium: Incorrect password error).")

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    with pytest.raises(ParseError, match="protected by a password"):
        parse_bytes(pdf, name="report.pdf")


@pytest.mark.data
@pytest.mark.slow
def test_a_real_annual_report_of_300_pages(real_data: Path) -> None:
    path = next((real_data / "pdf").glob("*.pdf"))
    parsed = parse_file(path)
    check_offsets(parsed)
    pages = {block.page for block in parsed.blocks}
    assert len(pages) > 250
    assert sum(block.table is not None for block in parsed.blocks) > 50
    assert "年度报告" in parsed.title
