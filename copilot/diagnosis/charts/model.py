"""What a chart shows; how it is drawn stands beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Size:
    """Canvas in units of which 12 are the height of the letters; two halves stand side by side on a page."""

    width: int
    height: int

    @property
    def half(self) -> bool:
        return self.width < WHOLE.width


WHOLE = Size(width=720, height=280)
HALF = Size(width=400, height=250)
ROW = 24  # height of a row of words


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str  # stands at the end of the line
    values: tuple[float, ...]  # one a date, in the chart's unit


@dataclass(frozen=True, kw_only=True)
class Band:
    """A level range over the whole width, shaded."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Lines over time; `filled` shades the area between the first line and zero."""

    title: str
    alt: str  # what the picture says, for those who cannot see it
    unit: str
    dates: tuple[date, ...]
    lines: tuple[Line, ...]
    filled: bool = False
    band: Band | None = None
    size: Size = WHOLE


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
    size: Size = WHOLE


@dataclass(frozen=True, kw_only=True)
class RankedChart:
    """Lying bars, each with its name and its value as it is printed."""

    title: str
    alt: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    shown: tuple[str, ...]  # the values in words

    @property
    def size(self) -> Size:
        return Size(width=WHOLE.width, height=ROW * max(len(self.labels), 1) + ROW // 2)


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """A square table of numbers from -1 to 1, shaded; None = not known. Rows and columns bear the same names."""

    title: str
    alt: str
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]

    @property
    def size(self) -> Size:
        return Size(width=WHOLE.width, height=ROW * (len(self.labels) + 1) + ROW // 2)


Chart = LineChart | BarChart | RankedChart | HeatMap
