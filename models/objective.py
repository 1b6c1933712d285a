"""What a tuning run strives for: the loss of a batch, the figure that chooses an epoch, and where the head begins."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Targets = NDArray[np.float32]  # (texts, columns); what a column means is the objective's affair


class Objective(Protocol):
    """Replaceable: labels that hold or not, or a head of a shape of its own."""

    def bias(self, targets: Targets) -> NDArray[np.float32]:
        """Where the head's biases begin, one an output."""
        ...

    def loss(self, logits: Any, targets: Any) -> Any:
        """The loss of each text, shape (texts,); both are tensors."""
        ...

    def figure(self, logits: NDArray[np.float32], targets: Targets) -> float:
        """How good these are; the epoch with the highest is kept."""
        ...


class HoldsOrNot:
    """Labels independent of one another: sums of binary cross-entropies, mean average precision."""

    def __init__(self, smoothing: float = 0.0) -> None:
        """`smoothing` of the targets acts against over-confidence."""
        self._smoothing = smoothing

    def bias(self, targets: Targets) -> NDArray[np.float32]:
        """The base rate of each label."""
        return base_rates(targets)

    def loss(self, logits: Any, targets: Any) -> Any:
        """See Objective."""
        import torch

        wanted = targets * (1 - 2 * self._smoothing) + self._smoothing
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1)

    def figure(self, logits: NDArray[np.float32], targets: Targets) -> float:
        """See Objective."""
        return mean_average_precision(logits, targets)


class OneOf:
    """Exactly one label a text, the column with the highest target: cross-entropy over all labels, accuracy."""

    def __init__(self, smoothing: float = 0.0) -> None:
        """`smoothing` spreads that share of each target over all labels, against over-confidence."""
        self._smoothing = smoothing

    def bias(self, targets: Targets) -> NDArray[np.float32]:
        """Logarithm of each label's share, of 1 in 10,000 at least."""
        return np.asarray(np.log(np.maximum(targets.mean(0), 1e-4)), np.float32)

    def loss(self, logits: Any, targets: Any) -> Any:
        """See Objective."""
        import torch

        return torch.nn.functional.cross_entropy(logits, targets, reduction="none", label_smoothing=self._smoothing)

    def figure(self, logits: NDArray[np.float32], targets: Targets) -> float:
        """See Objective."""
        return float((logits.argmax(1) == targets.argmax(1)).mean())


def base_rates(targets: Targets) -> NDArray[np.float32]:
    """Log-odds of how often each column holds, within 1 in 1,000 on either side."""
    rate = np.clip(targets.mean(0), 1e-3, 1 - 1e-3)
    return np.asarray(np.log(rate / (1 - rate)), np.float32)


def mean_average_precision(scores: NDArray[np.float32], targets: Targets) -> float:
    """Mean over labels that occur of the area under precision and recall (Manning et al., 2008, ch. 8)."""
    from sklearn.metrics import average_precision_score

    columns = [c for c in range(targets.shape[1]) if targets[:, c].any()]
    return float(np.mean([average_precision_score(targets[:, c], scores[:, c]) for c in columns]))
