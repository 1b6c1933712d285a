from __future__ import annotations

import time
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
    started = time.monotonic()
    parsed = parse_file(path)
    seconds = time.monotonic() - started
    check_offsets(parsed)
    pages = {block.page for block in parsed.blocks}
    assert len(pages) > 250
    assert sum(block.table is not None for block in parsed.blocks) > 50
    assert "年度报告" in parsed.title
    assert seconds < 240, f"{seconds:.0f} s"
