"""A cross-encoder from a folder of one's own (bge-reranker and the like): question and passage in one input."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.encoders.vectors import readable
from models.errors import ModelDamagedError, ModelUnavailableError
from models.lazy import Lazy
from models.offline import stay_offline
from models.reranker import Scores
from models.spread import spread_over

LONGEST = 512  # tokens of question and passage together
_BATCH = 8


class CrossEncoderReranker:
    """A sequence classifier with one output, on torch; loads at the first question, from safetensors only."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """`folder` holds config.json, the tokenizer and model.safetensors."""
        self.name = folder.name
        self._folder = folder
        self._threads = threads
        self._loaded = Lazy(self._load)
        self._one_at_a_time = threading.Lock()  # fast tokenizers refuse concurrent padding changes

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """Raises ModelUnavailableError without torch, ModelDamagedError for a folder that does not load."""
        if not passages:
            return np.zeros(0, dtype=np.float32)
        model, tokenizer = self._loaded.get()
        with self._one_at_a_time:
            spread_over(len(passages))  # the encoder left this thread with one, for its question
            parts = [
                _scored(model, tokenizer, question, passages[at : at + _BATCH])
                for at in range(0, len(passages), _BATCH)
            ]
        return np.concatenate(parts)

    def _load(self) -> tuple[Any, Any]:
        stay_offline()
        try:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            raise ModelUnavailableError(
                f"the reranker {self.name} needs torch and transformers ({error})",
                remedy="run: pip install 'tougu[local]', or leave models.reranker empty",
            ) from error
        if self._threads:
            torch.set_num_threads(self._threads)
        places: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(self._folder), **places)
            model = AutoModelForSequenceClassification.from_pretrained(
                str(self._folder), use_safetensors=True, dtype=torch.float32, **places
            )
        except Exception as error:  # torch, safetensors, tokenizers and transformers each have their own
            raise ModelDamagedError(
                f"the reranker folder {self._folder} does not load ({type(error).__name__})",
                remedy="give models.reranker a whole folder with model.safetensors, or leave it empty",
            ) from error
        if model.config.num_labels != 1:
            raise ModelDamagedError(
                f"the model in {self._folder} gives {model.config.num_labels} values a pair, a reranker gives one",
                remedy="give models.reranker a cross-encoder for ranking",
            )
        return model.eval(), tokenizer


def _scored(model: Any, tokenizer: Any, question: str, passages: Sequence[str]) -> Scores:
    import torch

    texts = readable(passages)
    pairs = tokenizer(
        readable([question]) * len(texts),
        texts,
        padding=True,
        truncation="longest_first",  # a question may fill the input by itself
        max_length=LONGEST,
        return_tensors="pt",
    )
    with torch.inference_mode():
        found: Scores = model(**pairs).logits[:, 0].float().numpy()
    return found
