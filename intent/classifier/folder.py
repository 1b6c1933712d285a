"""A trained intent model as a folder: weights, the card that says what they are, and how to open them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from intent.classifier.calibration import Calibration, Platt
from intent.classifier.network import BlendedNetwork, Network, NgramNetwork, TunedNetwork
from intent.classifier.taxonomy import Taxonomy
from intent.errors import ClassifierError, OtherTaxonomyError
from models.encoder import Encoder
from models.errors import ModelDamagedError
from models.ngrams import NgramScorer
from models.tuned import load_tuned

CARD = "intent.json"
NGRAMS, TUNED, BLEND = "ngrams", "tuned", "blend"  # what can read
METHODS = (NGRAMS, TUNED, BLEND)


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a program must know of a trained model; people read `CARD.md` beside it."""

    version: str
    taxonomy: str  # version of the taxonomy it knows
    intents: tuple[str, ...]
    best: str  # of METHODS or `rules`: what was best on the development split
    weight: float  # the encoder's share in the blend
    calibrations: Mapping[str, Calibration]  # by method
    trained_on: Mapping[str, Any] = field(default_factory=dict)  # file hash, lines by split, settings
    figures: Mapping[str, Any] = field(default_factory=dict)  # by method, on the development split


def shipped_folder() -> Path:
    """The model that the product brings."""
    return Path(str(resources.files("intent.classifier").joinpath("model")))


def write_model_card(folder: Path, card: ModelCard) -> None:
    """Beside the weights; written beside and renamed."""
    beside = folder / f".{CARD}.new"
    beside.write_text(json.dumps(asdict(card), ensure_ascii=False, indent=1) + "\n", "utf-8")
    beside.replace(folder / CARD)


def read_model_card(folder: Path) -> ModelCard:
    """Raises ClassifierError when there is none or it cannot be read."""
    try:
        raw = json.loads((folder / CARD).read_text("utf-8"))
        calibrations = {name: _calibration(entry) for name, entry in raw["calibrations"].items()}
        return ModelCard(**{**raw, "intents": tuple(raw["intents"]), "calibrations": calibrations})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ClassifierError(
            f"The intent model {folder} has no readable card ({type(error).__name__}): name a folder that "
            "`tougu intent train` wrote, or leave intent.model_dir empty for the shipped model."
        ) from error


def require_taxonomy(card: ModelCard, taxonomy: Taxonomy) -> None:
    """Raises OtherTaxonomyError for a model of another one, also where its card found the keyword rules best."""
    if card.taxonomy != taxonomy.version:
        raise OtherTaxonomyError(
            f"The intent model {card.version} was trained for the taxonomy {card.taxonomy}, but {taxonomy.version} "
            "is loaded: set intent.taxonomy back, or train with `tougu intent train`."
        )


def open_network(folder: Path, card: ModelCard, method: str, taxonomy: Taxonomy, encoder: Encoder | None) -> Network:
    """The network of a method; `encoder` is None for n-grams alone. Raises ClassifierError for what does not fit."""
    try:
        ngrams = NgramNetwork(NgramScorer(folder), card.intents)
        if method == NGRAMS or encoder is None:
            return ngrams
        tuned = TunedNetwork(load_tuned(folder, encoder), card.intents)
    except (ModelDamagedError, ValueError) as error:
        raise ClassifierError(
            f"The intent model {folder} cannot be opened ({error}): train again, or restore the whole folder."
        ) from error
    return tuned if method == TUNED else BlendedNetwork(ngrams, tuned, card.weight)


def _calibration(raw: Mapping[str, Any]) -> Calibration:
    return Calibration(**{**raw, "wish": Platt(**raw["wish"]), "other": Platt(**raw["other"])})
