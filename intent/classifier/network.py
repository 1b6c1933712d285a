"""What a network says of an utterance: each intent by itself, and toward it one of three polarities.

The head has an output for each intent, one for each intent and polarity, and three polarities that all intents share,
since stance sounds alike whatever it is about: P(intent) = sigmoid(a_i), P(polarity | intent) = softmax(b_ip + c_p).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from intent.call import Polarity, Speaker
from intent.classifier.utterance import LONGEST_TEXT, Utterance
from intent.corpus.utterances import Labels
from mandarin.script import normalise
from models.ngrams import NgramScorer
from models.objective import base_rates
from models.parts import joined
from models.scorer import blended
from models.tuned import TunedEncoder

POLARITIES = (Polarity.INTEREST, Polarity.DECLINE, Polarity.EXISTING)
LONGEST_BEFORE = 200  # characters of a turn before; its end says what was proposed
_MARKS = {Speaker.ADVISOR: "顾问：", Speaker.CLIENT: "客户：", Speaker.UNKNOWN: "："}
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """`intent` (lines, intents): that the line speaks of it; `polarity` (lines, intents, 3), if it does."""

    intent: Floats
    polarity: Floats

    @property
    def wish(self) -> Floats:
        """Probability of intent and interest together, (lines, intents)."""
        return self.intent * self.polarity[:, :, 0]


class Network(Protocol):
    """Utterances to beliefs over `intents`."""

    intents: tuple[str, ...]
    version: str

    def load(self) -> None:
        """Load the weights now. Raises ModelUnavailableError."""

    def read(self, utterances: Sequence[Utterance]) -> Beliefs: ...


class TunedNetwork:
    """The tuned encoder."""

    def __init__(self, encoder: TunedEncoder, intents: Sequence[str]) -> None:
        """Raises ValueError when the encoder's head is another one."""
        if encoder.labels != outputs(intents):
            raise ValueError("the head was trained for other intents")
        self.intents, self.version = tuple(intents), encoder.version
        self._encoder = encoder

    def load(self) -> None:
        """See Network."""
        self._encoder.load()

    def read(self, utterances: Sequence[Utterance]) -> Beliefs:
        """See Network."""
        return decoded(self._encoder.logits([model_text(u) for u in utterances]), len(self.intents))


class NgramNetwork:
    """Hashed characters alone: no torch. It tells interest from not, and refusal from possession by habit."""

    def __init__(self, scorer: NgramScorer, intents: Sequence[str]) -> None:
        """Raises ValueError when the scorer has other labels."""
        if scorer.labels != ngram_labels(intents):
            raise ValueError("the n-grams were trained for other intents")
        self.intents, self.version = tuple(intents), scorer.version
        self._scorer = scorer

    def load(self) -> None:
        """See Network."""

    def read(self, utterances: Sequence[Utterance]) -> Beliefs:
        """See Network."""
        scores = self._scorer.score([model_text(u) for u in utterances])
        n = len(self.intents)
        intent = np.maximum(scores[:, :n], scores[:, n : 2 * n])
        interest = scores[:, n : 2 * n] / np.maximum(intent, 1e-6)
        existing = scores[:, 2 * n :] / np.maximum(scores[:, 2 * n :].sum(1, keepdims=True), 1e-6)
        rest = (1 - interest)[:, :, None] * existing[:, None, :]
        return Beliefs(intent=intent, polarity=np.concatenate([interest[:, :, None], rest], axis=2))


class BlendedNetwork:
    """Both, as the weighted mean of their log-odds of intent and of wish; polarity beyond that is the encoder's."""

    def __init__(self, ngrams: Network, tuned: Network, weight: float) -> None:
        """`weight` is the encoder's share. Raises ValueError for different intents."""
        if ngrams.intents != tuned.intents:
            raise ValueError("the two networks of a blend read different intents")
        self.intents, self.version = tuned.intents, f"{ngrams.version[:6]}+{tuned.version[:6]}"
        self._ngrams, self._tuned, self._weight = ngrams, tuned, weight

    def load(self) -> None:
        """See Network."""
        self._ngrams.load()
        self._tuned.load()

    def read(self, utterances: Sequence[Utterance]) -> Beliefs:
        """See Network."""
        return blend(self._ngrams.read(utterances), self._tuned.read(utterances), self._weight)


def blend(fast: Beliefs, slow: Beliefs, weight: float) -> Beliefs:
    """Weighted mean of log-odds; `weight` is the share of `slow`."""
    intent = blended(fast.intent, slow.intent, weight)
    wish = np.minimum(blended(fast.wish, slow.wish, weight), intent)
    interest = wish / np.maximum(intent, 1e-6)
    other = slow.polarity[:, :, 1:] / np.maximum(slow.polarity[:, :, 1:].sum(2, keepdims=True), 1e-6)
    rest = (1 - interest)[:, :, None] * other
    return Beliefs(intent=intent, polarity=np.concatenate([interest[:, :, None], rest], axis=2).astype(np.float32))


