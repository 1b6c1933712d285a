"""A square of correlations: the darker the closer, and each cell holds its number."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.diagnosis.charts.canvas import INK, MUTED, Canvas, cut, text, wide
from copilot.diagnosis.charts.model import HeatMap

_DARK = (8, 69, 112)  # at 1; white at 0 and below, so that a copy in grey reads the same
_NAMES = 190.0
_GAP = 4.0


def draw_heat(chart: HeatMap, canvas: Canvas) -> Iterator[str]:
    """Names down the left with a number each, the numbers again above the columns."""
    count = max(len(chart.labels), 1)
    row = min(26.0, (canvas.height - 2 * _GAP) / (count + 1))
    size = min(12.0, row * 0.66)
    left = min(_NAMES, max((wide(label, size) for label in chart.labels), default=0.0) + 3 * size)
    column = min(80.0, (canvas.width - left - _GAP) / count)
    for n, label in enumerate(chart.labels):
        y = _GAP + (n + 1) * row
        yield text(left - _GAP, y + row / 2 + size * 0.36, _numbered(n, label, left, size), anchor="end", size=size)
        yield text(left + (n + 0.5) * column, _GAP + row * 0.7, _mark(n), anchor="middle", colour=MUTED, size=size)
        for m, value in enumerate(chart.values[n]):
            yield from _cell(left + m * column, y, column, row, value, size)


def _numbered(n: int, label: str, room: float, size: float) -> str:
    return f"{cut(label, room - 2 * size, size)} {_mark(n)}"


def _mark(n: int) -> str:
    """A letter, so that a name's number is not taken for a figure: A, B, ..., Z, a, ..."""
    return chr(ord("A") + n) if n < 26 else chr(ord("a") + n - 26)


def _cell(x: float, y: float, width: float, height: float, value: float | None, size: float) -> Iterator[str]:
    share = max(0.0, value or 0.0)
    red, green, blue = (round(255 + (dark - 255) * share) for dark in _DARK)
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="rgb({red},{green},{blue})" stroke="#FFFFFF"/>'
    )
    words = "—" if value is None else f"{round(value, 2) + 0.0:.2f}"  # never minus zero
    yield text(
        x + width / 2, y + height / 2 + size * 0.36, words, anchor="middle",
        colour="#FFFFFF" if share > 0.55 else INK, size=size,
    )  # fmt: skip
