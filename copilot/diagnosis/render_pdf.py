"""PDF by Typst: the template is data, the report goes in as JSON, fonts come from a package."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.diagnosis.charts import draw
from copilot.diagnosis.errors import RenderError
from copilot.diagnosis.report import DiagnosisReport, adviser_line, source_line
from copilot.diagnosis.rows import HOLDING_HEADS, figure_rows, heads, holding_rows

if TYPE_CHECKING:
    import typst

_FONT_PACKAGE = "manimgx_fonts_cjk"
_FONT_FAMILY = "Noto Sans CJK SC"
_CHART_PPI = 220  # of rasterised charts; sharp on paper at the width of a page
_CHART_PAGE = """#set page(width: 720pt, height: 280pt, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%)"""


def pdf_bytes(report: DiagnosisReport) -> bytes:
    """The report as PDF/A-2b. Raises RenderError when fonts are missing or Typst refuses."""
    template = resources.files("copilot.diagnosis").joinpath("templates", "report.typ").read_bytes()
    stamp = datetime(report.made_on.year, report.made_on.month, report.made_on.day, tzinfo=UTC)
    made = _compile(
        template, {"data": json.dumps(page_data(report), ensure_ascii=False)},
        format="pdf", pdf_standards=["a-2b"], timestamp=stamp,
    )  # fmt: skip
    return made


def chart_png(svg: str) -> bytes:
    """A chart's SVG as PNG, 720 by 280 points. Raises RenderError."""
    return _compile(_CHART_PAGE.encode(), {"svg": svg}, format="png", ppi=_CHART_PPI)


def page_data(report: DiagnosisReport) -> dict[str, Any]:
    """What the template prints, as plain words: no number is made here."""
    shown_heads = heads(report)
    return {
        "title": report.title,
        "subject": report.subject,
        "dates": f"数据截至 {report.as_of}　报告日期 {report.made_on}",
        "year": report.made_on.year,
        "month": report.made_on.month,
        "day": report.made_on.day,
        "author": report.adviser.name if report.adviser else "",
        "keywords": ["AIGC", report.ai_label],
        "summary": list(report.summary),
        "observations": [
            {
                "severity": seen.severity.value,
                "word": seen.severity.word,
                "title": seen.title,
                "words": seen.words,
            }
            for seen in report.observations
        ],
        "holding_heads": list(HOLDING_HEADS),
        "holdings": holding_rows(report),
        "return_heads": list(shown_heads),
        "returns": figure_rows(report, "return", "year"),
        "risk_heads": list(shown_heads),
        "risks": figure_rows(report, "risk"),
        "charts": [{"title": c.title, "alt": c.alt, "svg": draw(c)} for c in report.charts],
        "notes": [note.text for note in report.notes],
        "conventions": list(report.conventions),
        "sources": [source_line(source) for source in report.sources],
        "disclosures": [report.past_performance, report.risk_disclosure],
        "adviser": adviser_line(report.adviser) if report.adviser else None,
        "ai_label": report.ai_label,
    }


def font_folder() -> Path:
    """The folder of the CJK font. Raises RenderError when the package is not installed."""
    try:
        return Path(str(resources.files(_FONT_PACKAGE)))
    except ModuleNotFoundError as error:
        raise RenderError(f"the CJK font is missing: pip install {_FONT_PACKAGE.replace('_', '-')}.") from error


@cache
def _compiler() -> typst.Compiler:
    """One compiler a process: it keeps the parsed fonts, which cost more than a report."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(font_folder())])
    if _FONT_FAMILY not in fonts.families():
        raise RenderError(f"{_FONT_FAMILY} is not among the fonts of {_FONT_PACKAGE}: install it again.")
    root = str(resources.files("copilot.diagnosis").joinpath("templates"))
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True, root=root)


def _compile(source: bytes, inputs: dict[str, str], **options: Any) -> bytes:
    import typst

    try:
        made = _compiler().compile(input=source, sys_inputs=inputs, **options)
    except typst.TypstError as error:
        raise RenderError(f"Typst could not set the report ({error}): mend the template.") from error
    if not isinstance(made, bytes):
        raise RenderError("Typst returned several pages where one file was asked for: mend the template.")
    return made
