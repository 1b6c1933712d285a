"""Training of the heads: frozen encoder, logistic regression, calibration, and an honest choice.

scikit-learn is needed here and nowhere else in this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intent.call import TurnIntent
from intent.classifier.features import BUCKETS, FLAGS, PROPOSAL_BUCKETS, FeatureMaker, Features
from intent.classifier.figures import figures_by_split, lead_figures
from intent.classifier.heads import Card, Heads, save_heads
from intent.classifier.model import RulesClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import Taxonomy, load_taxonomy
from intent.corpus.utterances import Labelled, LabelledSet, load_labelled
from intent.errors import TrainingDataError
from models.encoder import Encoder

Floats = NDArray[np.float32]
Progress = Callable[[str, int, int], None]  # what, done, total
INTENT_C, POLARITY_C = 2.0, 2.0  # inverse regularisation
# Weight of the blocks of features before regularisation, chosen on the development split.
DENSE_SCALE, HASH_SCALE, FLAG_SCALE = 5.0, 2.0, 3.0
MIN_LINES = 40  # of the training split
THRESHOLDS = np.arange(0.20, 0.96, 0.02)


def train(
    data: Path | None,
    encoder: Encoder,
    out: Path,
    *,
    taxonomy: Taxonomy | None = None,
    seed: int = 7,
    progress: Progress = lambda what, done, total: None,
) -> Card:
    """Train on `data` (the shipped utterances by default), write heads and card to `out`, return the card.

    Rules, heads alone and heads with rules are compared on the development split by F0.5 of leads,
    which prefers precision; the card names the best and holds all figures. The same data, encoder
    and seed give the same weights. Raises TrainingDataError.
    """
    taxonomy = taxonomy or load_taxonomy()
    rules = load_rules(taxonomy)
    labelled = load_labelled(taxonomy, data)
    _require_enough(labelled)
    features = _Made(labelled, FeatureMaker(encoder, rules, taxonomy.ids), progress)
    rules_figures = figures_by_split(RulesClassifier(rules), labelled, taxonomy, ("dev", "test"))
    trained = {
        name: _fit(features, taxonomy, encoder.name, with_rules=with_rules, seed=seed, progress=progress)
        for name, with_rules in (("heads", False), ("combined", True))
    }
    figures = {"rules": rules_figures} | {
        name: {s: _score(heads, features, s, taxonomy) for s in ("dev", "test")} for name, heads in trained.items()
    }
    best = max(figures, key=lambda name: figures[name]["dev"]["lead_f05"])
    shipped = trained["combined" if best == "rules" else best]
    card = replace(
        shipped.card,
        version=f"heads-{labelled.digest[:8]}",
        best=best,
        trained_on={
            "sha256": labelled.digest,
            "seed": seed,
            **{s: len(labelled.of(s)) for s in features.splits},
        },
        figures=figures,
    )
    return save_heads(out, shipped.tensors, card)


class _Made:
    """Features and gold of every split, each encoded once."""

    def __init__(self, labelled: LabelledSet, maker: FeatureMaker, progress: Progress) -> None:
        self.splits = ("train", "calibration", "dev", "test")
        self.items = {split: labelled.of(split) for split in self.splits}
        self.features: dict[str, Features] = {}
        for done, split in enumerate(self.splits):
            progress("encode", done, len(self.splits))
            self.features[split] = maker.features([item.utterance for item in self.items[split]])


def _require_enough(labelled: LabelledSet) -> None:
    for split, least in (("train", MIN_LINES), ("calibration", 1), ("dev", 1)):
        if len(labelled.of(split)) < least:
            raise TrainingDataError(
                f"The split {split} has {len(labelled.of(split))} lines but needs {least}: "
                "label more lines, or set the field split."
            )


def _fit(made: _Made, taxonomy: Taxonomy, encoder: str, *, with_rules: bool, seed: int, progress: Progress) -> Heads:
    labels = taxonomy.ids
    intent = _fit_intents(made, labels, with_rules=with_rules, seed=seed, progress=progress)
    polarity = _fit_polarity(made, labels, with_rules=with_rules, seed=seed)
    card = Card(
        version="", taxonomy=taxonomy.version, encoder=encoder, labels=labels,
        lead_labels=tuple(i.id for i in taxonomy if i.is_lead), with_rules=with_rules, best="",
        lead_threshold=0.5, other_threshold=0.5,
    )  # fmt: skip
    heads = _calibrated(Heads({**intent, **polarity}, card), made)
    return _with_thresholds(heads, made, taxonomy)


def _fit_intents(
    made: _Made, labels: Sequence[str], *, with_rules: bool, seed: int, progress: Progress
) -> dict[str, Floats]:
    """One binary logistic regression a label; a label without an example never fires."""
    x = made.features["train"].matrix(with_rules=with_rules)
    y = _targets(made.items["train"], labels)
    mean, scale = _scaling(x, _dense_width(made.features["train"]))
    weight, bias = np.zeros((len(labels), x.shape[1]), np.float32), np.full(len(labels), -9.0, np.float32)
    for i, label in enumerate(labels):
        progress(f"train {label}", i, len(labels))
        if y[:, i].any():
            coefficients, intercept = _logistic((x - mean) * scale, y[:, i], INTENT_C, seed)
            weight[i] = coefficients[0] * scale
            bias[i] = intercept[0] - float(mean @ weight[i])
    return {"intent.weight": weight, "intent.bias": bias}


def _fit_polarity(made: _Made, labels: Sequence[str], *, with_rules: bool, seed: int) -> dict[str, Floats]:
    """One softmax over the three polarities, asked once for every labelled pair of line and intent."""
    features, items = made.features["train"], made.items["train"]
    rows = [(n, labels.index(i), FLAGS.index(p)) for n, item in enumerate(items) for i, p in item.gold]
    lines, intents, target = (np.array(column) for column in zip(*rows, strict=True))
    common = features.matrix(with_rules=with_rules)
    mean, scale = _scaling(common, _dense_width(features))
    asked = np.eye(len(labels), dtype=np.float32)[intents]
    flags = features.flags[lines, intents] * np.float32(with_rules)
    x = np.concatenate([(common[lines] - mean) * scale, asked, 2 * flags], axis=1)
    coefficients, intercept = _softmax_regression(x, target, POLARITY_C, seed)
    width = common.shape[1]
    on_common = coefficients[:, :width] * scale
    return {
        "polarity.common": on_common,
        "polarity.intent": coefficients[:, width : width + len(labels)],
        "polarity.flags": 2 * coefficients[:, width + len(labels) :],
        "polarity.bias": intercept - on_common @ mean,
    }


def _logistic(x: Floats, y: NDArray[Any], c: float, seed: int) -> tuple[Floats, Floats]:
    """Binary logistic regression of y in 0, 1: coefficients (1, d) and intercept (1,)."""
    fitted = _fitted(x, y, c, seed)
    return fitted.coef_.astype(np.float32), fitted.intercept_.astype(np.float32)


def _softmax_regression(x: Floats, y: NDArray[Any], c: float, seed: int) -> tuple[Floats, Floats]:
    """Coefficients (3, d) and intercepts (3,) in FLAGS' order; a polarity without a line never wins."""
    weight, bias = np.zeros((len(FLAGS), x.shape[1]), np.float32), np.full(len(FLAGS), -9.0, np.float32)
    seen = np.unique(y)
    if len(seen) == 1:
        bias[seen] = 0.0
        return weight, bias
    fitted = _fitted(x, y, c, seed)
    if len(seen) == 2:  # one row, for the second class against the first
        weight[seen[1]], bias[seen] = fitted.coef_[0], (0.0, fitted.intercept_[0])
    else:
        weight, bias = fitted.coef_.astype(np.float32), fitted.intercept_.astype(np.float32)
    return weight, bias


