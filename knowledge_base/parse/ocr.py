"""Reading pictures of pages, where a PDF has pages without text: the Protocol and the adapter to rapidocr."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (height, width, 3)

SURE = 0.6  # confidence from which a line is kept; below it digits are guesses
DPI = 200
LONGEST_SIDE = 3000  # pixels; a poster is read smaller instead of filling the memory
NOT_INSTALLED = "install `tougu[ocr]` to have it read, or export it with a text layer"


@dataclass(frozen=True, kw_only=True)
class PictureLine:
    """Text found in a picture; offsets in pixels from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float  # 0..1


class PageReader(Protocol):
    """Finds lines of text in the picture of a page."""

    def read(self, picture: Picture) -> Sequence[PictureLine]:
        """Lines in any order; none for a picture without text."""
        ...


class RapidReader:
    """PP-OCR models on onnxruntime as the rapidocr wheel carries them; weights load at the first page."""

    def __init__(self) -> None:
        self._engine: Any = None

    def read(self, picture: Picture) -> list[PictureLine]:
        if self._engine is None:
            from rapidocr import RapidOCR  # type: ignore[import-not-found,unused-ignore]

            self._engine = RapidOCR(params={"Global.log_level": "error"})
        found = self._engine(picture)
        if found.boxes is None or found.txts is None:
            return []
        return [
            _line(np.asarray(box), text, float(score))
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]


@cache
def installed_reader() -> PageReader | None:
    """The reader of this installation; None where rapidocr is not installed."""
    return RapidReader() if find_spec("rapidocr") else None


def page_lines(reader: PageReader, picture: Picture) -> tuple[list[str], int]:
    """Lines of a page from top to bottom, what stands side by side in one; and how many were too unsure."""
    found = list(reader.read(picture))
    sure = [line for line in found if line.confidence >= SURE and line.text.strip()]
    rows: list[list[PictureLine]] = []
    for line in sorted(sure, key=lambda one: (one.top + one.bottom) / 2):
        if rows and _same_row(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    texts = [" ".join(one.text.strip() for one in sorted(row, key=lambda one: one.left)) for row in rows]
    return texts, len(found) - len(sure)


def _same_row(first: PictureLine, other: PictureLine) -> bool:
    """Whether two lines overlap in height by more than half of the lower one."""
    shared = min(first.bottom, other.bottom) - max(first.top, other.top)
    return shared > 0.5 * min(first.bottom - first.top, other.bottom - other.top)


def _line(box: NDArray[Any], text: str, confidence: float) -> PictureLine:
    """A line from the corners of its box, shape (4, 2)."""
    (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    return PictureLine(
        text=text, left=float(left), top=float(top), right=float(right), bottom=float(bottom), confidence=confidence
    )
