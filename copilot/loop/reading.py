"""What a client reads: the very text that was cleared, section by section, and its renderings."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlalchemy import select

from compliance_filters.audit.log import AuditLog
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.report import DiagnosisReport
from copilot.loop.errors import ReportStateError, SavedReportError
from copilot.loop.links import Link
from copilot.loop.passages import heading_of
from copilot.loop.saved import unpacked
from copilot.tables import deliveries, report_links, report_versions

SUGGESTIONS = "建议"  # in the heading before suggestions; each is a section under a product's name and code
CODE = re.compile(r"（\w{6}）$")
BESIDE = "方案对比"  # what stands between two suggestions
MOST_FILES = 16  # renderings kept in memory


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with its lines."""

    n: int  # of the section, from 0
    title: str
    lines: tuple[str, ...]
    suggests: bool  # a client may say that it is of interest


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A report as its client may read it."""

    link: Link
    title: str
    subject: str
    sections: tuple[Section, ...]
    report: DiagnosisReport | None  # None: only the text can be shown, since the program has changed


class ReadingRoom:
    """Opens what links lead to; whatever is shown has the hash of what was cleared."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit, self._engine = audit, audit.engine
        self._files: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = Lock()

    def open(self, link: Link) -> Opened:
        """The text that was delivered, and the report where it still renders to exactly that text.

        Raises SealedError for a client whose texts were sealed, ReportStateError for a text that was changed.
        """
        query = (
            select(deliveries.c.text, report_versions.c.model_id)
            .join(report_links, report_links.c.delivery_id == deliveries.c.id)
            .join(report_versions, report_versions.c.id == report_links.c.version_id)
            .where(report_links.c.id == link.id)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one()
        kept = self._audit.payload(row.model_id)  # first: a sealed client's link shows nothing at all
        if _hash(row.text) != link.sha256:
            raise ReportStateError("报告内容与合规审核通过的内容不一致，已停止展示：请联系您的投资顾问。")
        title, subject, sections = split(row.text)
        return Opened(
            link=link, title=title, subject=subject, sections=sections,
            report=_same(str((kept or {}).get("report", "")), link.sha256),
        )  # fmt: skip

    def file(self, opened: Opened, kind: str) -> bytes:
        """The report as html or pdf. Raises ReportStateError where it cannot be made any more."""
        if opened.report is None:
            raise ReportStateError("该报告的图文版已不可用，请阅读文字版，或联系您的投资顾问。")
        place = (opened.link.sha256, kind)
        with self._lock:
            if place in self._files:
                self._files.move_to_end(place)
                return self._files[place]
        made = rendered(opened.report, kind)
        with self._lock:
            self._files[place] = made
            while len(self._files) > MOST_FILES:
                self._files.popitem(last=False)
        return made


def rendered(report: DiagnosisReport, kind: str) -> bytes:
    """The report as bytes of a file: html, pdf or docx. Raises ReportStateError."""
    from copilot.diagnosis.render import render

    with tempfile.TemporaryDirectory() as folder:
        try:
            return render(report, Path(folder) / f"report.{kind}").read_bytes()
        except DiagnosisError as error:
            raise ReportStateError("报告文件生成失败：请稍后重试。") from error


def split(text: str) -> tuple[str, str, tuple[Section, ...]]:
    """Title, subject and sections of a report's text; a heading without lines is a chapter and no section."""
    title, subject = "", ""
    headed: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if heading := heading_of(line):
            headed.append((heading, []))
        elif headed:
            headed[-1][1].append(line)
        elif not title:
            title = line
        else:
            subject += line
    return title, subject, tuple(_sections(headed))


def _sections(headed: Sequence[tuple[str, list[str]]]) -> Iterator[Section]:
    """A heading that comes again is told apart by the product it stands under."""
    times, product, suggesting, n = Counter(name for name, _ in headed), "", False, 0
    for name, lines in headed:
        named = bool(CODE.search(name))
        suggesting = SUGGESTIONS in name or (suggesting and (named or name == BESIDE))
        product = name if named else product
        if lines:
            shown = f"{product} {name}" if times[name] > 1 and product and not named else name
            yield Section(n=n, title=shown, lines=tuple(lines), suggests=suggesting and named)
            n += 1


def _same(packed_report: str, sha256: str) -> DiagnosisReport | None:
    """The kept report where its text is the cleared one to the letter."""
    try:
        report = unpacked(packed_report)
    except SavedReportError:
        return None
    return report if _hash(report.text()) == sha256 else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
