"""PDF: text by page and column, ruled tables, running heads and feet left out, pictures of pages by OCR."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder, RawCell, clean, guess_header_rows, heading_level
from knowledge_base.parse.columns import Box, in_reading_order, text_boxes
from knowledge_base.parse.ocr import DPI, LONGEST_SIDE, NOT_INSTALLED, PageReader, Picture, page_lines

RULES_OF_A_TABLE = 4  # fewer ruled lines than this on a page cannot enclose two cells
EDGE_LINES = 4  # lines at the top and bottom of a page that may be running heads or feet
TITLE_WORDS = re.compile(r"报告|概要|说明书|公告|合同|办法|须知|指引|协议")
ENDS_SENTENCE = re.compile(r"[。！？；：!?;:]$")
DIGITS = re.compile(r"\d+")
LEADERS = re.compile(r"[.．…·]{6,}")
POINTS_AN_INCH = 72
NO_TEXT = 10  # characters; a scan may bear a stamped number
PICTURED = 0.4  # share of the page that its pictures cover, from which it is one
OUTLINES = 200  # drawn paths on a page without text: letters turned into outlines


@dataclass(frozen=True, kw_only=True)
class _RuledTable:
    top: float  # points from the page's top edge
    bottom: float
    rows: list[list[RawCell]]


@dataclass(kw_only=True)
class _Pictures:
    """Pages without text: read as far as there is a reader and its bound, and told of."""

    reader: PageReader | None
    most: int
    read: list[int] = field(default_factory=list)  # page numbers
    left_out: list[int] = field(default_factory=list)
    unsure: int = 0  # lines that were not kept

    def lines(self, page: Any, number: int) -> list[str]:
        """The lines of a pictured page; [] where it is left out."""
        if self.reader is None or len(self.read) >= self.most:
            self.left_out.append(number)
            return []
        self.read.append(number)
        lines, unsure = page_lines(self.reader, _picture(page))
        self.unsure += unsure
        return lines

    def warnings(self) -> Iterator[str]:
        if self.read:
            kept = f" ({self.unsure} unsure lines left out)" if self.unsure else ""
            yield f"Read by OCR{kept}, figures may be wrong: {_pages(self.read)}."
        if self.left_out:
            why = NOT_INSTALLED if self.reader is None else f"max_ocr_pages is {self.most}"
            yield f"A picture without text, left out: {_pages(self.left_out)}; {why}."


def parse_pdf(
    content: bytes,
    *,
    name: str,
    max_pages: int,
    max_rows: int = 5000,
    reader: PageReader | None = None,
    max_ocr_pages: int = 0,
) -> ParsedDocument:
    """Paragraphs and ruled tables with their page numbers; pages that are pictures through `reader`.

    Raises ParseError for a protected or broken file, and for one of pictures alone that nobody can
    read; a broken page is a warning.
    """
    pages, warnings = _open(content, name), []
    if len(pages) > max_pages:
        warnings.append(f"Only the first {max_pages} of {len(pages)} pages were read.")
    builder = DocumentBuilder(warnings=warnings)
    pictures = _Pictures(reader=reader, most=max_ocr_pages)
    with _plumber(content, name) as plumber:
        count = min(len(pages), max_pages)
        lines = [_page_lines(pages, n) for n in range(count)]
        running = _running_lines(lines)
        for number in range(count):
            builder.page = number + 1
            try:
                if _is_picture(pages[number], lines[number]):
                    _add_lines(builder, pictures.lines(pages[number], number + 1))
                else:
                    _read_page(pages, plumber, number, running, builder, max_rows)
            except Exception as error:  # either library may raise anything on a broken page
                warnings.append(f"Page {number + 1} could not be read ({type(error).__name__}).")
    warnings += pictures.warnings()
    if pictures.left_out and not builder.blocks:
        why = NOT_INSTALLED if reader is None else "raise max_ocr_pages"
        raise ParseError(f"{name} is made of pictures without text ({_pages(pictures.left_out)}); {why}.")
    stated = str(pages.get_metadata_dict().get("Title") or "")
    pages.close()
    return builder.build(_title(stated, lines[:2], name))


def _open(content: bytes, name: str) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError(f"{name} is protected by a password; save a copy without one.") from error
        raise ParseError(f"{name} is a broken PDF ({error}); export it again from its source.") from error


def _plumber(content: bytes, name: str) -> Any:
    import pdfplumber

    try:
        return pdfplumber.open(io.BytesIO(content))
    except Exception as error:  # pdfminer raises many unrelated types on a broken cross-reference table
        raise ParseError(f"{name} is a broken PDF ({type(error).__name__}); export it again.") from error


def _page_lines(pages: Any, number: int) -> list[str]:
    """Lines of a page; [] where it cannot be read (the page is reported when it is parsed)."""
    import pypdfium2

    try:
        return _lines(pages[number].get_textpage().get_text_range())
    except pypdfium2.PdfiumError:
        return []


def _is_picture(page: Any, lines: Sequence[str]) -> bool:
    """Whether a page shows something and has no text that says what."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

    if sum(map(len, lines)) >= NO_TEXT:
        return False
    width, height = page.get_size()
    covered, outlines = 0.0, 0
    for item in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH], max_depth=3):
        if item.type == FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            covered += abs((right - left) * (top - bottom))
        else:
            outlines += 1
    return covered >= PICTURED * width * height or outlines >= OUTLINES


