from __future__ import annotations

import pytest

from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes
from tests.knowledge_base.files import chart, pptx, series, shape, table
from tests.knowledge_base.made import check_offsets


def test_slides_in_order_with_titles_places_and_pages() -> None:
    first = shape("费率说明", kind="title") + shape("页脚", kind="ftr") + shape("下面\n再下面", top=900)
    deck = pptx([first + shape("上面", top=100), shape("第二页标题", kind="ctrTitle") + shape("正文")])
    parsed = parse_bytes(deck, name="培训.pptx")
    check_offsets(parsed)
    assert parsed.title == "费率说明"
    assert [block.text for block in parsed.blocks] == ["费率说明", "上面", "下面", "再下面", "第二页标题", "正文"]
    assert [block.page for block in parsed.blocks] == [1, 1, 1, 1, 2, 2]
    assert parsed.blocks[3].heading_path == ("费率说明",)


def test_tables_with_merged_cells_and_the_figures_of_charts() -> None:
    rows = [["费用", "费率", "备注"], ["管理费", "1.20%", "<"], ["托管费", "0.20%", "年"]]
    drawn = series("规模（亿元）", ["2024", "2025"], ["3.5", "4.1"])
    deck = pptx([shape("图表", kind="title") + table(rows, top=10) + chart("rChart1", top=20)], charts=(drawn,))
    parsed = parse_bytes(deck, name="a.pptx")
    check_offsets(parsed)
    fees, scale = [block.table for block in parsed.blocks if block.table]
    assert fees is not None
    assert scale is not None
    assert [cell.text for cell in fees.rows[1]] == ["管理费", "1.20%", "1.20%"]
    assert fees.header_rows == 1
    assert [[cell.text for cell in row] for row in scale.rows] == [
        ["", "规模（亿元）"],
        ["2024", "3.5"],
        ["2025", "4.1"],
    ]


def test_hidden_slides_and_hidden_shapes_are_left_out() -> None:
    deck = pptx([shape("机密", kind="title"), shape("公开", kind="title") + shape("藏着", hidden=True)], hidden=(1,))
    parsed = parse_bytes(deck, name="a.pptx")
    assert [block.text for block in parsed.blocks] == ["公开"]
    assert parsed.blocks[0].page == 2


def test_a_broken_slide_does_not_lose_the_deck() -> None:
    deck = pptx([shape("好", kind="title"), "<oops>"])
    parsed = parse_bytes(deck, name="a.pptx")
    assert parsed.text == "好"
    assert parsed.warnings == ("Slide 2 could not be read (XMLSyntaxError).",)


def test_an_entity_is_not_expanded() -> None:
    bomb = shape("好", kind="title") + shape("&x;")
    deck = pptx([bomb])
    parsed = parse_bytes(deck, name="a.pptx")
    assert parsed.text == "好\n&x;"  # escaped by the maker: text, not an entity


def test_a_deck_without_its_list_of_slides_is_broken() -> None:
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("ppt/other.xml", "<x/>")
    with pytest.raises(ParseError, match="is a broken PPTX"):
        parse_bytes(target.getvalue(), name="a.pptx")
