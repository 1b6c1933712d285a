from __future__ import annotations

import io
import zipfile

import pytest

from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes
from knowledge_base.settings import KnowledgeBaseSettings
from tests.knowledge_base.made import check_offsets


def docx_bytes() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("费率办法", level=1)
    document.add_paragraph("本办法适用于全部产品。")
    table = document.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, [("费用", "费率"), ("管理费", "0.30%"), ("合并", "")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.rows[2].cells[0].merge(table.rows[2].cells[1])
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def test_docx_keeps_reading_order_and_merged_cells() -> None:
    parsed = parse_bytes(docx_bytes(), name="办法.docx")
    check_offsets(parsed)
    assert [block.text for block in parsed.blocks][:2] == ["费率办法", "本办法适用于全部产品。"]
    table = parsed.blocks[2].table
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["费用", "费率"],
        ["管理费", "0.30%"],
        ["合并", "合并"],
    ]
    assert parsed.blocks[2].heading_path == ("费率办法",)


def test_xlsx_leaves_hidden_sheets_out() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "货架"
    sheet.append(["代码", "起购"])
    sheet.append(["990001", 10])
    hidden = book.create_sheet("内部")
    hidden.append(["机密", "值"])
    hidden.sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    parsed = parse_bytes(target.getvalue(), name="货架.xlsx")
    check_offsets(parsed)
    assert "机密" not in parsed.text
    assert parsed.blocks[1].anchor == "货架"
    assert "990001 | 10" in parsed.text


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 3 * 2**20)
    with pytest.raises(ParseError, match="unpacks to more than 1 MB"):
        parse_bytes(target.getvalue(), name="a.docx", settings=KnowledgeBaseSettings(max_unpacked_mb=1))
