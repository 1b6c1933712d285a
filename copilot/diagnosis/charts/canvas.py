"""What all charts are drawn with: scales with round numbers, text, rules, and colours apart for every eye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

LEFT, TOP, BOTTOM = 52, 16, 28  # margins around the plot
RIGHT = 14
BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's palette: apart for every kind of colour vision
INK, MUTED, GRID = "#222222", "#595959", "#D9D9D9"
FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
STYLES = ((BLUE, ""), (ORANGE, "6 3"), ("#009E73", "2 2"), ("#CC79A7", "8 3 2 3"))


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A drawing's size, and the plot within it."""

    width: int
    height: int
    right: float = RIGHT
    left: float = LEFT
    top: float = TOP

    @property
    def end(self) -> float:
        return self.width - self.right

    @property
    def foot(self) -> float:
        return self.height - BOTTOM

    def across(self, share: float) -> float:
        """The place of a share of the plot's width."""
        return self.left + share * (self.end - self.left)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Maps values to heights; `ticks` are round numbers that span the data."""

    low: float
    high: float
    ticks: tuple[float, ...]
    top: float
    foot: float

    def y(self, value: float) -> float:
        return self.foot - (value - self.low) / (self.high - self.low) * (self.foot - self.top)


def scale_of(values: Sequence[float], canvas: Canvas) -> Scale:
    """About five steps of 1, 2, 2.5 or 5 times a power of ten."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    raw = (high - low) / 5
    size = 10.0 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    first, last = floor(low / step), ceil(high / step)
    ticks = tuple(i * step for i in range(first, last + 1))
    return Scale(low=first * step, high=last * step, ticks=ticks, top=canvas.top, foot=canvas.foot)


def frame(unit: str, scale: Scale, canvas: Canvas) -> Iterator[str]:
    """Level lines with their values."""
    for tick in scale.ticks:
        y = scale.y(tick)
        yield rule(canvas.left, canvas.end, y, y, GRID)
        yield text(canvas.left - 6, y + 4, f"{tick:g}{unit}", anchor="end", colour=MUTED)


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: float | None = None) -> str:
    sized = f' font-size="{size:g}"' if size else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{sized}>{escape(words)}</text>'


def rule(x1: float, x2: float, y1: float, y2: float, colour: str, *, width: float = 0.8, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-width="{width}"{dashes}/>'


def wide(words: str, size: float = 12) -> float:
    """About how wide words are when they are drawn."""
    return sum(size if ord(char) > 0x2E80 else size * 0.6 for char in words)


def cut(words: str, room: float, size: float = 12) -> str:
    """The words, or as much of them as the room takes with a dot after it."""
    while words and wide(words, size) > room:
        words = words[:-2] + "…" if len(words) > 2 else ""
    return words
