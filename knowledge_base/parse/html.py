"""HTML as a reader sees it: layout tables opened, data tables kept, hidden and commented parts left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import html as lxml_html  # type: ignore[import-untyped]
from lxml.etree import ParserError  # type: ignore[import-untyped]

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder, RawCell, clean, guess_header_rows, heading_level
from knowledge_base.parse.text import decode

DROPPED_TAGS = frozenset(
    {"script", "style", "head", "noscript", "template", "iframe", "svg", "nav", "button", "select"}
    | {"option", "input", "textarea", "object", "img"}
)
INLINE_TAGS = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "font", "i", "label", "mark", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "u"}
)
NAVIGATION_NAMES = frozenset(
    {"treeview", "treecontrol", "instance_navigation", "navigation", "nav", "toc", "breadcrumb", "menu"}
)
# The fund disclosure platform marks its headings by class alone.
HEADING_CLASSES = {"write_text": 2, "write_text_level3": 3, "write_text_level4": 4}
HEADER_ROW_CLASSES = frozenset({"cc", "thead", "header"})
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
BOLD = re.compile(r"font-weight\s*:\s*(bold|[6-9]00)", re.IGNORECASE)
TITLE_WORDS = re.compile(r"报告|概要|说明书|公告|合同|办法|须知|指引|协议")
PERIOD_ALONE = re.compile(r"^\d{4}\s*年")  # the name of the fund stands on the line above
MAX_DEPTH = 400


def parse_html(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """Headings by tag, class and bold numbering; each data table with its header rows and unit.

    Raises ParseError when the bytes hold no HTML elements.
    """
    try:
        root = lxml_html.document_fromstring(decode(content, name=name), parser=_parser())
    except (ParserError, ValueError) as error:
        raise ParseError(f"{name} holds no readable HTML ({error}); export it again from its source.") from error
    walker = _Walker(builder=DocumentBuilder(), max_rows=max_rows)
    body = root.find("body")
    walker.walk(body if body is not None else root, 0)
    walker.flush()
    return walker.builder.build(_title(root, walker.builder, name))


def _parser() -> Any:
    return lxml_html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=False)


def _title(root: Any, builder: DocumentBuilder, name: str) -> str:
    """The first line of the page that reads like a document's title, else <title>, else the file name."""
    lines = [block.text for block in builder.blocks[:12]]
    for above, line in zip(["", *lines], lines, strict=False):
        if 6 <= len(line) <= 80 and TITLE_WORDS.search(line) and "：" not in line:
            return above + line if PERIOD_ALONE.match(line) and len(above) < 80 else line
    headline = next((h for h in root.iter("h1")), None)
    stated = clean(headline.text_content() if headline is not None else root.findtext(".//title") or "")
    return stated if stated and stated != "XBRL" else name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


@dataclass
class _Walker:
    builder: DocumentBuilder
    max_rows: int
    _line: list[str] = field(default_factory=list)
    _bold: bool = False

    def walk(self, element: Any, depth: int) -> None:
        """Visit an element and its children in reading order."""
        if depth > MAX_DEPTH:
            self.builder.warnings.append("Elements nested deeper than 400 levels were left out.")
            return
        if _dropped(element):
            return
        tag = element.tag
        if tag == "table" and _is_data_table(element):
            self.flush()
            self._table(element)
        elif (level := _heading_level(element)) is not None:
            self.flush()
            self.builder.heading(element.text_content(), level)
        else:
            self._children(element, depth)

    def _children(self, element: Any, depth: int) -> None:
        inline = element.tag in INLINE_TAGS
        if not inline:
            self.flush()
        self._bold = self._bold or _is_bold(element)
        anchor = element.get("name") if element.tag == "a" else None
        if anchor:
            self.builder.anchor = anchor
        self._line.append(element.text or "")
        for child in element:
            if child.tag == "br":
                self.flush()
            elif isinstance(child.tag, str):
                self.walk(child, depth + 1)
            self._line.append(child.tail or "")
        if not inline:
            self.flush()

    def flush(self) -> None:
        """End the current line: a bold numbered line is a heading, any other a paragraph."""
        text = clean("".join(self._line))
        bold = self._bold
        self._line.clear()
        self._bold = False
        if not text:
            return
        level = heading_level(text) if bold or text.startswith("§") else None
        if level is not None:
            self.builder.heading(text, level)
        else:
            self.builder.paragraph(text)

    def _table(self, table: Any) -> None:
        rows = [row for row in _rows_of(table) if any(cell.text.strip() for cell in row[1])]
        if len(rows) == 1 and sum(1 for cell in rows[0][1] if cell.text.strip()) == 1:
            self.builder.paragraph(" ".join(cell.text for cell in rows[0][1]))
        elif rows:
            header = _header_rows([row[0] for row in rows], [row[1] for row in rows])
            self.builder.table([row[1] for row in rows], header, max_rows=self.max_rows)


