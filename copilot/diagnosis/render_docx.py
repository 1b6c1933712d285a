"""DOCX: the same report, editable; the AI label stands in the text and in the core properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from copilot.diagnosis.charts import draw
from copilot.diagnosis.render_pdf import chart_png
from copilot.diagnosis.report import DiagnosisReport, adviser_line, source_line
from copilot.diagnosis.rows import HOLDING_HEADS, figure_rows, heads, holding_rows

_LATIN, _CHINESE = "Arial", "微软雅黑"  # fonts that office programs in China have
_ACCENT = "12436D"


def docx_bytes(report: DiagnosisReport) -> bytes:
    """The report as an office document. Raises RenderError when a chart cannot be drawn."""
    from docx import Document

    document = Document()
    _set_up(document, report)
    document.add_heading(report.title, level=0)
    document.add_paragraph(f"{report.subject}　数据截至 {report.as_of}　报告日期 {report.made_on}")
    _paragraphs(document, "摘要", report.summary)
    seen = [f"{one.title}（{one.severity.word}）：{one.words}" for one in report.observations]
    _paragraphs(document, "诊断发现", seen, style="List Bullet")
    _table(document, "持仓明细", HOLDING_HEADS, holding_rows(report), words=1)
    _table(document, "收益与基准", heads(report), figure_rows(report, "return", "year"), words=2)
    _table(document, "风险与风险调整后指标", heads(report), figure_rows(report, "risk"), words=2)
    _charts(document, report)
    _paragraphs(document, "数据提示", [note.text for note in report.notes], style="List Bullet")
    _paragraphs(document, "方法与口径", report.conventions, style="List Bullet")
    _paragraphs(document, "资料来源", [source_line(one) for one in report.sources], style="List Bullet")
    _paragraphs(document, "风险揭示", (report.past_performance, report.risk_disclosure))
    closing = [adviser_line(report.adviser)] if report.adviser else []
    for line in (*closing, report.ai_label):
        document.add_paragraph(line)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def _set_up(document: Any, report: DiagnosisReport) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        style = document.styles[name]
        style.font.name = _LATIN
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _CHINESE)
        if name != "Normal" and "List" not in name:
            style.font.color.rgb = RGBColor.from_string(_ACCENT)
    document.styles["Normal"].font.size = Pt(10.5)
    section.footer.paragraphs[0].text = report.ai_label
    _properties(document.core_properties, report)


def _properties(properties: Any, report: DiagnosisReport) -> None:
    properties.title = f"{report.title} {report.subject}"
    properties.author = report.adviser.name if report.adviser else ""
    properties.keywords = "AIGC"
    properties.comments = report.ai_label
    properties.category = "人工智能生成合成内容"
    properties.language = "zh-CN"
    properties.created = datetime(report.made_on.year, report.made_on.month, report.made_on.day)  # noqa: DTZ001


def _paragraphs(document: Any, title: str, lines: Iterable[str], style: str | None = None) -> None:
    held = list(lines)
    if held:
        document.add_heading(title, level=1)
        for line in held:
            document.add_paragraph(line, style=style)


def _table(document: Any, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    if not rows:
        return
    document.add_heading(title, level=1)
    table = document.add_table(rows=0, cols=len(head), style="Light List Accent 1")
    for line in (head, *rows):
        for column, (cell, text) in enumerate(zip(table.add_row().cells, line, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text).font.size = Pt(9)
            if column >= words:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _repeat_head(table)


def _repeat_head(table: Any) -> None:
    from docx.oxml import OxmlElement

    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _charts(document: Any, report: DiagnosisReport) -> None:
    from docx.shared import Cm

    if report.charts:
        document.add_heading("图表", level=1)
    for chart in report.charts:
        document.add_heading(chart.title, level=2)
        picture = document.add_picture(BytesIO(chart_png(draw(chart))), width=Cm(16.5))
        picture._inline.docPr.set("descr", chart.alt)
