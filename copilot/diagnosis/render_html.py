"""HTML: one responsive file, charts inside, every word escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import singledispatch
from html import escape
from importlib import resources
from string import Template

from copilot.diagnosis.blocks import Block, Lines, Look, Opening, Pictures, Seen, Sheet, levels
from copilot.diagnosis.charts import Chart, draw
from copilot.diagnosis.report import DiagnosisReport


def html_text(report: DiagnosisReport) -> str:
    """The report as an HTML document; only the project's own template holds markup."""
    page = resources.files("copilot.diagnosis").joinpath("templates", "report.html").read_text("utf-8")
    return Template(page).substitute(
        title=escape(report.title),
        subject=escape(report.subject),
        dates=_dated(report.dates),
        adviser=f"<p>{escape(report.adviser.line)}</p>" if report.adviser else "",
        ai_label=escape(report.ai_label, quote=True),
        body="\n".join(_levelled(block, level) for block, level in levels(report.blocks())),
        closing=_paragraphs(report.closing),
    )


def _levelled(block: Block, level: int) -> str:
    """Below the report's own title (h1) no level of headings is jumped over."""
    made = _block(block)
    return made if level > 1 else made.replace("<h3>", "<h2>").replace("</h3>", "</h2>")


@singledispatch
def _block(block: object) -> str:
    raise TypeError(f"a report holds no {type(block).__name__}")


@_block.register
def _(block: Opening) -> str:
    note = f'<p class="note">{escape(block.note)}</p>' if block.note else ""
    return f'<h2 class="chapter">{escape(block.title)}</h2>{note}'


@_block.register
def _(block: Lines) -> str:
    if block.look is Look.LIST:
        body = "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in block.lines) + "</ul>"
    else:
        body = f'<div class="{block.look.value}">{_paragraphs(block.lines)}</div>'
    return _heading(block.title) + body


@_block.register
def _(block: Seen) -> str:
    return _heading(block.title) + "".join(
        f'<p class="seen {one.severity.value}"><strong>{escape(f"{one.title}（{one.severity.word}）：")}</strong>'
        f"<span>{escape(one.words)}</span></p>"
        for one in block.observations
    )


@_block.register
def _(block: Sheet) -> str:
    """The first `words` columns hold words, the others numbers, set to the right."""
    title = escape(block.title, quote=True)
    marks = [_mark(block, column) for column in range(len(block.heads))]
    top = "".join(f'<th scope="col"{mark}>{escape(cell)}</th>' for cell, mark in zip(block.heads, marks, strict=True))
    lines = "".join(_row(row, n in block.marked, marks) for n, row in enumerate(block.rows))
    return (
        f'{_heading(block.title)}<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


@_block.register
def _(block: Pictures) -> str:
    return f'{_heading(block.title)}<div class="pictures">{"".join(map(_figure, block.charts))}</div>'


_LONG = 20  # characters: a cell of words
_DATE = re.compile(r"\d{4}-\d\d-\d\d")  # breaks nowhere, however narrow the screen


def _mark(block: Sheet, column: int) -> str:
    """The class of a column: of words, of sentences (which need room), or of numbers."""
    if column >= block.words and any(len(row[column]) >= _LONG for row in block.rows):
        return ' class="w"'
    return ' class="n"' if column >= block.words else ""


def _row(row: tuple[str, ...], marked: bool, marks: list[str]) -> str:
    first = f'<th scope="row">{escape(row[0])}</th>'
    cells = "".join(f"<td{mark}>{_dated(cell)}</td>" for cell, mark in zip(row[1:], marks[1:], strict=True))
    mark = ' class="marked"' if marked else ""
    return f"<tr{mark}>{first}{cells}</tr>"


def _dated(cell: str) -> str:
    return _DATE.sub(lambda day: f"<span class='d'>{day[0]}</span>", escape(cell))


def _heading(title: str) -> str:
    return f"<h3>{escape(title)}</h3>" if title else ""


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _figure(chart: Chart) -> str:
    picture = b64encode(draw(chart).encode("utf-8")).decode("ascii")
    size = chart.size
    wide = ' class="wide" tabindex="0"' if not size.half else ""  # moved sideways where the screen is narrow
    return (
        f"<figure{wide}><figcaption>{escape(chart.title)}</figcaption>"
        f'<img src="data:image/svg+xml;base64,{picture}" width="{size.width}" height="{size.height}" '
        f'alt="{escape(chart.alt, quote=True)}"></figure>'
    )