def _dropped(element: Any) -> bool:
    if element.tag in DROPPED_TAGS or element.get("hidden") is not None:
        return True
    if HIDDEN.search(element.get("style") or ""):
        return True
    names = {*(element.get("class") or "").lower().split(), (element.get("id") or "").lower()}
    return bool(names & NAVIGATION_NAMES) or element.get("role") == "navigation"


def _heading_level(element: Any) -> int | None:
    if re.fullmatch(r"h[1-6]", element.tag):
        return int(element.tag[1])
    if element.tag in ("td", "p", "div"):
        for name in (element.get("class") or "").split():
            if name in HEADING_CLASSES:
                return HEADING_CLASSES[name]
    return None


def _is_bold(element: Any) -> bool:
    return element.tag in ("b", "strong") or bool(BOLD.search(element.get("style") or ""))


def _is_data_table(table: Any) -> bool:
    """A table of cells: no table within it, and a row of at least two cells."""
    if next(table.iterdescendants("table"), None) is not None:
        return False
    return any(len(row.findall("td")) + len(row.findall("th")) > 1 for row in table.iter("tr"))


def _rows_of(table: Any) -> list[tuple[Any, list[RawCell]]]:
    rows = []
    for row in table.iter("tr"):
        if _dropped(row) or any(_dropped(parent) for parent in row.iterancestors("tbody", "thead")):
            continue
        cells = [cell for cell in row if cell.tag in ("td", "th") and not _dropped(cell)]
        rows.append((row, [_raw_cell(cell) for cell in cells]))
    return rows


def _raw_cell(cell: Any) -> RawCell:
    return RawCell(text=" ".join(_visible(cell)), colspan=_span(cell, "colspan"), rowspan=_span(cell, "rowspan"))


def _visible(element: Any) -> list[str]:
    """Texts of a cell without hidden parts; block elements and <br> separate, inline ones join."""
    lines = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and not _dropped(child):
            inner = _visible(child)
            if child.tag in INLINE_TAGS:
                lines[-1] += inner[0]
                lines.extend(inner[1:])
            else:
                lines.extend(inner)
                lines.append("")
        lines[-1] += child.tail or ""
    return lines


def _span(cell: Any, attribute: str) -> int:
    value = (cell.get(attribute) or "1").strip()
    return max(1, min(int(value), 1000)) if value.isdigit() else 1


def _header_rows(elements: list[Any], rows: list[list[RawCell]]) -> int:
    """Leading rows marked as header; without marks, a first row of words above a column of numbers."""
    marked = 0
    while marked < len(elements) and _marked_header(elements[marked]):
        marked += 1
    if marked:
        return max(marked, max(cell.rowspan for cell in rows[0]) if marked == 1 else marked)
    return guess_header_rows([[cell.text.strip() for cell in row] for row in rows])


def _marked_header(row: Any) -> bool:
    if HEADER_ROW_CLASSES & set((row.get("class") or "").split()) or row.getparent().tag == "thead":
        return True
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    return bool(cells) and all(cell.tag == "th" for cell in cells)
