"""Three renderings of one report: readable, safe against markup in names, never half-written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from docx import Document

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.diagnose import diagnose_fund
from copilot.diagnosis.errors import RenderError
from copilot.diagnosis.render import render
from copilot.diagnosis.report import Adviser, DiagnosisReport
from tests.copilot.diagnosis.conftest import LAST

NASTY = '<script>alert(1)</script> #set *x* $a$ \\LaTeX "引号" & 基金'


@pytest.fixture
def report(make_fund: Callable[..., FundInput], index: IndexSeries) -> DiagnosisReport:
    adviser = Adviser(name="陈立", licence="S0990000000001")
    return diagnose_fund(make_fund(), index, today=LAST + timedelta(days=1), client_level="C2", adviser=adviser)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def pdf_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(str(path))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_the_pdf_holds_every_figure_and_the_label(report: DiagnosisReport, tmp_path: Path) -> None:
    text = squeezed(pdf_text(render(report, tmp_path / "out" / "report.pdf")))
    for row in report.figures:
        assert squeezed(f"{row.name}{row.period}{row.value}{row.unit}") in text
    for line in (*report.summary, report.risk_disclosure, report.past_performance, report.ai_label):
        assert squeezed(line) in text
    assert "第1页/共" in text


def test_no_number_of_the_pdf_is_foreign_to_the_report(report: DiagnosisReport, tmp_path: Path) -> None:
    text = pdf_text(render(report, tmp_path / "report.pdf"))
    known = squeezed(report.text())
    shown = re.findall(r"\d+\.\d\d%?", text)
    assert shown
    assert [number for number in shown if number not in known] == []


def test_the_pdf_is_pdf_a_with_its_fonts_inside_and_real_bold(report: DiagnosisReport, tmp_path: Path) -> None:
    """What ISO 19005-2 asks of a file, as far as its structure tells: identification, colours, fonts, no scripts."""
    path = render(report, tmp_path / "report.pdf")
    raw = path.read_bytes()
    assert raw.startswith(b"%PDF-1.7")
    packet = re.search(rb"<\?xpacket begin.*?<\?xpacket end", raw, re.S)
    assert packet is not None, "the metadata must be readable without decompression"
    told = packet[0].decode("utf-8")
    assert re.search(r"pdfaid:part[>=\" ]+2", told)
    assert re.search(r"pdfaid:conformance[>=\" ]+B", told)
    assert "AIGC" in told
    assert report.ai_label in told
    assert re.search(rb"/OutputIntents?\b", raw)
    assert b"/GTS_PDFA1" in raw
    assert not re.search(rb"/(JavaScript|Encrypt|Launch|EmbeddedFile)\b", raw)
    fonts = embedded_fonts(path)
    assert all(fonts.values()), fonts
    assert len(fonts) == 3, "regular, medium and bold are three instances of the font, not one that is smeared"


def embedded_fonts(path: Path) -> dict[str, bool]:
    """Of each font that writes a text, each weight being one: whether it lies in the file."""
    from ctypes import create_string_buffer

    from pypdfium2 import raw

    found = {}
    for page in pypdfium2.PdfDocument(str(path)):
        for one in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            font = raw.FPDFTextObj_GetFont(one.raw)
            name = create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(font, name, 200)
            found[name.value.decode("utf-8", "replace")] = bool(raw.FPDFFont_GetIsEmbedded(font))
    return found


def test_the_docx_says_what_the_report_says(report: DiagnosisReport, tmp_path: Path) -> None:
    document = Document(str(render(report, tmp_path / "report.docx")))
    words = [paragraph.text for paragraph in document.paragraphs]
    words += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    whole = squeezed("".join(words))
    lines = [*report.summary, *report.conventions, *(note.text for note in report.notes), *report.closing]
    lines += [seen.words for seen in report.observations] + [source.line for source in report.sources]
    assert [line for line in lines if squeezed(line) not in whole] == []
    numbers = set(re.findall(r"\d+\.\d\d", report.text()))
    assert numbers
    assert [number for number in numbers if number not in whole] == []


def test_the_html_is_one_file_with_text_alternatives(report: DiagnosisReport, tmp_path: Path) -> None:
    text = render(report, tmp_path / "report.html").read_text("utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", text)
    assert text.count("<img ") == len(report.pictures) == text.count('alt="')
    assert '<html lang="zh-CN">' in text
    assert report.ai_label in text


def test_the_docx_is_editable_and_labelled(report: DiagnosisReport, tmp_path: Path) -> None:
    document = Document(str(render(report, tmp_path / "report.docx")))
    assert document.core_properties.comments == report.ai_label
    assert document.paragraphs[-1].text == report.ai_label
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert {f"{row.value}{row.unit}" for row in report.figures} <= cells
    assert len(document.inline_shapes) == len(report.pictures)


def test_the_docx_names_its_fonts_and_its_tongue(report: DiagnosisReport, tmp_path: Path) -> None:
    """A font of the theme would go before the one that is named, and leave Chinese headings to chance."""
    document = Document(str(render(report, tmp_path / "report.docx")))
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        fonts = document.styles[name].element.rPr.rFonts.attrib
        assert {key.rpartition("}")[2] for key in fonts} == {"ascii", "hAnsi", "cs", "eastAsia"}
    words = document.styles.element.xml
    assert 'w:eastAsia="zh-CN"' in words
    assert "en-US" not in words
    footer = document.sections[0].footer.paragraphs[0]._p.xml
    assert 'w:instr="PAGE"' in footer
    assert 'w:instr="NUMPAGES"' in footer
    pictures = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert pictures == [chart.alt for chart in report.pictures]


def test_what_to_do_stands_out(report: DiagnosisReport, tmp_path: Path) -> None:
    assert report.summary[-1].startswith("下一步：")
    document = Document(str(render(report, tmp_path / "report.docx")))
    (told,) = [one for one in document.paragraphs if one.text == report.summary[-1]]
    assert all(run.bold for run in told.runs)


@pytest.mark.parametrize("ending", [".pdf", ".html", ".docx"])
def test_a_name_full_of_markup_stays_a_name(
    make_fund: Callable[..., FundInput], index: IndexSeries, tmp_path: Path, ending: str
) -> None:
    fund = replace(make_fund(), name=NASTY)
    path = render(diagnose_fund(fund, index, today=LAST), tmp_path / f"nasty{ending}")
    if ending == ".pdf":
        assert squeezed(NASTY) in squeezed(pdf_text(path))
    elif ending == ".html":
        assert tags(path.read_text("utf-8")).isdisjoint({"script"})
    else:
        assert any(NASTY in paragraph.text for paragraph in Document(str(path)).paragraphs)


def tags(text: str) -> set[str]:
    found: set[str] = set()

    class Collector(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)

    Collector().feed(text)
    return found


def test_an_unknown_ending_is_refused(report: DiagnosisReport, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="choose one"):
        render(report, tmp_path / "report.txt")


def test_a_full_disk_leaves_the_older_report(
    report: DiagnosisReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("older", encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("copilot.diagnosis.render.os.fsync", full)
    with pytest.raises(RenderError, match="No space left on device"):
        render(report, path)
    assert path.read_text("utf-8") == "older"
    assert list(tmp_path.glob(".report*")) == []