def model_text(utterance: Utterance) -> str:
    """The line, then what was said before it with role marks; width and script are folded on both."""
    before = "".join(f"{_MARKS[turn.speaker]}{turn.text[-LONGEST_BEFORE:]}" for turn in utterance.context)
    return joined(normalise(utterance.text[:LONGEST_TEXT]).text, normalise(before).text)


def outputs(intents: Sequence[str]) -> tuple[str, ...]:
    """Names of the head's outputs, in order."""
    pairs = [f"{intent}|{polarity}" for intent in intents for polarity in POLARITIES]
    return (*intents, *pairs, *(f"|{polarity}" for polarity in POLARITIES))


def ngram_labels(intents: Sequence[str]) -> tuple[str, ...]:
    """Labels of the n-grams: each intent, each wish, and refusal and possession of anything."""
    return (*intents, *(f"{i}|{Polarity.INTEREST}" for i in intents), f"|{Polarity.DECLINE}", f"|{Polarity.EXISTING}")


def targets(gold: Sequence[Labels], intents: Sequence[str]) -> Floats:
    """Shape (lines, intents + intents * 3): an intent is there, and its polarity is this one."""
    column = {intent: n for n, intent in enumerate(intents)}
    there = np.zeros((len(gold), len(intents)), np.float32)
    polar = np.zeros((len(gold), len(intents), len(POLARITIES)), np.float32)
    for row, labels in enumerate(gold):
        for intent, polarity in labels:
            there[row, column[intent]] = 1
            polar[row, column[intent], POLARITIES.index(polarity)] = 1
    return np.concatenate([there, polar.reshape(len(gold), -1)], axis=1)


def polar_targets(wanted: Floats, intents: int) -> Floats:
    """The second part of `targets`, shape (lines, intents, 3)."""
    return wanted[:, intents:].reshape(len(wanted), intents, len(POLARITIES))


def ngram_targets(wanted: Floats, intents: int) -> Floats:
    """`targets` in the order of `ngram_labels`."""
    polar = polar_targets(wanted, intents)
    return np.concatenate([wanted[:, :intents], polar[:, :, 0], polar[:, :, 1:].max(1)], axis=1)


def decoded(logits: Floats, intents: int) -> Beliefs:
    """What the head's outputs mean."""
    pairs = logits[:, intents:-3].reshape(len(logits), intents, 3) + logits[:, None, -3:]
    odds = np.exp(pairs - pairs.max(axis=2, keepdims=True))
    return Beliefs(
        intent=np.asarray(1 / (1 + np.exp(-logits[:, :intents])), np.float32),
        polarity=np.asarray(odds / odds.sum(axis=2, keepdims=True), np.float32),
    )


class IntentObjective:
    """Binary cross-entropy of each intent, and of each intent that is there the cross-entropy of its polarity."""

    def __init__(self, intents: int, smoothing: float) -> None:
        self._intents, self._smoothing = intents, smoothing

    def bias(self, wanted: Floats) -> Floats:
        """Base rates; the polarities begin shared, the pairs at nothing."""
        shares = polar_targets(wanted, self._intents).sum((0, 1)) + 1
        pairs = np.zeros(3 * self._intents, np.float32)
        return np.concatenate([base_rates(wanted[:, : self._intents]), pairs, np.log(shares / shares.sum())]).astype(
            np.float32
        )

    def loss(self, logits: Any, wanted: Any) -> Any:
        """See Objective."""
        import torch

        n, smooth = self._intents, self._smoothing
        there = wanted[:, :n] * (1 - 2 * smooth) + smooth
        of_intents = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, :n], there, reduction="none").sum(1)
        pairs = logits[:, n:-3].reshape(len(logits), n, 3) + logits[:, None, -3:]
        polar = wanted[:, n:].reshape(len(wanted), n, 3)
        return of_intents - (torch.log_softmax(pairs, dim=-1) * polar).sum((1, 2))

    def figure(self, logits: Floats, wanted: Floats) -> float:
        """Average precision of wishes, over all lines and intents together."""
        return wish_precision(decoded(logits, self._intents), polar_targets(wanted, self._intents))


def wish_precision(beliefs: Beliefs, polar: Floats) -> float:
    """Area under precision and recall of wishes, over all lines and intents together."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(polar[:, :, 0].ravel(), beliefs.wish.ravel()))
