"""DOCX: the same report, editable; the AI label stands in the text and in the core properties."""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch
from io import BytesIO
from typing import Any

from copilot.diagnosis.blocks import Lines, Look, Opening, Pictures, Seen, Sheet, levels
from copilot.diagnosis.charts import Chart, draw
from copilot.diagnosis.findings import Severity
from copilot.diagnosis.render_pdf import chart_png
from copilot.diagnosis.report import DiagnosisReport

_LATIN, _CHINESE = "Arial", "微软雅黑"  # fonts that office programs in China have
_ACCENT, _FAINT = "12436D", "F2F5F8"
_SEVERITIES = {  # ink and ground, as in the other renderings
    Severity.SERIOUS: ("9B1C1C", "FDECEC"),
    Severity.WARNING: ("7A4207", "FFF4E0"),
    Severity.NOTICE: (_ACCENT, "EAF1F8"),
}
_WHOLE_CM, _HALF_CM = 16.2, 7.8  # of charts, within the margins of the cells they stand in
_TABLE_CM = 16.5


def docx_bytes(report: DiagnosisReport) -> bytes:
    """The report as an office document. Raises RenderError when a chart cannot be drawn."""
    from docx import Document

    document = Document()
    _set_up(document, report)
    document.add_heading(report.title, level=0)
    document.add_paragraph(report.subject)
    document.add_paragraph("　".join([report.dates, *([report.adviser.line] if report.adviser else [])]))
    for block, level in levels(report.blocks()):
        _add(block, document, level)
    for line in report.closing:
        document.add_paragraph(line)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


@singledispatch
def _add(block: object, document: Any, level: int) -> None:
    raise TypeError(f"a report holds no {type(block).__name__}")


@_add.register
def _(block: Opening, document: Any, level: int) -> None:
    document.add_heading(block.title, level=level).paragraph_format.page_break_before = True
    if block.note:
        document.add_paragraph(block.note)


@_add.register
def _(block: Lines, document: Any, level: int) -> None:
    from docx.shared import RGBColor

    _heading(document, block.title, level)
    for n, line in enumerate(block.lines, start=1):
        paragraph = document.add_paragraph(style="List Bullet" if block.look is Look.LIST else None)
        run = paragraph.add_run(line)
        if block.look in (Look.SUMMARY, Look.BOX):
            _ground(paragraph, _FAINT, bar=_ACCENT)
        if block.look is Look.SUMMARY and n == len(block.lines):  # what to do
            run.bold, run.font.color.rgb = True, RGBColor.from_string(_ACCENT)


@_add.register
def _(block: Seen, document: Any, level: int) -> None:
    from docx.shared import RGBColor

    _heading(document, block.title, level)
    for one in block.observations:
        ink, ground = _SEVERITIES[one.severity]
        paragraph = document.add_paragraph()
        run = paragraph.add_run(f"{one.title}（{one.severity.word}）：")
        run.bold, run.font.color.rgb = True, RGBColor.from_string(ink)
        paragraph.add_run(one.words)
        _ground(paragraph, ground, bar=ink)


