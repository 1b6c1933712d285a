"""What every adapter does to texts before and to vectors after its model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.encoder import Vectors


def readable(texts: Sequence[str]) -> list[str]:
    """Texts without what tokenizers choke on: NUL ends a C string, lone surrogates are not UTF-8."""
    return [text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8") for text in texts]


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length one, float32; a zero row stays zero. Shape is kept, (n, dimension)."""
    rows = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, np.float32(1e-12))
    return scaled
