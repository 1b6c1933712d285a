"""Logistic heads over frozen features: numpy only, weights in safetensors, a card beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intent.call import Polarity
from intent.classifier.features import FLAGS, Features
from intent.classifier.taxonomy import Taxonomy
from intent.errors import ClassifierError

Floats = NDArray[np.float32]
WEIGHTS, CARD = "heads.safetensors", "heads.json"
TENSORS = (
    "intent.weight",
    "intent.bias",
    "polarity.common",
    "polarity.intent",
    "polarity.flags",
    "polarity.bias",
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a reader must know of trained heads: data, figures with n, and where they may be used."""

    version: str
    taxonomy: str  # version of the taxonomy they know
    encoder: str  # name of the encoder whose vectors they read
    labels: tuple[str, ...]
    lead_labels: tuple[str, ...]  # labels that go to the sales queue
    with_rules: bool  # the rules are among the features
    best: str  # rules | heads | combined: the best on the development split
    lead_threshold: float  # for a wish that goes to lead
    other_threshold: float  # for everything else
    weights_sha256: str = ""
    trained_on: Mapping[str, Any] = field(default_factory=dict)  # file hash, lines by split, seed
    figures: Mapping[str, Any] = field(default_factory=dict)  # by method and split, each with n


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One intent above its threshold; confidence is the probability of intent and polarity together."""

    intent: str
    polarity: Polarity
    confidence: float


class Heads:
    """One logistic head a label, and one softmax over the three polarities that is asked label by label."""

    def __init__(self, tensors: Mapping[str, Floats], card: Card) -> None:
        """Raises ClassifierError when a tensor is missing or of another shape than the card's labels."""
        missing = [name for name in TENSORS if name not in tensors]
        if missing or tensors["intent.weight"].shape[0] != len(card.labels):
            raise ClassifierError(
                "The weights of the heads do not fit their card: train again, or restore both files together."
            )
        self.card = card
        self.tensors = {name: np.asarray(tensors[name], np.float32) for name in TENSORS}

    def probabilities(self, features: Features) -> tuple[Floats, Floats]:
        """P(intent), shape (n, labels), and P(polarity | intent), shape (n, labels, 3) in FLAGS' order."""
        x = features.matrix(with_rules=self.card.with_rules)
        width = self.tensors["intent.weight"].shape[1]
        if x.shape[1] != width:
            raise ClassifierError(
                f"The heads read {width} features but {x.shape[1]} were made (another encoder or rule file): "
                "train again with `tougu intent train`."
            )
        intent = _sigmoid(x @ self.tensors["intent.weight"].T + self.tensors["intent.bias"])
        logits = (
            (x @ self.tensors["polarity.common"].T)[:, None, :]
            + self.tensors["polarity.intent"].T[None, :, :]
            + features.flags @ self.tensors["polarity.flags"].T
            + self.tensors["polarity.bias"]
        )
        return intent, _softmax(logits)

    def predict(self, features: Features) -> list[list[Scored]]:
        """Intents above their thresholds, a list an utterance."""
        intent, polarity = self.probabilities(features)
        leads = set(self.card.lead_labels)
        return [
            [
                scored
                for i, label in enumerate(self.card.labels)
                if (scored := self._score(label, label in leads, float(intent[n, i]), polarity[n, i]))
            ]
            for n in range(len(features))
        ]

    def _score(self, label: str, is_lead: bool, probability: float, polarity: Floats) -> Scored | None:
        if not is_lead:
            threshold, best, share = self.card.other_threshold, 0, 1.0
        else:
            best = int(np.argmax(polarity))
            share = float(polarity[best])
            wish = FLAGS[best] is Polarity.INTEREST
            threshold = self.card.lead_threshold if wish else self.card.other_threshold
        confidence = probability * share
        if confidence < threshold:
            return None
        return Scored(intent=label, polarity=FLAGS[best], confidence=confidence)


def save_heads(folder: Path, tensors: Mapping[str, Floats], card: Card) -> Card:
    """Write weights and card beside and rename them; returns the card with the weights' hash."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    data = save({name: np.ascontiguousarray(t, np.float32) for name, t in tensors.items()})
    finished = Card(**{**asdict(card), "weights_sha256": sha256(data).hexdigest()})
    _replace(folder / WEIGHTS, data)
    _replace(folder / CARD, (json.dumps(asdict(finished), ensure_ascii=False, indent=1) + "\n").encode())
    return finished


def load_heads(taxonomy: Taxonomy, folder: Path | None = None) -> Heads:
    """Heads of `folder`, the shipped ones by default.

    Raises ClassifierError when files are missing, broken, or of another taxonomy.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    place = folder or resources.files("intent.classifier").joinpath("data")
    try:
        raw = json.loads(place.joinpath(CARD).read_text("utf-8"))
        data = place.joinpath(WEIGHTS).read_bytes()
        card = Card(**{**raw, "labels": tuple(raw["labels"]), "lead_labels": tuple(raw["lead_labels"])})
        tensors = load(data)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ClassifierError(
            f"The trained heads in {place} cannot be read ({error}): train them with `tougu intent train`, "
            "or set intent.method = rules."
        ) from error
    if sha256(data).hexdigest() != card.weights_sha256:
        raise ClassifierError(f"The weights in {place} are not those of their card: restore both files together.")
    if card.taxonomy != taxonomy.version:
        raise ClassifierError(
            f"The heads know taxonomy {card.taxonomy} but {taxonomy.version} is loaded: "
            "train again with `tougu intent train`, or set intent.method = rules."
        )
    return Heads(tensors, card)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)


def _sigmoid(z: Floats) -> Floats:
    probability: Floats = (1.0 / (1.0 + np.exp(-np.clip(z, -40, 40)))).astype(np.float32)
    return probability


def _softmax(z: Floats) -> Floats:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    share: Floats = (e / e.sum(axis=-1, keepdims=True)).astype(np.float32)
    return share