@_add.register
def _(block: Sheet, document: Any, level: int) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    _heading(document, block.title, level)
    table = document.add_table(rows=0, cols=len(block.heads), style="Light List Accent 1")
    for n, line in enumerate((block.heads, *block.rows)):
        for column, (cell, text) in enumerate(zip(table.add_row().cells, line, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.font.size = Pt(9)
            run.bold = n == 0 or n - 1 in block.marked
            if column >= block.words and len(text) < _LONG:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _set_rows(table)
    _set_widths(table, block.widths)
    document.add_paragraph().paragraph_format.space_after = Pt(0)  # or the next words would touch the table


_LONG = 20  # characters: a cell of words, set to the left


@_add.register
def _(block: Pictures, document: Any, level: int) -> None:
    _heading(document, block.title, level)
    row: list[Chart] = []
    for chart in block.charts:
        if not chart.size.half:
            _row(document, row)
            row = []
            _row(document, [chart])
        else:
            row.append(chart)
            if len(row) == 2:
                _row(document, row)
                row = []
    _row(document, row)


def _row(document: Any, charts: list[Chart]) -> None:
    """One picture over the whole width, or two halves side by side in a table without lines."""
    from docx.shared import Cm

    if not charts:
        return
    table = document.add_table(rows=2, cols=len(charts))
    width = _HALF_CM if charts[0].size.half else _WHOLE_CM
    for column, chart in enumerate(charts):
        title = table.cell(0, column).paragraphs[0]
        title.add_run(chart.title).bold = True
        title.paragraph_format.keep_with_next = True  # no title at the foot of a page, its picture on the next
        run = table.cell(1, column).paragraphs[0].add_run()
        picture = run.add_picture(BytesIO(chart_png(draw(chart), chart.size)), width=Cm(width))
        picture._inline.docPr.set("descr", chart.alt)


def _ground(paragraph: Any, colour: str, *, bar: str) -> None:
    """A paragraph on a coloured ground with a bar at its left."""
    borders = _element("w:pBdr")
    borders.append(_element("w:left", val="single", sz="18", space="6", color=bar))
    properties = paragraph._p.get_or_add_pPr()
    properties.append(borders)
    properties.append(_element("w:shd", val="clear", color="auto", fill=colour))


def _element(name: str, **attributes: str) -> Any:
    """An element of the office format, its attributes in the same namespace."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def _footer(paragraph: Any, label: str) -> None:
    """The label, and which page of how many it is: fields that the office program counts."""
    for words, field in ((f"{label}　第", "PAGE"), ("页 / 共", "NUMPAGES"), ("页", "")):
        paragraph.add_run(words)
        if field:
            paragraph._p.append(_element("w:fldSimple", instr=field))


def _heading(document: Any, title: str, level: int) -> None:
    if title:
        document.add_heading(title, level=level)


def _set_up(document: Any, report: DiagnosisReport) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        style = document.styles[name]
        _set_fonts(style.element.get_or_add_rPr().get_or_add_rFonts())
        if name != "Normal" and "List" not in name:
            style.font.color.rgb = RGBColor.from_string(_ACCENT)
    normal = document.styles["Normal"]
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_after = Pt(5)
    for tongue in document.styles.element.iter(qn("w:lang")):
        tongue.set(qn("w:val"), "zh-CN")
        tongue.set(qn("w:eastAsia"), "zh-CN")
    _footer(section.footer.paragraphs[0], report.ai_label)
    _properties(document.core_properties, report)


def _set_fonts(fonts: Any) -> None:
    """Latin and Chinese by name; a font of the theme would go before them, and leave Chinese to chance."""
    from docx.oxml.ns import qn

    fonts.attrib.clear()
    for script, font in (("ascii", _LATIN), ("hAnsi", _LATIN), ("cs", _LATIN), ("eastAsia", _CHINESE)):
        fonts.set(qn(f"w:{script}"), font)


def _properties(properties: Any, report: DiagnosisReport) -> None:
    properties.title = f"{report.title} {report.subject}"
    properties.author = report.adviser.name if report.adviser else ""
    properties.keywords = "AIGC"
    properties.comments = report.ai_label
    properties.category = "人工智能生成合成内容"
    properties.language = "zh-CN"
    properties.created = datetime(report.made_on.year, report.made_on.month, report.made_on.day)  # noqa: DTZ001


def _set_rows(table: Any) -> None:
    """The head is repeated on every page, on the house's colour, and no row breaks over two."""
    for row in table.rows:
        row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for cell in table.rows[0].cells:
        cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=_ACCENT))


def _set_widths(table: Any, widths: tuple[float, ...]) -> None:
    """Columns as wide as in the other renderings; even without widths."""
    from docx.shared import Cm

    table.autofit = not widths
    for column, width in zip(table.columns, widths, strict=False):
        share = Cm(_TABLE_CM * width / sum(widths))
        column.width = share
        for cell in column.cells:
            cell.width = share
