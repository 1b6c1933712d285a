"""A linear scorer over hashed pieces of one to three characters: no torch, a fraction of a millisecond a text.

Logistic regression on character n-grams is a strong baseline for short Chinese texts (Joulin et al., Bag of
Tricks, 2017), sees exact wording where an encoder sees the topic, and errs elsewhere than an encoder does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelDamagedError
from models.parts import parted
from models.scorer import Probabilities

BUCKETS = 1 << 16
LONGEST = 3  # characters of a piece
_WEIGHTS, _CARD = "ngrams.npz", "ngrams.json"
REMEDY = "install tougu again, or point the settings at a whole model folder"


class NgramScorer:
    """Probabilities by label; loads its weights at once (they are small). Raises ModelDamagedError."""

    def __init__(self, folder: Path) -> None:
        try:
            card = json.loads((folder / _CARD).read_text("utf-8"))
            raw = (folder / _WEIGHTS).read_bytes()
            if hashlib.sha256(raw).hexdigest() != card["sha256"]:
                raise ValueError("its hash does not fit")
            with np.load(folder / _WEIGHTS, allow_pickle=False) as stored:
                self._weights = stored["weights"].astype(np.float32)  # (BUCKETS, labels)
                self._bias = stored["bias"].astype(np.float32)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelDamagedError(
                f"the n-gram model in {folder.name} cannot be read ({type(error).__name__})", remedy=REMEDY
            ) from error
        self.labels = tuple(card["labels"])
        self.version = str(card["sha256"])[:12]

    def load(self) -> None:
        """Loaded at once, when it was made."""

    def score(self, texts: Sequence[str]) -> Probabilities:
        """See Scorer. Each piece counts once, and a text's pieces together have length one."""
        logits = np.tile(self._bias, (len(texts), 1))
        for row, text in enumerate(texts):
            buckets = pieces(text)
            logits[row] += self._weights[buckets].sum(0) / np.sqrt(len(buckets))
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def pieces(text: str) -> list[int]:
    """Buckets of the distinct pieces of a text between its edge marks; never empty.

    What came before the text (models/parts.py) gives pieces of its own, marked as such.
    """
    judged, before = parted(text)
    found = _pieces(judged)
    if before:
        found |= {f"<{piece}" for piece in _pieces(before)}
    return [crc32(piece.encode("utf-8", "surrogatepass")) % BUCKETS for piece in found]


def _pieces(text: str) -> set[str]:
    marked = f"^{text}$"
    return {marked[i : i + size] for size in range(1, LONGEST + 1) for i in range(len(marked) - size + 1)}


def fit_ngrams(
    folder: Path,
    labels: Sequence[str],
    texts: Sequence[str],
    targets: NDArray[np.float32],
    *,
    believed: NDArray[np.float32] | None = None,
    strength: float = 30.0,
) -> None:
    """Fit one balanced logistic regression a label and write weights and card. Needs scikit-learn.

    `believed` (texts,) weighs each text. `strength` is the inverse of the L2 penalty. Solved in the dual, which on
    short texts is many times faster than the primal, to a tolerance at which probabilities differ by less than 0.01
    (Yu, Huang, Lin, 2011).
    """
    import scipy.sparse as sp
    from sklearn.linear_model import LogisticRegression

    rows = [pieces(text) for text in texts]
    lengths = np.array([len(row) for row in rows])
    matrix = sp.csr_matrix(
        (np.repeat(1 / np.sqrt(lengths), lengths), np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)])),
        shape=(len(rows), BUCKETS),
    )
    weights, bias = np.zeros((BUCKETS, len(labels)), np.float16), np.zeros(len(labels), np.float32)
    for column in range(len(labels)):
        if len(np.unique(targets[:, column])) < 2:  # nothing to tell apart: it never holds, or always
            bias[column] = 9.0 if targets[:, column].any() else -9.0
            continue
        model = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", dual=True, tol=0.1, random_state=0
        )
        model.fit(matrix, targets[:, column], believed)
        weights[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / _WEIGHTS, weights=weights, bias=bias)
    digest = hashlib.sha256((folder / _WEIGHTS).read_bytes()).hexdigest()
    (folder / _CARD).write_text(json.dumps({"labels": list(labels), "sha256": digest}, indent=2) + "\n", "utf-8")