def _picture(page: Any) -> Picture:
    scale = min(DPI / POINTS_AN_INCH, LONGEST_SIDE / max(page.get_size()))
    made: Picture = page.render(scale=scale).to_numpy()
    return made


def _pages(numbers: Sequence[int]) -> str:
    """ "page 3", "pages 3, 4, 5 and 20 more"."""
    shown = ", ".join(map(str, numbers[:8]))
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"page{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\ufffe", "").splitlines() if line.strip()]


def _running_lines(pages: Sequence[list[str]]) -> frozenset[str]:
    """Heads and feet: lines that, digits aside, stand at the edge of many pages."""
    seen: Counter[str] = Counter()
    for lines in pages:
        edges = {*lines[:EDGE_LINES], *lines[-EDGE_LINES:]}
        seen.update({_skeleton(line) for line in edges})
    enough = max(3, min(8, len(pages) // 5))
    return frozenset(line for line, count in seen.items() if count >= enough)


def _skeleton(line: str) -> str:
    """The line without the digits of a page number; other lines stand as they are."""
    return DIGITS.sub("#", line) if len(line) <= 16 and "年" not in line else line


def _read_page(
    pages: Any, plumber: Any, number: int, running: frozenset[str], builder: DocumentBuilder, max_rows: int
) -> None:
    page = pages[number]
    width, height = page.get_size()
    textpage = page.get_textpage()
    boxes = text_boxes(textpage)

    def read(top: float, bottom: float) -> None:
        """What stands between two heights, column by column."""
        for part in in_reading_order(boxes, Box(left=0, right=width, top=top, bottom=bottom)):
            text = textpage.get_text_bounded(left=part.left, right=part.right, top=part.top, bottom=part.bottom)
            _add_lines(builder, _without(running, _lines(text)))

    top = height
    for table in _ruled_tables(page, plumber, number):
        read(top, height - table.top)
        texts = [[cell.text.strip() for cell in row] for row in table.rows]
        builder.table(table.rows, guess_header_rows(texts) or 1, max_rows=max_rows)
        top = height - table.bottom
    read(top, 0)


def _without(running: frozenset[str], lines: list[str]) -> list[str]:
    """Lines without heads, feet and contents; a head that is a heading stays (see `_add_lines`)."""
    return [
        line
        for line in lines
        if not LEADERS.search(line) and (heading_level(line) is not None or _skeleton(line) not in running)
    ]


def _ruled_tables(page: Any, plumber: Any, number: int) -> Iterator[_RuledTable]:
    """Tables enclosed by ruled lines, from the top of the page down, never overlapping."""
    from pypdfium2.raw import FPDF_PAGEOBJ_PATH

    rules = sum(1 for _ in page.get_objects(filter=[FPDF_PAGEOBJ_PATH], max_depth=3))
    if rules < RULES_OF_A_TABLE:
        return
    ruled = plumber.pages[number]
    reached = 0.0
    for table in sorted(ruled.find_tables(), key=lambda found: found.bbox[1]):
        _, top, _, bottom = table.bbox
        rows = [[RawCell(text=text or "") for text in row] for row in table.extract()]
        rows = [row for row in rows if any(cell.text.strip() for cell in row)]
        if top >= reached and len(rows) > 1 and len(rows[0]) > 1:
            reached = bottom
            yield _RuledTable(top=top, bottom=bottom, rows=rows)
    ruled.close()


def _add_lines(builder: DocumentBuilder, lines: Sequence[str]) -> None:
    """Join wrapped lines into paragraphs: a line as long as the page's long ones, unended, goes on."""
    full = 0.75 * max((_width(line) for line in lines), default=0)
    open_lines: list[str] = []
    for line in lines:
        level = heading_level(line)
        if level is not None and not open_lines:
            if clean(line) not in builder.heading_path:  # a running head repeats the chapter
                builder.heading(line, level)
            continue
        open_lines.append(line)
        if _width(line) < full or ENDS_SENTENCE.search(line):
            builder.paragraph("\n".join(open_lines))
            open_lines = []
    builder.paragraph("\n".join(open_lines))


def _width(line: str) -> float:
    """Printed width in Chinese characters."""
    return sum(1.0 if ord(character) > 255 else 0.5 for character in line)


def _title(stated: str, first_pages: Sequence[list[str]], name: str) -> str:
    """A stated title that reads like one, else such a line of the first pages, else the file name.

    A line that begins with the year continues the line above it.
    """
    if TITLE_WORDS.search(stated):
        return stated
    lines = [line for page in first_pages for line in page[:12]]
    for above, line in zip(["", *lines], lines, strict=False):
        if 6 <= len(line) <= 60 and TITLE_WORDS.search(line) and not re.search(r"[，。；：]", line):
            return above + line if re.match(r"\d{4}\s*年", line) and len(above) < 40 else line
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
