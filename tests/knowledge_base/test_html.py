from __future__ import annotations

import pytest

from knowledge_base.document import BlockKind, ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes
from tests.knowledge_base.made import check_offsets, report


def parse(html: str, name: str = "a.html") -> ParsedDocument:
    parsed = parse_bytes(html.encode(), name=name)
    check_offsets(parsed)
    return parsed


def rows(parsed: ParsedDocument, number: int = 0) -> list[list[str]]:
    tables = [block.table for block in parsed.blocks if block.table is not None]
    return [[cell.text for cell in row] for row in tables[number].rows]


def test_a_report_is_read_as_a_reader_sees_it() -> None:
    parsed = parse(report())
    assert parsed.title == "云岭稳健增利债券型证券投资基金2024年年度报告"
    for absent in ("不该出现", "导航目录", "注释行", "隐藏行"):
        assert absent not in parsed.text
    basics, figures, stages = (block for block in parsed.blocks if block.table)
    assert basics.heading_path == ("基金基本情况",)
    assert basics.anchor == "a1"
    assert figures.table is not None
    assert figures.table.unit == "人民币元"
    assert stages.table is not None
    assert stages.table.header_rows == 1
    assert stages.table.body[0][1].text == "1.00%"


def test_spans_are_expanded_and_share_their_text() -> None:
    parsed = parse(
        "<table><tr><th rowspan=2>姓名</th><th colspan=2>任期</th></tr><tr><th>起</th><th>止</th></tr>"
        "<tr><td>甲</td><td>2020</td><td>-</td></tr></table>"
    )
    assert rows(parsed) == [["姓名", "任期", "任期"], ["姓名", "起", "止"], ["甲", "2020", "-"]]
    table = parsed.blocks[0].table
    assert table is not None
    assert table.header_rows == 2
    assert table.rows[0][1] == table.rows[0][2]
    assert parsed.text.count("任期") == 1


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("<b>3.2.1 净值表现</b>", ("3.2.1 净值表现",)),
        ("<p style='font-weight: bold'>一、概况</p>", ("一、概况",)),
        ("<p>§3 主要财务指标</p>", ("§3 主要财务指标",)),
        ("<h2>费用</h2>", ("费用",)),
        ("<p>3.2.1 这只是一个普通的段落</p>", ()),
        ("<b>2024年增长3.5%</b>", ()),
    ],
)
def test_headings_by_tag_and_by_bold_numbering(line: str, path: tuple[str, ...]) -> None:
    assert parse(f"{line}<p>正文在这里。</p>").blocks[-1].heading_path == path


def test_line_breaks_separate_paragraphs_and_inline_tags_do_not() -> None:
    parsed = parse("<div>净值<span>增长</span>率为<b>5</b>%<br/>第二行</div>")
    assert [block.text for block in parsed.blocks] == ["净值增长率为5%", "第二行"]


def test_a_table_without_marks_has_a_header_when_numbers_stand_below_words() -> None:
    parsed = parse("<table><tr><td>项目</td><td>金额</td></tr><tr><td>甲</td><td>1,000.00</td></tr></table>")
    table = parsed.blocks[0].table
    assert table is not None
    assert table.header_rows == 1


def test_gb18030_is_read_by_its_declaration() -> None:
    html = '<html><head><meta charset="gb2312"></head><body><p>基金净值</p></body></html>'
    assert parse_bytes(html.encode("gb18030"), name="a.html").text == "基金净值"


def test_a_deep_nest_is_cut_with_a_warning_and_does_not_crash() -> None:
    parsed = parse("<p>前面</p>" + "<div>" * 3000 + "深处" + "</div>" * 3000)
    assert parsed.blocks[0].text == "前面"


def test_a_long_table_is_cut_with_a_warning() -> None:
    body = "".join(f"<tr><td>{n}</td><td>值</td></tr>" for n in range(5100))
    parsed = parse(f"<table>{body}</table>")
    assert len(rows(parsed)) == 5000
    assert "cut after 5000" in parsed.warnings[0]


def test_html_without_text_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ParseError, match=r"a\.html holds no text"):
        parse_bytes(b"<html><body><script>1</script></body></html>", name="a.html")


def test_kinds_of_blocks() -> None:
    parsed = parse("<h1>标题</h1><p>段落</p><table><tr><td>甲</td><td>乙</td></tr></table>")
    assert [block.kind for block in parsed.blocks] == [
        BlockKind.HEADING,
        BlockKind.PARAGRAPH,
        BlockKind.TABLE,
    ]
