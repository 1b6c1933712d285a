"""Bars, standing in groups or lying ranked; the second of a group is hatched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from copilot.diagnosis.charts.canvas import (
    BLUE,
    INK,
    ORANGE,
    STYLES,
    Canvas,
    Scale,
    cut,
    frame,
    rule,
    scale_of,
    text,
    wide,
)
from copilot.diagnosis.charts.model import BarChart, RankedChart

_HEAD = 34.0  # room for the key above the plot
_NAMES = 200.0  # at most, of the width
_GAP = 6.0


def draw_bars(chart: BarChart, canvas: Canvas) -> Iterator[str]:
    """A group of bars a label, the key above."""
    canvas = replace(canvas, top=_HEAD)
    known = [value for group in chart.bars for value in group.values if value is not None]
    scale = scale_of([*known, 0.0], canvas)
    yield from frame(chart.unit, scale, canvas)
    room = (canvas.end - canvas.left) / max(len(chart.labels), 1)
    width = min(26.0, room * 0.72 / max(len(chart.bars), 1))
    for index, label in enumerate(chart.labels):
        middle = canvas.left + room * (index + 0.5)
        yield text(middle, canvas.height - 9, label, anchor="middle")
        for place, group in enumerate(chart.bars):
            value = group.values[index]
            if value is not None:
                x = middle + (place - len(chart.bars) / 2) * width
                yield _bar(x, width, value, scale, hatched=place > 0)
    yield rule(canvas.left, canvas.end, scale.y(0), scale.y(0), INK)
    yield from _key([group.name for group in chart.bars], canvas)


def draw_ranked(chart: RankedChart, canvas: Canvas) -> Iterator[str]:
    """One lying bar a row: name, bar, value."""
    count = max(len(chart.labels), 1)
    row = min(24.0, (canvas.height - 2 * _GAP) / count)
    size = min(12.0, row * 0.62)
    left = min(_NAMES, max((wide(label, size) for label in chart.labels), default=0.0)) + 2 * _GAP
    right = max((wide(words, size) for words in chart.shown), default=0.0) + 2 * _GAP
    longest = max((abs(value) for value in chart.values), default=0.0) or 1.0
    for n, (label, value, words) in enumerate(zip(chart.labels, chart.values, chart.shown, strict=True)):
        y = _GAP + n * row
        length = (canvas.width - left - right) * abs(value) / longest
        yield text(left - _GAP, y + row / 2 + size * 0.36, cut(label, _NAMES, size), anchor="end", size=size)
        top, height = y + row * 0.16, row * 0.68
        yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{length:.1f}" height="{height:.1f}" fill="{BLUE}"/>'
        yield text(left + length + _GAP, y + row / 2 + size * 0.36, words, size=size)


def _bar(x: float, width: float, value: float, scale: Scale, *, hatched: bool) -> str:
    top, zero = min(scale.y(value), scale.y(0)), scale.y(0)
    height = abs(scale.y(value) - zero)
    fill, edge = ("url(#hatch)", ORANGE) if hatched else (BLUE, BLUE)
    return (
        f'<rect x="{x + 1:.1f}" y="{top:.1f}" width="{width - 2:.1f}" height="{height:.1f}" '
        f'fill="{fill}" stroke="{edge}" stroke-width="0.8"/>'
    )


def _key(names: Sequence[str], canvas: Canvas) -> Iterator[str]:
    x = float(canvas.left)
    room = (canvas.end - canvas.left) / max(len(names), 1) - 46
    for index, (name, (colour, _)) in enumerate(zip(names, STYLES, strict=False)):
        fill = "url(#hatch)" if index else colour
        yield f'<rect x="{x:.0f}" y="9" width="16" height="11" fill="{fill}" stroke="{colour}"/>'
        shown = cut(name, room)
        yield text(x + 22, 19, shown)
        x += 22 + wide(shown) + 24
