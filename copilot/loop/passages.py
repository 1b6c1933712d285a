"""The lines of a report that a person may write in other words, and a report with such lines.

What may be edited is prose: a line of a section named here that ends with one whole text of the report's model.
Figures, suggestions with what they rest on, method, sources and disclosures stay as they were computed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from copilot.diagnosis.report import DiagnosisReport
from copilot.loop.errors import ReportStateError

# Fields of the model that hold no prose.
COMPUTED = frozenset(
    {"title", "subject", "codes", "figures", "holdings", "charts", "conventions", "sources", "notes", "facts",
     "benchmark_name", "adviser", "measures", "risk_disclosure", "past_performance", "ai_label"}
)  # fmt: skip
PROSE_SECTIONS = frozenset({"摘要", "最需要留意", "诊断发现", "账户小结"})
STOP = "。"
LONGEST = 2_000  # characters of one edited line
_START, _END = "\ue000", "\ue001"  # private use: in no text of a report
Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One line of the report's text, in reading order."""

    n: int  # of the line, from 0
    section: str  # heading it stands under; empty before the first one
    text: str
    fixed: str  # how the line begins, whatever is written: "过度集中（关注）："
    editable: bool


def paragraphs(report: DiagnosisReport) -> tuple[Paragraph, ...]:
    """All lines of the text with what may be edited; headings are lines too and are never edited."""
    own, section, found = _owners(report), "", []
    for n, line in enumerate(report.text().split("\n")):
        if heading := heading_of(line):
            section = heading
        fixed = own[n][1] if n in own else ""
        free = n in own and section in PROSE_SECTIONS and not heading
        found.append(Paragraph(n=n, section=section, text=line, fixed=fixed if free else "", editable=free))
    return tuple(found)


def heading_of(line: str) -> str:
    """The words of a heading, empty for any other line."""
    return line[1:-1] if line.startswith("【") and line.endswith("】") else ""


def edited(report: DiagnosisReport, edits: Mapping[int, str]) -> DiagnosisReport:
    """The report with other lines, by number. Raises ReportStateError for a line that may not be edited so."""
    known, own, changed = {each.n: each for each in paragraphs(report)}, _owners(report), report
    lines = report.text().split("\n")
    for n, wanted in edits.items():
        line = _checked(known.get(n), wanted)
        path, before = own[n]
        words = line.removeprefix(before)
        changed = _with(changed, path, words)
        for other, (same, start) in own.items():  # a finding may stand on the first page and on its fund's
            if same == path:
                lines[other] = start + words
    if changed.text().split("\n") != lines:
        raise ReportStateError("修改后的段落与报告其他部分不一致：请只修改文字段落，或重新生成报告。")
    return changed


def fitted(report: DiagnosisReport, text: str) -> DiagnosisReport | None:
    """The report whose text is `text`; None where more than its prose differs."""
    if report.text() == text:
        return report
    was, now = report.text().split("\n"), text.split("\n")
    if len(was) != len(now):
        return None
    try:
        return edited(report, {n: line for n, (old, line) in enumerate(zip(was, now, strict=True)) if old != line})
    except ReportStateError:
        return None


def _checked(paragraph: Paragraph | None, wanted: str) -> str:
    line = " ".join(wanted.split())
    if paragraph is None or not paragraph.editable:
        raise ReportStateError("该段由程序计算或为固定披露，不能修改：只能修改摘要、诊断发现等文字段落。")
    if not line.startswith(paragraph.fixed) or line == paragraph.fixed:
        raise ReportStateError(f"该段须以“{paragraph.fixed}”开头并写明内容。" if paragraph.fixed else "段落不能为空。")
    if not line.endswith(STOP):
        line += STOP
    if len(line) > LONGEST:
        raise ReportStateError(f"段落超过{LONGEST}字：请缩短。")
    if line.startswith("【") or any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs") for letter in line):
        raise ReportStateError("段落含有标题符号或不可见字符：请删去后重试。")
    return line


def _owners(report: DiagnosisReport) -> dict[int, tuple[Path, str]]:
    """Line number -> where in the model its end stands, and how the line begins before it.

    Every sentence of the model is replaced by a mark; the lines of the marked report tell which is where.
    """
    marked, paths = report, list(_paths(report))
    for k, path in enumerate(paths):
        marked = _with(marked, path, f"{_START}{k}{_END}")
    found: dict[int, tuple[Path, str]] = {}
    lines, marks = report.text().split("\n"), marked.text().split("\n")
    if len(lines) != len(marks):
        return found
    for n, line in enumerate(marks):
        _before, start, rest = line.rpartition(_START)
        if not start or not rest.endswith(_END):
            continue
        path = paths[int(rest[:-1])]
        text = str(_at(report, path))
        if lines[n].endswith(text) and text:
            found[n] = (path, lines[n].removesuffix(text))
    return found


def _paths(report: DiagnosisReport) -> Iterator[Path]:
    for each in fields(report):
        if each.name not in COMPUTED:
            yield from _texts(getattr(report, each.name), (each.name,))


def _texts(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, str) and not isinstance(value, Enum):
        if value.endswith(STOP):  # a sentence; names, units and groups steer how the report is laid out
            yield path
    elif isinstance(value, tuple):
        for n, held in enumerate(value):
            yield from _texts(held, (*path, n))
    elif is_dataclass(value):
        for each in fields(value):
            yield from _texts(getattr(value, each.name), (*path, each.name))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    return value


def _with(value: Any, path: Path, text: str) -> Any:
    if not path:
        return text
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return (*value[:step], _with(value[step], rest, text), *value[step + 1 :])
    return replace(value, **{step: _with(getattr(value, step), rest, text)})
