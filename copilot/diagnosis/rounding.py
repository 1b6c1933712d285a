"""How figures are rounded for people: once, half up, never minus zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_HUNDREDTH = Decimal("0.01")


def percent(fraction: float) -> Decimal:
    """A fraction as per cent with two decimals."""
    return rounded(fraction * 100)


def rounded(value: float) -> Decimal:
    """Two decimals."""
    result = Decimal(repr(float(value))).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result
