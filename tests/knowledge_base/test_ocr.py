from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import pytest

from knowledge_base.errors import ParseError
from knowledge_base.parse import ocr as ocr_module
from knowledge_base.parse import parse_bytes
from knowledge_base.parse.ocr import Picture, PictureLine, RapidReader
from knowledge_base.settings import KnowledgeBaseSettings
from tests.knowledge_base.files import scanned_pdf
from tests.knowledge_base.made import check_offsets


class ScriptedReader:
    """The double: says the same of every page, and remembers the size of its picture."""

    def __init__(self, *lines: PictureLine) -> None:
        self.lines = lines
        self.shapes: list[tuple[int, ...]] = []

    def read(self, picture: Picture) -> Sequence[PictureLine]:
        self.shapes.append(picture.shape)
        return self.lines


def line(text: str, top: float, left: float = 0, confidence: float = 0.99) -> PictureLine:
    return PictureLine(text=text, left=left, top=top, right=left + 50, bottom=top + 10, confidence=confidence)


@pytest.fixture(scope="module")
def scan() -> bytes:
    return scanned_pdf(2, text_first=True)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge_base.parse.installed_reader", lambda: None)


def test_only_pages_without_text_are_read(scan: bytes) -> None:
    reader = ScriptedReader(
        line("1.20%。", 12, left=60), line("管理费率", 10), line("第二行。", 40), line("?", 70, 0, 0.2)
    )
    parsed = parse_bytes(scan, name="扫描.pdf", reader=reader)
    check_offsets(parsed)
    assert len(reader.shapes) == 2
    assert reader.shapes[0][2] == 3
    assert [(block.page, block.text) for block in parsed.blocks][1:3] == [(2, "管理费率 1.20%。"), (2, "第二行。")]
    assert parsed.warnings == ("Read by OCR (2 unsure lines left out), figures may be wrong: pages 2, 3.",)


def test_without_a_reader_the_pages_are_named_and_the_rest_is_kept(scan: bytes, nobody: None) -> None:
    parsed = parse_bytes(scan, name="扫描.pdf")
    assert "first page" in parsed.text
    assert parsed.warnings == (f"A picture without text, left out: pages 2, 3; {ocr_module.NOT_INSTALLED}.",)


def test_a_file_of_pictures_alone_says_what_to_do(nobody: None) -> None:
    with pytest.raises(ParseError, match=r"made of pictures without text \(page 1\); install `tougu\[ocr\]`"):
        parse_bytes(scanned_pdf(), name="扫描.pdf")


def test_a_bound_on_pages_and_a_switch(scan: bytes) -> None:
    reader = ScriptedReader(line("一行字。", 10))
    bounded = parse_bytes(scan, name="a.pdf", reader=reader, settings=KnowledgeBaseSettings(max_ocr_pages=1))
    assert len(reader.shapes) == 1
    assert bounded.warnings[1] == "A picture without text, left out: page 3; max_ocr_pages is 1."
    parse_bytes(scan, name="a.pdf", reader=reader, settings=KnowledgeBaseSettings(ocr="off"))
    assert len(reader.shapes) == 1


@pytest.mark.slow
@pytest.mark.skipif(find_spec("rapidocr") is None, reason="expected: tougu[ocr] is not installed")
def test_the_real_reader_reads_the_real_picture() -> None:
    parsed = parse_bytes(scanned_pdf(), name="a.pdf", reader=RapidReader())
    assert "1.20%" in parsed.text
    assert ocr_module.installed_reader() is not None
