"""The encoder: texts to unit vectors. One Protocol; adapters and the double stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into L2-normalised vectors of shape (n, dimension), float32.

    Queries and passages are encoded differently by e5-style models, so the caller says which.
    """

    name: str  # model and dtype, stored beside an index so that a changed encoder is noticed
    dimension: int

    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors: ...
