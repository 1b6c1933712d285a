"""A trained score: two LightGBM models with their calibration, kept as text in a folder with its card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intent.errors import ScoreError
from intent.leads.scoring import features
from intent.leads.scoring.calibrate import Calibration, Floats
from intent.leads.scoring.features import Matrix

if TYPE_CHECKING:
    from lightgbm import Booster

HEADS = ("right", "ready")  # is it a lead; is it won, if it is one
CARD, TEXT = "card.json", "CARD.md"
ACTIVE = "active"  # file with the version that scores


def lightgbm() -> Any:
    """The library. Raises ScoreError where it is not installed."""
    try:
        import lightgbm as found
    except (ImportError, OSError) as error:  # OSError: its OpenMP library is missing
        raise ScoreError("Trained scores need LightGBM: pip install 'tougu[score]'.") from error
    return found


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """Reads matrices of the layout it was trained to."""

    version: str
    boosters: Mapping[str, Booster]
    calibrations: Mapping[str, Calibration]
    intents: tuple[str, ...]  # numbered as in training
    card: Mapping[str, Any]

    def probabilities(self, head: str, matrix: Matrix) -> Floats:
        """Calibrated, shape (leads,)."""
        return self.calibrations[head](raw_of(self.boosters[head], matrix))

    def contributions(self, matrix: Matrix) -> Floats:
        """Of each feature to both heads' log-odds together, shape (leads, features)."""
        parts = [np.asarray(b.predict(matrix, pred_contrib=True, num_threads=1)) for b in self.boosters.values()]
        return np.asarray(sum(part[:, :-1] for part in parts), np.float64)  # the last column is the base rate

    def save(self, folder: Path, text: str) -> None:
        """Write a new folder: models as LightGBM's text, calibration and card as JSON, the card as Markdown."""
        beside = folder.with_name(f".{folder.name}.new")
        beside.mkdir(parents=True)
        for head, booster in self.boosters.items():
            beside.joinpath(f"{head}.txt").write_text(booster.model_to_string(), "utf-8")
        card = {
            **self.card, "version": self.version, "layout": features.layout(), "intents": self.intents,
            "calibrations": {head: each.as_json() for head, each in self.calibrations.items()},
        }  # fmt: skip
        beside.joinpath(CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), "utf-8")
        beside.joinpath(TEXT).write_text(text, "utf-8")
        beside.replace(folder)


def raw_of(booster: Booster, matrix: Matrix) -> Floats:
    """Log-odds, shape (leads,); one thread, so that a server's threads do not fight."""
    return np.asarray(booster.predict(matrix, raw_score=True, num_threads=1), np.float64)


def load_model(folder: Path) -> ScoreModel:
    """Raises ScoreError for a folder that is broken or of another version of the product."""
    library = lightgbm()
    card = read_card(folder)
    if card.get("layout") != features.layout():
        raise ScoreError(f"The score {folder.name} was trained for other features: run `tougu leads train` again.")
    try:
        boosters = {
            head: library.Booster(model_str=folder.joinpath(f"{head}.txt").read_text("utf-8")) for head in HEADS
        }
        calibrations = {head: Calibration.from_json(card["calibrations"][head]) for head in HEADS}
    except (OSError, KeyError, ValueError, library.basic.LightGBMError) as error:
        raise ScoreError(f"The score {folder} is broken ({type(error).__name__}): train it again.") from error
    return ScoreModel(
        version=card["version"], boosters=boosters, calibrations=calibrations, intents=tuple(card["intents"]), card=card
    )


def read_card(folder: Path) -> Mapping[str, Any]:
    """The card of a trained score, without loading it. Raises ScoreError."""
    try:
        card: dict[str, Any] = json.loads(folder.joinpath(CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ScoreError(f"{folder} holds no trained score: `tougu leads train` makes one.") from error
    return card


class ScoreShelf:
    """A folder of trained scores, one of them active or none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> Sequence[str]:
        return sorted(
            path.parent.name for path in self.folder.glob(f"*/{CARD}") if not path.parent.name.startswith(".")
        )

    def active(self) -> str | None:
        """The version that scores; None: the rule does."""
        try:
            return self.folder.joinpath(ACTIVE).read_text("utf-8").strip() or None
        except OSError:
            return None

    def activate(self, version: str | None) -> None:
        """Let a version score, None: the rule. Raises ScoreError for one that its gate did not let pass."""
        if version is not None and not read_card(self.folder / version)["gate"]["passed"]:
            raise ScoreError(f"The score {version} is not better than the rule at capacity: it stays inactive.")
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{ACTIVE}.new"
        beside.write_text(version or "", "utf-8")
        beside.replace(self.folder / ACTIVE)

    def load(self, version: str) -> ScoreModel:
        return load_model(self.folder / version)
