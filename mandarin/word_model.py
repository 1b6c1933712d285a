"""How likely a piece of Mandarin is as a sequence of words: unigrams of jieba's dictionary, best segmentation."""

from __future__ import annotations

from collections.abc import Iterable
from math import log

from mandarin.homophones import frequencies

LONGEST = 12  # characters of a word


class WordModel:
    """Log-probabilities of texts, in nats, with words of one's own that are as frequent as one says."""

    def __init__(self, own: Iterable[str] = (), *, own_count: int = 2000) -> None:
        """`own_count`: how often a word of one's own would stand in the 60 million words of the corpus."""
        self._own, self._own_count = frozenset(own), own_count
        self._counts = frequencies()
        self._total = float(sum(self._counts.values()))

    def log_probability(self, text: str) -> float:
        """Of the best segmentation; a character that no word holds counts as seen once."""
        best = [0.0] + [float("-inf")] * len(text)
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - LONGEST), end):
                if (here := best[start] + self._word(text[start:end])) > best[end]:
                    best[end] = here
        return best[-1]

    def _word(self, word: str) -> float:
        count = self._counts.get(word, 0)
        if word in self._own:
            count = max(count, self._own_count)
        if not count and len(word) > 1:
            return float("-inf")
        return log(max(count, 1) / self._total)
