"""Charts as SVG: the same picture in PDF, HTML and (rasterised) DOCX, readable in print and colour-blind.

Drawn directly: a chart takes a millisecond or two, and text stays text in the house's CJK font. Nothing is told by
colour alone: lines differ in dash and carry their names at their ends, bars and areas differ in pattern, and the cells
of a heat map hold their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape
from typing import Any

from copilot.diagnosis.charts.bars import draw_bars, draw_ranked
from copilot.diagnosis.charts.canvas import FONT, INK, ORANGE, Canvas
from copilot.diagnosis.charts.heat import draw_heat
from copilot.diagnosis.charts.lines import draw_lines, thinned
from copilot.diagnosis.charts.model import (
    HALF,
    WHOLE,
    Band,
    BarChart,
    Bars,
    Chart,
    HeatMap,
    Line,
    LineChart,
    RankedChart,
    Size,
)

__all__ = [
    "HALF",
    "WHOLE",
    "Band",
    "BarChart",
    "Bars",
    "Chart",
    "HeatMap",
    "Line",
    "LineChart",
    "RankedChart",
    "Size",
    "draw",
    "thinned",
]

_DRAWN: dict[type[Any], Callable[[Any, Canvas], Iterator[str]]] = {
    LineChart: draw_lines,
    BarChart: draw_bars,
    RankedChart: draw_ranked,
    HeatMap: draw_heat,
}
_REMEMBERED = 128  # drawings of some 20 kB with the points they are drawn from
_PATTERNS = (
    f'<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    f'<rect width="6" height="6" fill="#FFFFFF"/>'
    f'<path d="M0 6L6 0" stroke="{ORANGE}" stroke-width="1.6"/></pattern></defs>'
)


@lru_cache(maxsize=_REMEMBERED)
def draw(chart: Chart) -> str:
    """The chart as a self-contained SVG document with a text alternative; charts of funds serve many reports."""
    canvas = Canvas(width=chart.size.width, height=chart.size.height)
    body = "".join(_DRAWN[type(chart)](chart, canvas))
    alt = escape(chart.alt, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {canvas.width} {canvas.height}" role="img" '
        f'aria-label="{alt}" font-family="{FONT}" font-size="12" fill="{INK}" '
        # A variable font would else be drawn in its thinnest weight.
        f'font-variation-settings="&apos;wght&apos; 400">'
        f"<title>{escape(chart.title)}</title><desc>{escape(chart.alt)}</desc>{_PATTERNS}"
        f'<rect width="{canvas.width}" height="{canvas.height}" fill="#FFFFFF"/>{body}</svg>'
    )
