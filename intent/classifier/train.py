"""Training: the shared encoder tuned on labelled lines, n-grams beside it, calibration, and an honest choice.

Needs torch, peft and scikit-learn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from intent.call import LineReading, Polarity
from intent.classifier.baseline import FrozenBaseline
from intent.classifier.calibration import calibrate, readings
from intent.classifier.card import write_card
from intent.classifier.figures import method_figures
from intent.classifier.folder import BLEND, NGRAMS, TUNED, ModelCard, read_model_card, write_model_card
from intent.classifier.model import RulesClassifier
from intent.classifier.network import (
    Beliefs,
    IntentObjective,
    Network,
    NgramNetwork,
    TunedNetwork,
    blend,
    model_text,
    ngram_labels,
    ngram_targets,
    outputs,
    polar_targets,
    targets,
    wish_precision,
)
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import Taxonomy, load_taxonomy
from intent.corpus.noise import Noise
from intent.corpus.utterances import Labelled, LabelledSet, load_labelled
from intent.errors import TrainingDataError
from models.encoders.transformer import SentenceTransformerEncoder
from models.ngrams import NgramScorer, fit_ngrams
from models.tuned import load_tuned
from models.tuning import lowest_changed, tune
from models.tuning_run import Examples, TuningSettings

Progress = Callable[[int, int, str], None]
RULES, FROZEN = "rules", "frozen"  # baselines of the table
MIN_LINES = 40  # of the training split
WEIGHTS = tuple(round(0.1 * n, 1) for n in range(5, 10))  # of the encoder in the blend


TUNING = TuningSettings(parts=True, dropout=0.0, head_dropout=0.1, epochs=4, max_tokens=160)
GOING_ON = replace(TUNING, epochs=2, learning_rate=5e-4, head_learning_rate=1e-3)  # from an earlier model


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Of one training run; chosen on the development split (docs/call.md)."""

    precision: float = 0.92  # wanted of leads, on the calibration split
    noise: float = 0.15  # share of training lines that are read as a speech engine might have heard them
    tuning: TuningSettings = field(default_factory=lambda: TUNING)


@dataclass(frozen=True, kw_only=True)
class _Split:
    items: tuple[Labelled, ...]
    examples: Examples


def train(
    data: Path | None,
    encoder: SentenceTransformerEncoder,
    out: Path,
    *,
    taxonomy: Taxonomy | None = None,
    settings: TrainingSettings | None = None,
    with_shipped: bool = False,
    compare: bool = False,
    start: Path | None = None,
    progress: Progress = lambda done, of, note: None,
) -> ModelCard:
    """Train on `data` (the shipped lines by default), write the model folder `out`, return its card.

    The blend, the tuned encoder, the n-grams and the keyword rules are compared on the development split by
    the F0.5 of leads, which prefers precision; with `compare` the frozen encoder with logistic regression
    stands in the table, too. The split `test` is never read. `with_shipped` adds the shipped training lines to
    those of `data`. The same data, encoder and seed give the same weights; a stopped run goes on when it is
    started again. `start` is the folder of a model whose encoder is trained on, which takes fewer passes; the layers
    that it changed stay open. Raises
    TrainingDataError, ModelUnavailableError, ModelDamagedError.
    """
    taxonomy, settings = taxonomy or load_taxonomy(), settings or TrainingSettings()
    if start:
        frozen_layers = min(settings.tuning.frozen_layers, lowest_changed(start))
        settings = replace(settings, tuning=replace(settings.tuning, frozen_layers=frozen_layers))
    labelled = load_labelled(taxonomy, data)
    if data and with_shipped:
        labelled = labelled.with_lines(load_labelled(taxonomy).of("train"))
    require_enough(labelled)
    known = _split(labelled.of("train"), taxonomy, noise=settings.noise, seed=settings.tuning.seed)
    held, unseen = (_split(labelled.of(name), taxonomy) for name in ("calibration", "dev"))
    out.mkdir(parents=True, exist_ok=True)
    progress(0, settings.tuning.epochs, "n-grams")
    fit_ngrams(
        out,
        ngram_labels(taxonomy.ids),
        known.examples.texts,
        ngram_targets(known.examples.targets, len(taxonomy.ids)),
        believed=known.examples.weights,
    )
    tune(
        out,
        encoder.transformer(),
        family=encoder.name.partition("/")[0],
        labels=outputs(taxonomy.ids),
        train=known.examples,
        development=held.examples,
        settings=settings.tuning,
        objective=IntentObjective(len(taxonomy.ids), settings.tuning.smoothing),
        start=start,
        progress=progress,
    )
    frozen = FrozenBaseline(encoder, taxonomy.ids, seed=settings.tuning.seed) if compare else None
    if frozen:
        progress(settings.tuning.epochs, settings.tuning.epochs, "frozen encoder, for comparison")
        frozen.fit([item.utterance for item in known.items], known.examples.targets)
    origin = read_model_card(start).version if start else None
    return _finish(out, labelled, taxonomy, encoder, settings, held, unseen, frozen, origin)