def _fitted(x: Floats, y: NDArray[Any], c: float, seed: int) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise TrainingDataError("Training needs scikit-learn: install tougu[local] or scikit-learn.") from error
    return LogisticRegression(C=c, max_iter=400, random_state=seed).fit(x, y)


def _scaling(x: Floats, dense: int) -> tuple[Floats, Floats]:
    """Centre and scale a column: the encoder's `dense` columns together, the hashes and the flags."""
    scale = np.full(x.shape[1], FLAG_SCALE, np.float32)
    spread = float(np.sqrt(np.var(x[:, :dense], axis=0).sum()))
    scale[:dense] = DENSE_SCALE / max(spread, 1e-6)
    scale[dense : dense + BUCKETS + PROPOSAL_BUCKETS] = HASH_SCALE
    return x.mean(axis=0), scale


def _dense_width(features: Features) -> int:
    """Columns of the encoder's two vectors, in front of hashes and the two reply marks."""
    return int(features.common.shape[1]) - BUCKETS - PROPOSAL_BUCKETS - 2


def _calibrated(heads: Heads, made: _Made) -> Heads:
    """Platt scaling over all labels together on the calibration split, folded into the weights.

    Source: Platt (1999); one slope and one shift, since single labels have too few lines.
    """
    split = "calibration"
    probability, _ = heads.probabilities(made.features[split])
    logit = np.log(probability / (1 - probability + 1e-7) + 1e-7).reshape(-1, 1)
    target = _targets(made.items[split], heads.card.labels).reshape(-1)
    slope, shift = _logistic(logit, target, 1e3, 0)
    scaled = {
        **heads.tensors,
        "intent.weight": heads.tensors["intent.weight"] * slope[0, 0],
        "intent.bias": heads.tensors["intent.bias"] * slope[0, 0] + shift[0],
    }
    return Heads(scaled, heads.card)


def _with_thresholds(heads: Heads, made: _Made, taxonomy: Taxonomy) -> Heads:
    """Thresholds of the calibration split: leads by best F0.5, which prefers precision, the rest by F1."""
    leads = [Heads(heads.tensors, replace(heads.card, lead_threshold=round(float(t), 2))) for t in THRESHOLDS]
    heads = max(leads, key=lambda h: _score(h, made, "calibration", taxonomy)["lead_f05"])
    others = [Heads(heads.tensors, replace(heads.card, other_threshold=round(float(t), 2))) for t in THRESHOLDS]
    return max(others, key=lambda h: _score(h, made, "calibration", taxonomy)["intent_micro_f1"])


def _score(heads: Heads, made: _Made, split: str, taxonomy: Taxonomy) -> dict[str, float | int]:
    predicted = [
        [TurnIntent(intent=s.intent, polarity=s.polarity, confidence=s.confidence, by="heads") for s in row]
        for row in heads.predict(made.features[split])
    ]
    return lead_figures(made.items[split], predicted, {i.id for i in taxonomy if i.is_lead})


def _targets(items: Sequence[Labelled], labels: Sequence[str]) -> NDArray[np.int64]:
    named = [{i for i, _ in item.gold} for item in items]
    return np.array([[int(label in names) for label in labels] for names in named]).reshape(-1, len(labels))
