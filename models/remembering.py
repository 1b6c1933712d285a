"""A scorer that remembers what it said of a text: reports of many clients share most of their sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.recent import RecentRows
from models.scorer import Probabilities, Scorer

MOST = 20_000  # texts: about a thousand fund pages, under ten megabytes


class RememberingScorer:
    """The answers of another scorer, each text asked once; a scorer's answer depends on the text alone.

    Another model is another scorer, hence another memory. What fails is not remembered.
    """

    def __init__(self, inner: Scorer, *, most: int = MOST) -> None:
        self.labels, self.version = inner.labels, inner.version
        self._inner, self._recent = inner, RecentRows(most)

    def load(self) -> None:
        """See Scorer."""
        self._inner.load()

    def score(self, texts: Sequence[str]) -> Probabilities:
        """See Scorer."""
        known = self._recent.get(texts)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            scored = dict(zip(fresh, self._inner.score(fresh), strict=True))
            self._recent.keep(scored)
            known |= scored
        return np.array([known[text] for text in texts], np.float32).reshape(len(texts), len(self.labels))
