"""Texts to probabilities of labels: the Protocol, the blend of two scorers, and the double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]  # shape (texts, labels), each in 0..1, independent of one another
_EDGE = 1e-6


class Scorer(Protocol):
    """Gives each text a probability for each label."""

    labels: tuple[str, ...]
    version: str  # changes with the weights

    def load(self) -> None:
        """Load the weights now; done already, it costs nothing. Raises ModelUnavailableError."""

    def score(self, texts: Sequence[str]) -> Probabilities: ...


class Blend:
    """Two scorers' weighted mean in log-odds; the slow one is asked only about texts the fast one suspects.

    Below `ask_from` the fast scorer's own probabilities stand. Both must have the same labels.
    """

    def __init__(self, fast: Scorer, slow: Scorer, *, weight: float, ask_from: float) -> None:
        """`weight` is the slow scorer's share, 0..1. Raises ValueError for different labels."""
        if fast.labels != slow.labels:
            raise ValueError("the two scorers of a blend have different labels: train them on the same data")
        self.labels = fast.labels
        self.version = f"{fast.version}+{slow.version}"
        self._fast, self._slow, self._weight, self._ask_from = fast, slow, weight, ask_from

    def load(self) -> None:
        """See Scorer."""
        self._fast.load()
        self._slow.load()

    def score(self, texts: Sequence[str]) -> Probabilities:
        """See Scorer."""
        found = self._fast.score(texts)
        asked = np.flatnonzero(found.max(axis=1, initial=0.0) >= self._ask_from).tolist()
        if asked:
            slow = self._slow.score([texts[i] for i in asked])
            found[asked] = blended(found[asked], slow, self._weight)
        return found


def blended(fast: Probabilities, slow: Probabilities, weight: float) -> Probabilities:
    """Probability of the weighted mean of both log-odds."""
    mean = (1 - weight) * _log_odds(fast) + weight * _log_odds(slow)
    return np.asarray(1 / (1 + np.exp(-mean)), np.float32)


def _log_odds(probabilities: Probabilities) -> NDArray[np.float64]:
    inside = np.clip(probabilities.astype(np.float64), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)


class ScriptedScorer:
    """The double: probabilities prepared by the words a text holds; zero for every other label and text."""

    version = "scripted"

    def __init__(self, labels: Sequence[str], by_word: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """`by_word`: for each word the probabilities of labels where a text holds it."""
        self.labels = tuple(labels)
        self._by_word = by_word or {}

    def load(self) -> None:
        """There is nothing to load."""

    def score(self, texts: Sequence[str]) -> Probabilities:
        """See Scorer."""
        found = np.zeros((len(texts), len(self.labels)), np.float32)
        for row, text in enumerate(texts):
            for word, probabilities in self._by_word.items():
                if word in text:
                    for label, probability in probabilities.items():
                        found[row, self.labels.index(label)] = probability
        return found
