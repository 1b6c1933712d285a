"""An encoder that keeps passage vectors in a file, for content that is encoded again and again (the samples).

Not for a firm's documents: their vectors live in the index alone, so that a deletion deletes them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from models.encoder import Encoder, Vectors


class RememberingEncoder:
    """Passes everything through, and asks the encoder only for passages that the file does not hold."""

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self.name = encoder.name
        self.dimension = encoder.dimension
        self.inner = encoder
        self._file = file
        self._known: dict[str, Vectors] | None = None

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.inner.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        known = self._load()
        keys = [self._key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            known.update(zip(missing, self.inner.encode_passages(list(missing.values())), strict=True))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dimension), np.float32)

    def save(self) -> None:
        """Write what is known, beside and renamed."""
        known = self._load()
        if not known:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            with beside.open("wb") as out:
                np.savez(out, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
            beside.replace(self._file)
        finally:
            beside.unlink(missing_ok=True)

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.name}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()

    def _load(self) -> dict[str, Vectors]:
        """A file that cannot be read is as good as none: everything is encoded again."""
        if self._known is None:
            self._known = {}
            try:
                with np.load(self._file, allow_pickle=False) as held:
                    self._known = dict(zip(held["keys"].tolist(), held["vectors"], strict=True))
            except (OSError, ValueError, KeyError, BadZipFile):
                return self._known
        return self._known
