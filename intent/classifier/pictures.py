"""Two pictures of a trained model, as SVG: how far its probabilities can be believed, and what it confuses."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BINS = 10
SIDE, MARGIN = 320, 46  # pixels of the plot and around it
CELL, NAMES = 15, 150  # pixels of a cell, and of the names beside it
_TEXT = 'font-family="sans-serif" font-size="11" fill="#333"'


def calibration_svg(probability: Floats, truth: Floats) -> str:
    """Share of right wishes by stated probability, in ten bins of at least 0.05; the size of a dot is its count."""
    stated, right = probability.ravel(), truth.ravel()
    parts = [_frame(), _line((0, 0), (1, 1), 'stroke="#bbb" stroke-dasharray="4 3"')]
    points = []
    for low in np.arange(0, 1, 1 / BINS):
        inside = (stated >= max(low, 0.05)) & (stated < low + 1 / BINS + 1e-9)
        if inside.any():
            points.append((float(stated[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    for a, b in pairwise(points):
        parts.append(_line(a[:2], b[:2], 'stroke="#1f5fa8" stroke-width="2"'))
    for x, y, n in points:
        at = f'cx="{_x(x):.1f}" cy="{_y(y):.1f}"'
        parts.append(
            f'<circle {at} r="{2 + np.log10(n) * 1.6:.1f}" fill="#1f5fa8">'
            f"<title>stated {x:.2f}, right {y:.2f}, n {n}</title></circle>"
        )
    side = SIDE + 2 * MARGIN
    return _svg(side, side, parts, "Stated probability of a wish against the share that is right")


def confusion_svg(counts: NDArray[np.int64], intents: Sequence[str]) -> str:
    """`counts[gold, found]`, last row and column: none. Darker is more of the row; red is wrong."""
    names = [*intents, "none"]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    parts = []
    for row, name in enumerate(names):
        y = NAMES + row * CELL
        parts.append(f'<text x="{NAMES - 6}" y="{y + 11}" text-anchor="end" {_TEXT}>{escape(name)}</text>')
        turned = f'transform="translate({NAMES + row * CELL + 11},{NAMES - 6}) rotate(-90)"'
        parts.append(f"<text {turned} {_TEXT}>{escape(name)}</text>")
        for column, other in enumerate(names):
            if counts[row, column]:
                colour = "#1f5fa8" if row == column else "#c0392b"
                parts.append(
                    f'<rect x="{NAMES + column * CELL}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{colour}" '
                    f'fill-opacity="{0.15 + 0.85 * float(shares[row, column]):.2f}">'
                    f"<title>{escape(name)} read as {escape(other)}: {int(counts[row, column])}</title></rect>"
                )
    side = NAMES + CELL * len(names) + 10
    return _svg(side, side, parts, "Rows: what the line wants; columns: what was found")


def _svg(width: int, height: int, parts: Sequence[str], title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
    white = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", white, *parts, "</svg>", ""])


def _frame() -> str:
    ticks = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        ticks.append(f'<text x="{_x(share)}" y="{_y(0) + 16}" text-anchor="middle" {_TEXT}>{share:g}</text>')
        ticks.append(f'<text x="{_x(0) - 6}" y="{_y(share) + 4}" text-anchor="end" {_TEXT}>{share:g}</text>')
    box = f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>'
    middle = MARGIN + SIDE / 2
    under = f'<text x="{middle}" y="{_y(0) + 34}" text-anchor="middle" {_TEXT}>stated probability</text>'
    beside = f'<text transform="translate(14,{middle}) rotate(-90)" text-anchor="middle" {_TEXT}>share right</text>'
    return "\n".join([box, *ticks, under, beside])


def _line(a: Sequence[float], b: Sequence[float], style: str) -> str:
    return f'<line x1="{_x(a[0]):.1f}" y1="{_y(a[1]):.1f}" x2="{_x(b[0]):.1f}" y2="{_y(b[1]):.1f}" {style}/>'


def _x(share: float) -> float:
    return MARGIN + share * SIDE


def _y(share: float) -> float:
    return MARGIN + (1 - share) * SIDE