def require_enough(labelled: LabelledSet) -> None:
    """Raises TrainingDataError for a split with too few lines."""
    for split, least in (("train", MIN_LINES), ("calibration", 1), ("dev", 1)):
        if len(labelled.of(split)) < least:
            raise TrainingDataError(
                f"The split {split} has {len(labelled.of(split))} lines but needs {least}: "
                "label more lines, or set the field split."
            )


def _finish(
    out: Path,
    labelled: LabelledSet,
    taxonomy: Taxonomy,
    encoder: SentenceTransformerEncoder,
    settings: TrainingSettings,
    held: _Split,
    unseen: _Split,
    frozen: FrozenBaseline | None,
    origin: str | None,
) -> ModelCard:
    """Blend, calibrate on one split, measure and choose on the other, write the card."""
    networks: dict[str, Network] = {
        NGRAMS: NgramNetwork(NgramScorer(out), taxonomy.ids),
        TUNED: TunedNetwork(load_tuned(out, encoder), taxonomy.ids),
        **({FROZEN: frozen} if frozen else {}),
    }
    on_held, on_unseen = (
        {name: network.read([item.utterance for item in split.items]) for name, network in networks.items()}
        for split in (held, unseen)
    )
    polar = polar_targets(held.examples.targets, len(taxonomy.ids))
    weight = max(WEIGHTS, key=lambda w: wish_precision(blend(on_held[NGRAMS], on_held[TUNED], w), polar))
    for beliefs in (on_held, on_unseen):
        beliefs[BLEND] = blend(beliefs[NGRAMS], beliefs[TUNED], weight)
    calibrations = {
        name: calibrate(found, polar, taxonomy, precision=settings.precision) for name, found in on_held.items()
    }
    read = {name: readings(found, calibrations[name], taxonomy, by=name) for name, found in on_unseen.items()}
    read[RULES] = RulesClassifier(load_rules(taxonomy)).read_many([item.utterance for item in unseen.items])
    figures = {name: _figures(unseen, found, on_unseen.get(name), taxonomy) for name, found in read.items()}
    candidates = (RULES, NGRAMS, TUNED, BLEND)
    best = max(candidates, key=lambda name: figures[name]["lead_f05"])
    card = ModelCard(
        version=f"intent-{labelled.digest[:6]}-{_weights_digest(out)[:6]}",
        taxonomy=taxonomy.version,
        intents=taxonomy.ids,
        best=best,
        weight=weight,
        calibrations={name: calibrations[name] for name in (NGRAMS, TUNED, BLEND)},
        trained_on={
            "sha256": labelled.digest,
            **{split: len(labelled.of(split)) for split in ("train", "calibration", "dev")},
            "without_lines": _without_lines(labelled.of("train"), taxonomy),
            "settings": asdict(settings),
            **({"start": origin} if origin else {}),
        },
        figures=figures,
    )
    write_model_card(out, card)
    drawn = best if best in on_unseen else BLEND
    write_card(out, card, taxonomy, unseen.items, read[best], on_unseen[drawn], calibrations[drawn])
    return card


def _figures(
    split: _Split, read: Sequence[LineReading], beliefs: Beliefs | None, taxonomy: Taxonomy
) -> dict[str, float | int]:
    found = method_figures(split.items, read, taxonomy)
    if beliefs is None:
        return found
    polar = polar_targets(split.examples.targets, len(taxonomy.ids))
    return {**found, "wish_average_precision": round(wish_precision(beliefs, polar), 4)}


def _split(items: tuple[Labelled, ...], taxonomy: Taxonomy, *, noise: float = 0.0, seed: int = 0) -> _Split:
    """Texts and targets; a share `noise` of the lines as they might have been misheard, labels untouched."""
    rng, misheard = Random(seed), Noise.from_data() if noise else None
    kept = tuple(
        replace(item, utterance=replace(item.utterance, text=misheard.of(item.utterance.text, rng)))
        if misheard and rng.random() < noise
        else item
        for item in items
    )
    return _Split(
        items=kept,
        examples=Examples(
            texts=tuple(model_text(item.utterance) for item in kept),
            targets=targets([item.gold for item in kept], taxonomy.ids),
            weights=_believed(kept),
        ),
    )


def _believed(items: Sequence[Labelled]) -> NDArray[np.float32] | None:
    """How far each line's labels are believed; None where a person gave all of them."""
    shares = np.array([item.believed for item in items], np.float32)
    return shares if (shares < 1).any() else None


def _without_lines(lines: Sequence[Labelled], taxonomy: Taxonomy) -> list[str]:
    """Intents that nobody wishes in them."""
    wished = {intent for line in lines for intent, polarity in line.gold if polarity is Polarity.INTEREST}
    return [intent for intent in taxonomy.ids if intent not in wished]


def _weights_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ("adapter.safetensors", "ngrams.npz"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
