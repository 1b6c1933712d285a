"""Charts as SVG: the same picture in PDF, HTML and (rasterised) DOCX, readable in print and colour-blind.

Drawn directly: a chart takes milliseconds, text stays text in the house's CJK font, and each line
differs from the next in dash as well as in colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 34, 28  # margins around the plot
BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's palette: apart for every kind of colour vision
INK, MUTED, GRID = "#222222", "#595959", "#D9D9D9"
FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
_STYLES = ((BLUE, ""), (ORANGE, "6 3"), ("#009E73", "2 2"), ("#CC79A7", "8 3 2 3"))
_MOST_POINTS = 400  # a line; more are not visible at this width


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    values: tuple[float, ...]  # one a date, in the chart's unit


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Lines over time; `filled` shades the area between the first line and zero."""

    title: str
    alt: str  # what the picture says, for those who cannot see it
    unit: str
    dates: tuple[date, ...]
    lines: tuple[Line, ...]
    filled: bool = False


@dataclass(frozen=True, kw_only=True)
class Bars:
    name: str
    values: tuple[float | None, ...]  # one a label; None = no bar


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """Groups of bars, one group a label."""

    title: str
    alt: str
    unit: str
    labels: tuple[str, ...]
    bars: tuple[Bars, ...]


Chart = LineChart | BarChart


def draw(chart: Chart) -> str:
    """The chart as a self-contained SVG document with a text alternative."""
    body = _lines(chart) if isinstance(chart, LineChart) else _bars(chart)
    title, alt = escape(chart.title), escape(chart.alt)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(chart.alt, quote=True)}" font-family="{FONT}" font-size="12" fill="{INK}" '
        # A variable font would else be drawn in its thinnest weight.
        f'font-variation-settings="&apos;wght&apos; 400">'
        f"<title>{title}</title><desc>{alt}</desc>"
        f'<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="#FFFFFF"/>'
        f'<path d="M0 6L6 0" stroke="{ORANGE}" stroke-width="1.6"/></pattern></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#FFFFFF"/>{"".join(body)}</svg>'
    )


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Maps values to pixels; `ticks` are round numbers that span the data."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _scale(values: Sequence[float]) -> _Scale:
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    raw = (high - low) / 5
    size = 10.0 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    first, last = floor(low / step), ceil(high / step)
    return _Scale(low=first * step, high=last * step, ticks=tuple(i * step for i in range(first, last + 1)))


def _lines(chart: LineChart) -> Iterator[str]:
    keep = _thinned(chart)
    known = [line.values[i] for line in chart.lines for i in keep]
    scale = _scale([*known, 0.0] if chart.filled else known)
    yield from _frame(chart.unit, scale)
    first, last = chart.dates[0].toordinal(), chart.dates[-1].toordinal()
    span = max(last - first, 1)
    xs = [LEFT + (chart.dates[i].toordinal() - first) / span * (WIDTH - LEFT - RIGHT) for i in keep]
    yield from _time_axis(chart.dates[0], chart.dates[-1])
    for line, (colour, dash) in zip(chart.lines, _STYLES, strict=False):
        points = " ".join(f"{x:.1f},{scale.y(line.values[i]):.1f}" for x, i in zip(xs, keep, strict=True))
        if chart.filled and line is chart.lines[0]:
            base = scale.y(0.0)
            outline = f"{xs[0]:.1f},{base:.1f} {points} {xs[-1]:.1f},{base:.1f}"
            yield f'<polygon points="{outline}" fill="{colour}" fill-opacity="0.18"/>'
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>'
    yield from _legend([line.name for line in chart.lines], bars=False)


def _thinned(chart: LineChart) -> list[int]:
    """Every k-th point, the last one, and each line's extremes, which must not be lost."""
    count = len(chart.dates)
    keep = set(range(0, count, max(1, ceil(count / _MOST_POINTS)))) | {count - 1}
    for line in chart.lines:
        keep.add(line.values.index(min(line.values)))
        keep.add(line.values.index(max(line.values)))
    return sorted(keep)


def _bars(chart: BarChart) -> Iterator[str]:
    known = [value for group in chart.bars for value in group.values if value is not None]
    scale = _scale([*known, 0.0])
    yield from _frame(chart.unit, scale)
    room = (WIDTH - LEFT - RIGHT) / max(len(chart.labels), 1)
    width = min(26.0, room * 0.72 / max(len(chart.bars), 1))
    for index, label in enumerate(chart.labels):
        middle = LEFT + room * (index + 0.5)
        yield _text(middle, HEIGHT - 9, label, anchor="middle")
        for place, group in enumerate(chart.bars):
            value = group.values[index]
            if value is not None:
                x = middle + (place - len(chart.bars) / 2) * width
                yield from _bar(x, width, value, scale, hatched=place > 0)
    yield _rule(LEFT, WIDTH - RIGHT, scale.y(0), scale.y(0), INK)
    yield from _legend([group.name for group in chart.bars], bars=True)


def _bar(x: float, width: float, value: float, scale: _Scale, *, hatched: bool) -> Iterator[str]:
    top, zero = min(scale.y(value), scale.y(0)), scale.y(0)
    height = abs(scale.y(value) - zero)
    fill, edge = ("url(#hatch)", ORANGE) if hatched else (BLUE, BLUE)
    yield (
        f'<rect x="{x + 1:.1f}" y="{top:.1f}" width="{width - 2:.1f}" height="{height:.1f}" '
        f'fill="{fill}" stroke="{edge}" stroke-width="0.8"/>'
    )


def _frame(unit: str, scale: _Scale) -> Iterator[str]:
    for tick in scale.ticks:
        y = scale.y(tick)
        yield _rule(LEFT, WIDTH - RIGHT, y, y, GRID)
        yield _text(LEFT - 6, y + 4, f"{tick:g}{unit}", anchor="end", colour=MUTED)


def _time_axis(first: date, last: date) -> Iterator[str]:
    """A mark at each turn of the year, or month by month for short spans; labels never touch."""
    span = max(last.toordinal() - first.toordinal(), 1)
    marks = list(_turns(first, last))
    every = max(1, ceil(len(marks) / 9))
    for day, label in marks[::every]:
        x = LEFT + (day.toordinal() - first.toordinal()) / span * (WIDTH - LEFT - RIGHT)
        if x <= WIDTH - RIGHT - 14:
            yield _rule(x, x, TOP, HEIGHT - BOTTOM, GRID)
            yield _text(x, HEIGHT - 9, label, anchor="middle", colour=MUTED)


def _turns(first: date, last: date) -> Iterator[tuple[date, str]]:
    if (last - first).days > 2 * 366:
        for year in range(first.year + 1, last.year + 1):
            yield date(year, 1, 1), str(year)
        return
    month = first.year * 12 + first.month
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        yield day, f"{day:%Y-%m}"
        month += 1


def _legend(names: Sequence[str], *, bars: bool) -> Iterator[str]:
    x = float(LEFT)
    for index, (name, (colour, dash)) in enumerate(zip(names, _STYLES, strict=False)):
        if bars:
            fill = "url(#hatch)" if index else colour
            yield f'<rect x="{x:.0f}" y="9" width="16" height="11" fill="{fill}" stroke="{colour}"/>'
        else:
            yield _rule(x, x + 24, 15, 15, colour, width=2, dash=dash)
        yield _text(x + 30, 19, name)
        x += 30 + sum(12 if ord(char) > 0x2E80 else 7 for char in name) + 24


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _rule(x1: float, x2: float, y1: float, y2: float, colour: str, *, width: float = 0.8, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-width="{width}"{dashes}/>'
