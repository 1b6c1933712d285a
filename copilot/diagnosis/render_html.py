"""HTML: one responsive file, charts inside, every word escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from string import Template

from copilot.diagnosis.charts import Chart, draw
from copilot.diagnosis.report import DiagnosisReport, adviser_line, source_line
from copilot.diagnosis.rows import HOLDING_HEADS, figure_rows, heads, holding_rows


def html_text(report: DiagnosisReport) -> str:
    """The report as an HTML document; only the project's own template holds markup."""
    page = resources.files("copilot.diagnosis").joinpath("templates", "report.html").read_text("utf-8")
    closing = [adviser_line(report.adviser)] if report.adviser else []
    return Template(page).substitute(
        title=escape(report.title),
        subject=escape(report.subject),
        dates=f"数据截至 {report.as_of}　报告日期 {report.made_on}",
        ai_label=escape(report.ai_label, quote=True),
        body="\n".join(_body(report)),
        closing="".join(f"<p>{escape(line)}</p>" for line in (*closing, report.ai_label)),
    )


def _body(report: DiagnosisReport) -> Iterator[str]:
    yield "<h2>摘要</h2>"
    yield f'<div class="summary">{_paragraphs(report.summary)}</div>'
    if report.observations:
        yield "<h2>诊断发现</h2>"
        for seen in report.observations:
            title = escape(f"{seen.title}（{seen.severity.word}）：")
            words = escape(seen.words)
            yield f'<p class="seen {seen.severity.value}"><strong>{title}</strong><span>{words}</span></p>'
    yield from _table("持仓明细", HOLDING_HEADS, holding_rows(report), words=1)
    yield from _table("收益与基准", heads(report), figure_rows(report, "return", "year"), words=2)
    yield from _table("风险与风险调整后指标", heads(report), figure_rows(report, "risk"), words=2)
    if report.charts:
        yield "<h2>图表</h2>"
        yield from map(_figure, report.charts)
    yield from _list("数据提示", (note.text for note in report.notes))
    yield from _list("方法与口径", report.conventions)
    yield from _list("资料来源", (source_line(source) for source in report.sources))
    yield "<h2>风险揭示</h2>"
    yield f'<div class="box">{_paragraphs((report.past_performance, report.risk_disclosure))}</div>'


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    if items:
        yield f"<h2>{title}</h2><ul>{items}</ul>"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int) -> Iterator[str]:
    """The first `words` columns hold words, the others numbers, set to the right."""
    if not rows:
        return
    marks = ["" if column < words else ' class="n"' for column in range(len(head))]
    top = "".join(f'<th scope="col"{mark}>{escape(cell)}</th>' for cell, mark in zip(head, marks, strict=True))
    lines = "".join(
        "<tr>" + "".join(f"<td{mark}>{escape(cell)}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    yield f'<h2>{title}</h2><div class="scroll" tabindex="0" role="region" aria-label="{title}">'
    yield f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"


def _figure(chart: Chart) -> str:
    picture = b64encode(draw(chart).encode("utf-8")).decode("ascii")
    alt = escape(chart.alt, quote=True)
    return (
        f"<figure><h3>{escape(chart.title)}</h3>"
        f'<img src="data:image/svg+xml;base64,{picture}" width="720" height="280" alt="{alt}"></figure>'
    )
