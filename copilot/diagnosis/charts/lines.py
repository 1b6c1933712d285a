"""Lines over time, each named where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import ceil

from copilot.diagnosis.charts.canvas import (
    GRID,
    INK,
    MUTED,
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
from copilot.diagnosis.charts.model import Band, Line, LineChart

_MOST_POINTS = 300  # a line; more are not visible at this width
_ROW = 14.0  # between two names
_WIDEST_NAME = 150.0


def thinned(chart: LineChart) -> LineChart:
    """Every k-th point, the last one, and each line's extremes, which must not be lost: others would not be seen."""
    count = len(chart.dates)
    keep = set(range(0, count, max(1, ceil(count / _MOST_POINTS)))) | {count - 1}
    for line in chart.lines:
        keep.add(line.values.index(min(line.values)))
        keep.add(line.values.index(max(line.values)))
    kept = sorted(keep)
    lines = (replace(line, values=tuple(line.values[i] for i in kept)) for line in chart.lines)
    return replace(chart, dates=tuple(chart.dates[i] for i in kept), lines=tuple(lines))


def draw_lines(chart: LineChart, canvas: Canvas) -> Iterator[str]:
    """Level lines, the band, the lines with their names, the time axis."""
    names = [cut(line.name, _WIDEST_NAME) for line in chart.lines]
    canvas = replace(canvas, right=max(wide(name) for name in names) + 12.0)
    known = [value for line in chart.lines for value in line.values]
    band = (chart.band.low, chart.band.high) if chart.band else ()
    scale = scale_of([*known, *band, *([0.0] if chart.filled else [])], canvas)
    if chart.band:
        yield from _band(chart.band, scale, canvas)
    yield from frame(chart.unit, scale, canvas)
    first, last = chart.dates[0], chart.dates[-1]
    xs = [canvas.across(_share(day, first, last)) for day in chart.dates]
    yield from _time_axis(first, last, canvas)
    if scale.low < 0 < scale.high:
        yield rule(canvas.left, canvas.end, scale.y(0), scale.y(0), INK)
    for n, line in enumerate(chart.lines):
        yield from _line(line, n, xs, scale, filled=chart.filled and n == 0)
    yield from _names(names, [scale.y(line.values[-1]) for line in chart.lines], canvas)


def _line(line: Line, n: int, xs: Sequence[float], scale: Scale, *, filled: bool) -> Iterator[str]:
    colour, dash = STYLES[n % len(STYLES)]
    points = " ".join(f"{x:.1f},{scale.y(value):.1f}" for x, value in zip(xs, line.values, strict=True))
    if filled:
        base = scale.y(0.0)
        outline = f"{xs[0]:.1f},{base:.1f} {points} {xs[-1]:.1f},{base:.1f}"
        yield f'<polygon points="{outline}" fill="{colour}" fill-opacity="0.18"/>'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>'


def _names(names: Sequence[str], heights: Sequence[float], canvas: Canvas) -> Iterator[str]:
    """Each name beside the end of its line, moved apart where two would touch."""
    places = dict(sorted(enumerate(heights), key=lambda item: item[1]))
    lowest = canvas.foot - _ROW * (len(names) - 1)
    before = -_ROW
    for n, height in places.items():
        place = max(min(height, lowest), before + _ROW)
        lowest, before = lowest + _ROW, place
        yield text(canvas.end + 6, place + 4, names[n], colour=STYLES[n % len(STYLES)][0])


def _band(band: Band, scale: Scale, canvas: Canvas) -> Iterator[str]:
    top, foot = scale.y(band.high), scale.y(band.low)
    yield (
        f'<rect x="{canvas.left:.1f}" y="{top:.1f}" width="{canvas.end - canvas.left:.1f}" '
        f'height="{foot - top:.1f}" fill="#56B4E9" fill-opacity="0.22"/>'
    )
    for y in (top, foot):
        yield rule(canvas.left, canvas.end, y, y, "#4A7FA5", dash="1 3")
    yield text(canvas.left + 4, top + 13, band.name, colour="#2F5D7C", size=11)


def _share(day: date, first: date, last: date) -> float:
    return (day.toordinal() - first.toordinal()) / max(last.toordinal() - first.toordinal(), 1)


def _time_axis(first: date, last: date, canvas: Canvas) -> Iterator[str]:
    """A mark at each turn of the year, or month by month for short spans; labels never touch."""
    marks = list(_turns(first, last))
    room = (canvas.end - canvas.left) / 56
    every = max(1, ceil(len(marks) / room))
    for day, label in marks[::every]:
        x = canvas.across(_share(day, first, last))
        if x <= canvas.end - wide(label) / 2:
            yield rule(x, x, canvas.top, canvas.foot, GRID)
            yield text(x, canvas.height - 9, label, anchor="middle", colour=MUTED)


def _turns(first: date, last: date) -> Iterator[tuple[date, str]]:
    if (last - first).days > 2 * 366:
        for year in range(first.year + 1, last.year + 1):
            yield date(year, 1, 1), str(year)
        return
    month = first.year * 12 + first.month
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        yield day, f"{day:%Y-%m}"
        month += 1
