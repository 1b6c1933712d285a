"""The usual way, for comparison: vectors of the frozen encoder, and the same head fitted on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intent.classifier.network import Beliefs, IntentObjective, decoded, outputs
from intent.classifier.utterance import LONGEST_TEXT, Utterance
from models.encoder import Encoder

Floats = NDArray[np.float32]
STEPS = 60  # of L-BFGS, each with up to 20 evaluations
L2 = 2e-4  # of the weights, chosen on the development split


class FrozenBaseline:
    """Logistic regression on the line's vector and on its vector with the turns before it."""

    def __init__(self, encoder: Encoder, intents: Sequence[str], *, seed: int = 7) -> None:
        self.intents, self.version = tuple(intents), "frozen"
        self._encoder, self._seed = encoder, seed
        self._head: Any = None
        self._mean: Floats = np.zeros(0, np.float32)
        self._scale = 1.0

    def load(self) -> None:
        """See Network."""

    def fit(self, utterances: Sequence[Utterance], wanted: Floats) -> None:
        """Fit the head on `wanted` (see network.targets); the encoder is not changed."""
        import torch

        torch.manual_seed(self._seed)
        x = self._vectors(utterances)
        self._mean, self._scale = x.mean(0), float(x.std(0).mean()) or 1.0
        features, truth = torch.tensor((x - self._mean) / self._scale), torch.tensor(wanted)
        objective = IntentObjective(len(self.intents), 0.0)
        head = torch.nn.Linear(x.shape[1], len(outputs(self.intents)))
        torch.nn.init.zeros_(head.weight)
        with torch.no_grad():
            head.bias.copy_(torch.tensor(objective.bias(wanted)))
        optimiser = torch.optim.LBFGS(head.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe")

        def closure() -> Any:
            optimiser.zero_grad()
            loss = objective.loss(head(features), truth).mean() + L2 * head.weight.pow(2).sum()
            loss.backward()
            return loss

        optimiser.step(closure)  # type: ignore[no-untyped-call]
        self._head = head.eval()

    def read(self, utterances: Sequence[Utterance]) -> Beliefs:
        """See Network; `fit` comes first."""
        import torch

        x = (self._vectors(utterances) - self._mean) / self._scale
        with torch.inference_mode():
            logits = self._head(torch.tensor(x)).numpy()
        return decoded(np.asarray(logits, np.float32), len(self.intents))

    def _vectors(self, utterances: Sequence[Utterance]) -> Floats:
        alone = self._encoder.encode_queries([utterance.text[:LONGEST_TEXT] for utterance in utterances])
        context = self._encoder.encode_queries([utterance.in_context for utterance in utterances])
        return np.concatenate([alone, context], axis=1).astype(np.float32)
