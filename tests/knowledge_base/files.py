"""Files of kinds that no library here writes, made by hand: slides, a protected PDF, a scanned page, a message."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from xml.sax.saxutils import escape

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_SPACES = f'xmlns:a="{_A}" xmlns:p="{_P}" xmlns:r="{_R}" xmlns:c="{_C}"'


def shape(text: str, *, kind: str | None = None, top: int | None = None, hidden: bool = False) -> str:
    """A text box or placeholder; each line a paragraph."""
    placeholder = f'<p:ph type="{kind}"/>' if kind else ""
    place = f'<a:xfrm><a:off x="0" y="{top}"/><a:ext cx="9" cy="9"/></a:xfrm>' if top is not None else ""
    lines = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n"))
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="n" hidden="{int(hidden)}"/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{place}</p:spPr><p:txBody>{lines}</p:txBody></p:sp>"
    )


def table(rows: list[list[str]], *, top: int = 0) -> str:
    """A table; the cell "<" is covered by its left neighbour."""

    def cell(row: list[str], n: int) -> str:
        across = ' gridSpan="2"' if row[n + 1 : n + 2] == ["<"] else ""
        covered = ' hMerge="1"' if row[n] == "<" else ""
        text = "" if row[n] == "<" else escape(row[n])
        return f"<a:tc{across}{covered}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    body = "".join(f"<a:tr>{''.join(cell(row, n) for n in range(len(row)))}</a:tr>" for row in rows)
    return _frame(f"<a:tbl>{body}</a:tbl>", top)


def chart(relation: str, *, top: int = 0) -> str:
    return _frame(f'<c:chart r:id="{relation}"/>', top)


def _frame(inside: str, top: int) -> str:
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="3" name="t"/></p:nvGraphicFramePr>'
        f'<p:xfrm><a:off x="0" y="{top}"/></p:xfrm><a:graphic><a:graphicData>{inside}</a:graphicData></a:graphic>'
        "</p:graphicFrame>"
    )


def series(name: str, labels: list[str], values: list[str]) -> str:
    def points(texts: list[str]) -> str:
        return "".join(f'<c:pt idx="{n}"><c:v>{text}</c:v></c:pt>' for n, text in enumerate(texts))

    return (
        f'<c:ser><c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>{name}</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f"<c:cat><c:strRef><c:strCache>{points(labels)}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:numCache>{points(values)}</c:numCache></c:numRef></c:val></c:ser>"
    )


def pptx(slides: list[str], *, hidden: tuple[int, ...] = (), charts: tuple[str, ...] = ()) -> bytes:
    """A deck; charts are parts that every slide may refer to as rChart1, rChart2 ..."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
        archive.writestr(
            "ppt/presentation.xml", f"<p:presentation {_SPACES}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
        )
        _relations(
            archive, "ppt/_rels/presentation.xml.rels", {f"r{n}": f"slides/s{n}.xml" for n in range(1, len(slides) + 1)}
        )
        for n, body in enumerate(slides, start=1):
            shown = ' show="0"' if n in hidden else ""
            tree = f"<p:cSld><p:spTree>{body}</p:spTree></p:cSld>"
            archive.writestr(f"ppt/slides/s{n}.xml", f"<p:sld {_SPACES}{shown}>{tree}</p:sld>")
            parts = {f"rChart{k}": f"../charts/c{k}.xml" for k in range(1, len(charts) + 1)}
            _relations(archive, f"ppt/slides/_rels/s{n}.xml.rels", parts)
        for k, drawn in enumerate(charts, start=1):
            body = f"<c:chart><c:plotArea><c:barChart>{drawn}</c:barChart></c:plotArea></c:chart>"
            archive.writestr(f"ppt/charts/c{k}.xml", f"<c:chartSpace {_SPACES}>{body}</c:chartSpace>")
    return target.getvalue()


def _relations(archive: zipfile.ZipFile, path: str, parts: dict[str, str]) -> None:
    listed = "".join(f'<Relationship Id="{id_}" Type="t" Target="{part}"/>' for id_, part in parts.items())
    archive.writestr(path, f'<Relationships xmlns="{_RELS}">{listed}</Relationships>')


def protected_pdf() -> bytes:
    """A PDF that opens with a password only: no empty user password fits its entries O and U."""
    lock = f"<</Filter/Standard/V 1/R 2/P -4/O<{'11' * 32}>/U<{'22' * 32}>>>"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
               "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", lock]  # fmt: skip
    made, places = b"%PDF-1.4\n", []
    for n, body in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{n} 0 obj{body}endobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    tail = f"<</Size {len(objects) + 1}/Root 1 0 R/Encrypt 4 0 R/ID[<01><01>]>>"
    return (
        made
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer{tail}\nstartxref\n{len(made)}\n%%EOF"
        ).encode()
    )


def scanned_pdf(pages: int = 1, *, text_first: bool = False) -> bytes:
    """Pages that are one picture each, without a text layer; perhaps behind a page of text."""
    import typst
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(picture).text((40, 60), "Management fee 1.20% a year", fill="black", font_size=32)
    held = io.BytesIO()
    picture.save(held, "PNG")
    source = "#set page(width: 600pt, height: 400pt, margin: 0pt)\n"
    source += "Fees of the Yunling fund, first page.\n#pagebreak()\n" if text_first else ""
    source += "\n#pagebreak()\n".join(['#image(bytes(json("held.json")), width: 100%)'] * pages)
    files = {"main.typ": source.encode(), "held.json": str(list(held.getvalue())).encode()}
    made: bytes = typst.compile(files)
    return made


def message(subject: str = "费率调整", body: str = "管理费率自2026年7月1日起为1.20%。") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "运营部 <ops@example.invalid>", "advisors@example.invalid"
    made["Date"] = "Wed, 20 May 2026 10:00:00 +0800"
    made.set_content(body)
    return made
