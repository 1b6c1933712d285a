"""PDF by Typst: the template is data, the report goes in as JSON, fonts come from a package."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache, singledispatch
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.diagnosis.blocks import Lines, Opening, Pictures, Seen, Sheet, levels
from copilot.diagnosis.charts import WHOLE, Size, draw
from copilot.diagnosis.errors import RenderError
from copilot.diagnosis.report import DiagnosisReport
from models.memory import give_back

if TYPE_CHECKING:
    import typst

_FONT_PACKAGE = "manimgx_fonts_cjk"
_FONT_FAMILY = "Noto Sans CJK SC"
_CHART_PPI = 220  # of rasterised charts; sharp on paper at the width of a page
_KEPT_RUNS = 11  # comemo drops what ten runs did not ask for; an empty page takes two milliseconds
_CHART_PAGE = """#set page(width: eval(sys.inputs.width) * 1pt, height: eval(sys.inputs.height) * 1pt, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%)"""


def pdf_bytes(report: DiagnosisReport) -> bytes:
    """The report as PDF/A-2b. Raises RenderError when fonts are missing or Typst refuses."""
    template = resources.files("copilot.diagnosis").joinpath("templates", "report.typ").read_bytes()
    stamp = datetime(report.made_on.year, report.made_on.month, report.made_on.day, tzinfo=UTC)
    made = _compile(
        template, {"data": json.dumps(page_data(report), ensure_ascii=False)},
        format="pdf", pdf_standards=["a-2b"], timestamp=stamp,
    )  # fmt: skip
    _forget()
    return made


def _forget() -> None:
    """Let go of what the last report left behind, some 60 MB: Typst keeps results for ten more runs of its compiler."""
    for _ in range(_KEPT_RUNS):
        _compile(b"", {}, format="svg")  # quicker than an empty PDF
    give_back()


def chart_png(svg: str, size: Size = WHOLE) -> bytes:
    """A chart's SVG as PNG, in points of its size. Raises RenderError."""
    inputs = {"svg": svg, "width": str(size.width), "height": str(size.height)}
    return _compile(_CHART_PAGE.encode(), inputs, format="png", ppi=_CHART_PPI)


def page_data(report: DiagnosisReport) -> dict[str, Any]:
    """What the template prints, as plain words: no number is made here."""
    return {
        "title": report.title,
        "subject": report.subject,
        "dates": report.dates,
        "adviser": report.adviser.line if report.adviser else None,
        "year": report.made_on.year,
        "month": report.made_on.month,
        "day": report.made_on.day,
        "author": report.adviser.name if report.adviser else "",
        "keywords": ["AIGC", report.ai_label],
        "blocks": [{**_block(block), "level": level} for block, level in levels(report.blocks())],
        "closing": list(report.closing),
        "ai_label": report.ai_label,
    }


@singledispatch
def _block(block: object) -> dict[str, Any]:
    raise TypeError(f"a report holds no {type(block).__name__}")


@_block.register
def _(block: Opening) -> dict[str, Any]:
    return {"kind": "opening", "title": block.title, "note": block.note, "one_page": block.one_page}


@_block.register
def _(block: Lines) -> dict[str, Any]:
    return {"kind": "lines", "title": block.title, "look": block.look.value, "lines": list(block.lines)}


@_block.register
def _(block: Seen) -> dict[str, Any]:
    seen = [
        {"severity": one.severity.value, "word": one.severity.word, "title": one.title, "words": one.words}
        for one in block.observations
    ]
    return {"kind": "seen", "title": block.title, "seen": seen}


@_block.register
def _(block: Sheet) -> dict[str, Any]:
    return {
        "kind": "sheet",
        "title": block.title,
        "heads": list(block.heads),
        "rows": [list(row) for row in block.rows],
        "words": block.words,
        "widths": list(block.widths or [1.0] * len(block.heads)),
        "marked": list(block.marked),
    }


@_block.register
def _(block: Pictures) -> dict[str, Any]:
    charts = [{"title": one.title, "alt": one.alt, "svg": draw(one), "half": one.size.half} for one in block.charts]
    return {"kind": "pictures", "title": block.title, "charts": charts}


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
