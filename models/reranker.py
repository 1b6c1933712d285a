"""The reranker: how well each of a few passages answers a question. One Protocol; the double stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


class Reranker(Protocol):
    """Reads question and passage together, unlike an encoder; slow, so that only the best hits are given to it."""

    name: str

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """One score a passage, shape (n,); higher is better, and only the order means anything."""
        ...


class PairReranker:
    """The double: the share of the question's character pairs that a passage holds."""

    name = "pairs"

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        wanted = {question[at : at + 2] for at in range(len(question) - 1)}
        held = [sum(pair in passage for pair in wanted) / max(1, len(wanted)) for passage in passages]
        return np.array(held, dtype=np.float32)
