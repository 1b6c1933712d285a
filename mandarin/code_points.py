"""A text as an array of its code points: one look into a table replaces a step a character."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

TABLE_SIZE = sys.maxunicode + 1  # entries of a table that knows every code point


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """One number a character, shape (len(text),); lone surrogates too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
