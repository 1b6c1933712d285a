"""PPTX: slides in the order they are shown, each a page with its title, text, tables and the figures of its charts."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder, RawCell, clean, guess_header_rows

_NS = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}
_RELATION_ID = f"{{{_NS['r']}}}id"
_SHOWN = ("p:sp", "p:graphicFrame", "p:grpSp")
_TITLES = ("title", "ctrTitle")
_FURNITURE = ("sldNum", "dt", "ftr", "hdr")  # number, date and footer of a slide
_SPAN = re.compile(r"\d{1,3}")


def parse_pptx(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """Visible slides; speaker's notes and what a slide hides are left out, as no reader sees them.

    Raises ParseError for a broken file; a broken slide is a warning.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Deck(archive, name, max_rows).read()
    except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"{name} is a broken PPTX ({type(error).__name__}); save it again.") from error


class _Deck:
    def __init__(self, archive: zipfile.ZipFile, name: str, max_rows: int) -> None:
        self._archive = archive
        self._name = name
        self._max_rows = max_rows
        self._builder = DocumentBuilder()

    def read(self) -> ParsedDocument:
        first = ""
        for number, part in enumerate(self._slides(), start=1):
            self._builder.page = number
            try:
                title = self._slide(part)
            except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError, ValueError) as error:
                self._builder.warnings.append(f"Slide {number} could not be read ({type(error).__name__}).")
                continue
            first = first or title
        return self._builder.build(first or self._name.rsplit("/", 1)[-1].rsplit(".", 1)[0])

    def _slides(self) -> Iterator[str]:
        """Parts of the slides in the order of the show."""
        parts = self._relations("ppt/presentation.xml")
        for entry in _all(self._xml("ppt/presentation.xml"), "p:sldIdLst/p:sldId"):
            yield parts[entry.get(_RELATION_ID)]

    def _slide(self, part: str) -> str:
        """Add a slide to the document; its title, "" for a hidden slide or one without."""
        root = self._xml(part)
        if root.get("show") in ("0", "false"):
            return ""
        shapes = [shape for shape in _shapes(root.find("p:cSld/p:spTree", _NS)) if not _hidden(shape)]
        title = next((clean(_text(shape)) for shape in shapes if _placeholder(shape) in _TITLES), "")
        self._builder.heading(title or f"第{self._builder.page}页", 1)
        relations = self._relations(part)
        for shape in sorted(shapes, key=_place):
            kind = _placeholder(shape)
            if kind not in _TITLES and kind not in _FURNITURE:
                self._add(shape, relations)
        return title

    def _add(self, shape: Any, relations: dict[str, str]) -> None:
        table = shape.find(".//a:tbl", _NS)
        chart = shape.find(".//c:chart", _NS)
        if table is not None:
            self._table(_table_rows(table))
        elif chart is not None:
            self._table(_chart_rows(self._xml(relations[chart.get(_RELATION_ID)])))
        else:
            for paragraph in _all(shape, "p:txBody/a:p"):
                self._builder.paragraph(_paragraph(paragraph))

    def _table(self, rows: Sequence[Sequence[RawCell]]) -> None:
        texts = [[cell.text.strip() for cell in row] for row in rows]
        if texts:
            self._builder.table(rows, guess_header_rows(texts) or 1, max_rows=self._max_rows)

    def _relations(self, part: str) -> dict[str, str]:
        """Parts that a part refers to, by the id of the relation; links outside the file are left out."""
        folder, file = posixpath.split(part)
        listed = f"{folder}/_rels/{file}.rels"
        if listed not in self._archive.namelist():
            return {}
        return {
            one.get("Id"): posixpath.normpath(posixpath.join(folder, one.get("Target"))).lstrip("/")
            if not one.get("Target").startswith("/")
            else one.get("Target").lstrip("/")
            for one in self._xml(listed)
            if one.get("TargetMode") != "External"
        }

    def _xml(self, part: str) -> Any:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(self._archive.read(part), parser)


def _all(root: Any, path: str) -> list[Any]:
    return list(root.iterfind(path, _NS))


def _shapes(tree: Any) -> Iterator[Any]:
    """Shapes of a slide; those of a group one by one."""
    for path in _SHOWN if tree is not None else ():
        for shape in _all(tree, path):
            if path == "p:grpSp":
                yield from _shapes(shape)
            else:
                yield shape


def _hidden(shape: Any) -> bool:
    properties = shape.find("./*/p:cNvPr", _NS)
    return properties is not None and properties.get("hidden") in ("1", "true")


def _placeholder(shape: Any) -> str | None:
    found = shape.find("./p:nvSpPr/p:nvPr/p:ph", _NS)
    return found.get("type", "body") if found is not None else None


def _place(shape: Any) -> tuple[int, int]:
    """Top and left of a shape in EMU; one that inherits its place comes first, as titles and bodies do."""
    offset = shape.find(".//a:xfrm/a:off", _NS)
    offset = shape.find("./p:xfrm/a:off", _NS) if offset is None else offset
    return (int(offset.get("y")), int(offset.get("x"))) if offset is not None else (0, 0)


def _text(shape: Any) -> str:
    return "".join(_paragraph(paragraph) for paragraph in _all(shape, "p:txBody/a:p"))


def _paragraph(paragraph: Any) -> str:
    """Runs and fields of a paragraph; a line break is a break."""
    broken = f"{{{_NS['a']}}}br"
    texts = ("\n" if node.tag == broken else "".join(t.text or "" for t in _all(node, "a:t")) for node in paragraph)
    return "".join(texts)


def _table_rows(table: Any) -> list[list[RawCell]]:
    """Rows of cells; those that a merged cell covers are left out, as the builder fills them."""
    rows = []
    for row in _all(table, "a:tr"):
        cells = [cell for cell in _all(row, "a:tc") if cell.get("hMerge") != "1" and cell.get("vMerge") != "1"]
        rows.append(
            [
                RawCell(
                    text="\n".join(_paragraph(paragraph) for paragraph in _all(cell, "a:txBody/a:p")),
                    colspan=_span(cell.get("gridSpan")),
                    rowspan=_span(cell.get("rowSpan")),
                )
                for cell in cells
            ]
        )
    return rows


def _span(stated: str | None) -> int:
    return max(1, int(stated)) if stated and _SPAN.fullmatch(stated) else 1


def _chart_rows(chart: Any) -> list[list[RawCell]]:
    """The figures a chart was drawn from: a row a category, a column a series."""
    series = list(chart.iterfind(".//c:ser", _NS))
    names = [_joined(one.find("c:tx", _NS)) or f"系列{n}" for n, one in enumerate(series, start=1)]
    values = [_points(one.find("c:val", _NS)) for one in series]
    labels = next((found for one in series if (found := _points(one.find("c:cat", _NS)))), {})
    indexes = sorted({index for column in (labels, *values) for index in column})
    rows = [[labels.get(n, ""), *(column.get(n, "") for column in values)] for n in indexes]
    return [[RawCell(text=text) for text in row] for row in (["", *names], *rows)] if rows else []


def _points(cache: Any) -> dict[int, str]:
    """Cached points of a series or of its categories by their index."""
    if cache is None:
        return {}
    return {int(point.get("idx")): point.findtext("c:v", "", _NS) for point in cache.iterfind(".//c:pt", _NS)}


def _joined(cache: Any) -> str:
    return "".join(_points(cache).values()) or (cache.findtext("c:v", "", _NS) if cache is not None else "")
