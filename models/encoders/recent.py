"""An encoder that remembers the texts of the last questions: one question is looked at in several ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.encoder import Encoder, Vectors
from models.recent import RecentRows

MOST = 4_096  # vectors of queries, and as many of passages: six megabytes each of 384 numbers


class RecentEncoder:
    """The vectors of another encoder, each of the last texts computed once."""

    def __init__(self, encoder: Encoder, *, most: int = MOST) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self._encoder = encoder
        self._queries, self._passages = RecentRows(most), RecentRows(most)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._queries, self._encoder.encode_queries)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._passages, self._encoder.encode_passages)

    def _encode(self, texts: Sequence[str], recent: RecentRows, encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
        known = recent.get(texts)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            made = dict(zip(fresh, encode(fresh), strict=True))
            recent.keep(made)
            known |= made
        return np.array([known[text] for text in texts], np.float32).reshape(len(texts), self.dimension)
