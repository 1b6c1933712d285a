"""Measures as plain JSON: what is not a number is null, days are ISO dates, money is a string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

import numpy as np


def as_json(value: Any) -> Any:
    """Dataclasses, mappings and sequences of numbers, words and days as JSON values; NaN and infinities are null."""
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name.rstrip("_"): as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return as_json(value.tolist())
    if isinstance(value, (list, tuple, frozenset, set)):
        return [as_json(one) for one in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value
