"""The product's recipe for texts with one label: the shared encoder tuned, hashed n-grams beside it, their blend.

The encoder is tuned by `models.tuning` (low-rank changes of the upper layers, embeddings frozen) with one
softmax over the labels; the n-grams are those of `models.ngrams` under one softmax. What is mixed is
log-probabilities, with the weight that names most development lines rightly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.case import EvalError
from mandarin.script import normalise
from models.encoder import Encoder
from models.encoders.transformer import SentenceTransformerEncoder
from models.ngrams import BUCKETS, pieces
from models.objective import OneOf
from models.tuned import TunedEncoder, load_tuned
from models.tuning import tune
from models.tuning_run import Examples, TuningSettings

Floats = NDArray[np.float32]
Progress = Callable[[int, int, str], None]
RECIPE = TuningSettings(rank=32, alpha=64, frozen_layers=6, dropout=0.0, head_dropout=0.1, smoothing=0.05)
WEIGHTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # of the encoder in the blend; among equals the first
NGRAM_STRENGTH = 30.0  # inverse regularisation, that of models.ngrams
DEVELOPMENT = 10  # one training line in ten, by hash, where no development split was published
INSTALL = "run pip install 'tougu[local,train]'"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One text of a published set with its label."""

    text: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Split:
    """Lines to train on, to choose on, and to measure on; they share none."""

    train: tuple[Line, ...]
    development: tuple[Line, ...]
    test: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Of lines, each (lines, labels): logits of the tuned encoder, and unnormalised log-probabilities of the blend."""

    logits: Floats
    blended: Floats


class Ngrams:
    """Multinomial logistic regression over hashed pieces of characters."""

    def __init__(self, texts: Sequence[str], columns: NDArray[np.int64]) -> None:
        """`columns` are the labels of the texts as 0, 1, ...; each occurs. Raises EvalError without scikit-learn."""
        try:
            from sklearn.linear_model import LogisticRegression
        except ImportError as error:
            raise EvalError(f"Training on this set needs scikit-learn: {INSTALL}.") from error
        self._model: Any = LogisticRegression(C=NGRAM_STRENGTH, max_iter=100, tol=1e-3)
        self._model.fit(_matrix(texts), columns)

    def read(self, texts: Sequence[str]) -> Floats:
        """Log-probabilities, shape (texts, labels)."""
        return np.asarray(self._model.predict_log_proba(_matrix(texts)), np.float32)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained model over `labels`; `weight` is the encoder's share, `accuracy` that on the development lines."""

    labels: tuple[str, ...]
    weight: float
    accuracy: float
    encoder: TunedEncoder
    ngrams: Ngrams

    def read(self, lines: Sequence[Line]) -> Reading:
        """In order."""
        texts = _clean(lines)
        logits = self.encoder.logits(texts)
        return Reading(logits=logits, blended=_blend(logits, self.ngrams.read(texts), self.weight))


def split_off(lines: Sequence[Line], test: Sequence[Line]) -> Split:
    """A development split carved out of the training lines; equal texts stay together."""
    held = [line for line in lines if _hash(line.text) % DEVELOPMENT == 0]
    kept = [line for line in lines if _hash(line.text) % DEVELOPMENT]
    return Split(train=tuple(kept), development=tuple(held), test=tuple(test))


def some(lines: Sequence[Line], limit: int | None) -> list[Line]:
    """At most `limit` of the lines, drawn by the recipe's seed, since published files are sorted by label."""
    if limit is None or limit >= len(lines):
        return list(lines)
    return Random(RECIPE.seed).sample(list(lines), limit)


def train_on(encoder: Encoder, split: Split, *, settings: TuningSettings, progress: Progress) -> Trained:
    """Train on a split; its test lines are not looked at. The same split, encoder and settings give the same model.

    Raises EvalError for too few lines or an encoder that is not one of torch, ModelUnavailableError without peft.
    """
    if not isinstance(encoder, SentenceTransformerEncoder):
        raise EvalError(f"Training on this set needs the encoder on torch, not {encoder.name}: {INSTALL}.")
    labels = tuple(sorted({line.label for line in split.train}))
    known = [line for line in split.development if line.label in labels]
    if len(labels) < 2 or not known:
        raise EvalError(
            f"{len(split.train)} training lines with {len(labels)} labels and {len(known)} development lines "
            "are too few to train on: give a higher --limit, or restore the files of the set."
        )
    train, development = _examples(split.train, labels), _examples(known, labels)
    with TemporaryDirectory() as folder:
        tune(
            Path(folder), encoder.transformer(), family=encoder.name.partition("/")[0], labels=labels, train=train,
            development=development, settings=settings, objective=OneOf(settings.smoothing), progress=progress,
        )  # fmt: skip
        tuned = load_tuned(Path(folder), encoder)
        tuned.load()  # the folder is about to go
    progress(settings.epochs, settings.epochs, "n-grams")
    ngrams = Ngrams(train.texts, train.targets.argmax(1))
    logits, fast = tuned.logits(development.texts), ngrams.read(development.texts)
    right = [float((_blend(logits, fast, w).argmax(1) == development.targets.argmax(1)).mean()) for w in WEIGHTS]
    best = int(np.argmax(right))
    return Trained(labels=labels, weight=WEIGHTS[best], accuracy=right[best], encoder=tuned, ngrams=ngrams)


def _clean(lines: Sequence[Line]) -> list[str]:
    """Width and script folded, as the product folds them before a model reads."""
    return [normalise(line.text).text for line in lines]


def _examples(lines: Sequence[Line], labels: Sequence[str]) -> Examples:
    column = {label: n for n, label in enumerate(labels)}
    targets = np.zeros((len(lines), len(labels)), np.float32)
    targets[np.arange(len(lines)), [column[line.label] for line in lines]] = 1
    return Examples(texts=tuple(_clean(lines)), targets=targets)


def _blend(slow: Floats, fast: Floats, weight: float) -> Floats:
    """Weighted mean of log-probabilities; `slow` are logits, and `weight` is their share."""
    top = slow.max(axis=1, keepdims=True)
    normal = slow - top - np.log(np.exp(slow - top).sum(axis=1, keepdims=True))
    return np.asarray(weight * normal + (1 - weight) * fast, np.float32)


def _matrix(texts: Sequence[str]) -> Any:
    """Rows of length one, a column a bucket."""
    import scipy.sparse as sp

    rows = [pieces(text) for text in texts]
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1 / np.sqrt(lengths), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sp.csr_matrix((values, np.concatenate(rows), starts), shape=(len(rows), BUCKETS))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")
