"""The double: character n-grams hashed to signed buckets. No model, same text same vector on any machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np

from models.encoder import Vectors
from models.encoders.vectors import readable, unit

LENGTHS = (1, 2, 3)  # of the n-grams, in characters


class HashEncoder:
    """Texts that share characters and words are near; it knows no synonyms."""

    def __init__(self, dimension: int = 256) -> None:
        self.name = f"hash-{dimension}"
        self.dimension = dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(readable(texts)):
            for gram in _grams(text):
                hashed = crc32(gram.encode("utf-8"))
                sign = 1.0 if hashed & 1 else -1.0
                vectors[row, (hashed >> 1) % self.dimension] += sign * len(gram)
        return unit(vectors)


def _grams(text: str) -> Iterator[str]:
    """N-grams of the folded text between edge marks, so that no text is without any."""
    folded = f"^{unicodedata.normalize('NFKC', text).casefold().strip()}$"
    for length in LENGTHS:
        for start in range(len(folded) - length + 1):
            yield folded[start : start + length]
