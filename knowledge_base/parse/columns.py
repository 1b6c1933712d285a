"""Columns of a page: where text stands side by side it is read down the left one first.

Only prose is taken for columns: lines that fill their half. Labels and values side by side are rows of a table
without rules, which are read across.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MIDDLE = (0.35, 0.65)  # share of the page's width between which the gutter of two columns lies
GUTTER = 0.015  # its least width, share of the page's
FULL = 0.7  # of the column's width, which most of its lines fill
LEAST_LINES = 3  # in each column
STEPS = 61  # places at which a gutter is looked for


@dataclass(frozen=True, kw_only=True)
class Box:
    """A piece of text or a part of a page, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left


def text_boxes(textpage: Any) -> list[Box]:
    """The boxes of a page's pieces of text, as PDFium joins them."""
    rects = (textpage.get_rect(n) for n in range(textpage.count_rects()))
    return [Box(left=left, bottom=bottom, right=right, top=top) for left, bottom, right, top in rects]


def in_reading_order(boxes: Sequence[Box], page: Box) -> list[Box]:
    """The parts of `page` in the order they are read: the page itself where it has one column.

    What crosses the gutter (a title, a wide picture's caption) stands between what is above and below it.
    """
    inside = [box for box in boxes if page.bottom <= (box.top + box.bottom) / 2 <= page.top]
    gutter = _gutter(inside, page)
    if gutter is None:
        return [page]
    parts: list[Box] = []
    top = page.top
    for wide in sorted((box for box in inside if _crosses(box, gutter)), key=lambda box: -box.top):
        if wide.top < top:
            parts += _columns(inside, page, gutter, top, wide.top)
        parts.append(Box(left=page.left, right=page.right, top=min(top, wide.top), bottom=wide.bottom))
        top = min(top, wide.bottom)
    parts += _columns(inside, page, gutter, top, page.bottom)
    return [part for part in parts if part.top > part.bottom]


def _columns(boxes: Sequence[Box], page: Box, gutter: float, top: float, bottom: float) -> list[Box]:
    """Two columns where both hold text, else the whole width."""
    between = [box for box in boxes if bottom <= (box.top + box.bottom) / 2 <= top and not _crosses(box, gutter)]
    if not between:
        return []
    if all(box.right <= gutter for box in between) or all(box.left >= gutter for box in between):
        return [Box(left=page.left, right=page.right, top=top, bottom=bottom)]
    return [
        Box(left=page.left, right=gutter, top=top, bottom=bottom),
        Box(left=gutter, right=page.right, top=top, bottom=bottom),
    ]


def _gutter(boxes: Sequence[Box], page: Box) -> float | None:
    """The middle of the free strip between two columns of prose; None where there is none."""
    half = GUTTER * page.width / 2
    share = [MIDDLE[0] + (MIDDLE[1] - MIDDLE[0]) * n / (STEPS - 1) for n in range(STEPS)]
    candidates = [page.left + part * page.width for part in share]
    crossed = {x: sum(box.left < x + half and box.right > x - half for box in boxes) for x in candidates}
    least = min(crossed.values(), default=0)
    free = [x for x in candidates if crossed[x] == least]
    middle = free[len(free) // 2] if free else None
    return middle if middle is not None and _is_prose(boxes, middle) else None


def _is_prose(boxes: Sequence[Box], gutter: float) -> bool:
    """Whether both sides hold lines, most of which fill the side, and stand beside each other."""
    sides = [box for box in boxes if box.right <= gutter], [box for box in boxes if box.left >= gutter]
    if any(len(side) < LEAST_LINES for side in sides):
        return False
    for side in sides:
        whole = max(box.right for box in side) - min(box.left for box in side)
        filled = sum(box.width >= FULL * whole for box in side)
        if 2 * filled <= len(side):
            return False
    left, right = sides
    return min(box.bottom for box in left) < max(box.top for box in right) and min(box.bottom for box in right) < max(
        box.top for box in left
    )


def _crosses(box: Box, gutter: float) -> bool:
    return box.left < gutter < box.right
