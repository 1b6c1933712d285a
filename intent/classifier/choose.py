"""Which classifier reads: by settings, by the model that is active, or what its card found best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from intent.classifier.calibration import Calibration
from intent.classifier.folder import METHODS, NGRAMS, ModelCard, open_network, read_model_card, require_taxonomy
from intent.classifier.model import IntentClassifier, RulesClassifier, TrainedClassifier
from intent.classifier.rules import Rules
from intent.classifier.taxonomy import Taxonomy
from intent.errors import ClassifierError
from intent.settings import IntentSettings
from models.encoder import Encoder
from models.tuned import transformer_of


def load_classifier(
    settings: IntentSettings, folder: Path, *, taxonomy: Taxonomy, rules: Rules, encoder: Callable[[], Encoder]
) -> IntentClassifier:
    """The classifier that the settings ask for, from the model in `folder`; weights load at the first line.

    `best` takes what the card found best on the development split; where the encoder has no torch, the
    n-grams alone. Raises ClassifierError when the model is missing, broken, or of another taxonomy or encoder.
    """
    if settings.method == "rules":
        return RulesClassifier(rules, context_turns=settings.context_turns)
    card = read_model_card(folder)
    require_taxonomy(card, taxonomy)
    method = card.best if settings.method == "best" else settings.method
    if method == "rules":
        return RulesClassifier(rules, context_turns=settings.context_turns)
    if method not in METHODS:
        raise ClassifierError(f"There is no method {method} in the model {card.version}: set intent.method = best.")
    carrier = encoder() if method != NGRAMS else None
    if carrier is not None and transformer_of(carrier) is None:
        method, carrier = NGRAMS, None
    return trained(settings, folder, card, method, taxonomy, carrier)


def trained(
    settings: IntentSettings,
    folder: Path,
    card: ModelCard,
    method: str,
    taxonomy: Taxonomy,
    encoder: Encoder | None,
) -> TrainedClassifier:
    """A classifier by one method of a model. Raises ClassifierError."""
    calibration = card.calibrations[method]
    if settings.lead_precision is not None:
        calibration = _at_precision(card, calibration, settings.lead_precision)
    if settings.lead_threshold is not None:
        calibration = replace(calibration, lead=settings.lead_threshold)
    return TrainedClassifier(
        open_network(folder, card, method, taxonomy, encoder),
        calibration,
        taxonomy,
        version=card.version if method == card.best else f"{card.version}/{method}",
        context_turns=settings.context_turns,
    )


def _at_precision(card: ModelCard, calibration: Calibration, precision: float) -> Calibration:
    try:
        return calibration.at(precision)
    except ValueError as error:
        raise ClassifierError(
            f"The intent model {card.version} has no lead threshold for intent.lead_precision {precision:g} ({error}): "
            "ask for less, leave it empty for the card's own, or train with `tougu intent train --precision`."
        ) from error
