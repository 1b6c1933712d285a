"""`tougu leads train`: a score learnt from what became of leads, calibrated on later ones, judged on the latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from intent.errors import ScoreError
from intent.leads.scoring import features
from intent.leads.scoring.calibrate import brier, calibrate, calibration_error
from intent.leads.scoring.dataset import Labelled, Slices, labelled_leads, split
from intent.leads.scoring.gate import Verdict, judge
from intent.leads.scoring.model import HEADS, ScoreModel, lightgbm, raw_of
from intent.leads.scoring.settings import ScoringSettings

if TYPE_CHECKING:
    from lightgbm import Booster

ROUNDS, PATIENCE = 400, 30
EARLY_SHARE = 0.85  # of the training leads; the later ones say when to stop
PARAMETERS: Mapping[str, Any] = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "lambda_l2": 1.0,
    "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1, "min_data_per_group": 20, "seed": 7,
    "deterministic": True, "force_row_wise": True, "num_threads": 2, "verbosity": -1,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model with what its gate found."""

    model: ScoreModel
    verdict: Verdict
    slices: Slices


def train(engine: Engine, intents: Sequence[str], settings: ScoringSettings, *, at: datetime | None = None) -> Trained:
    """Learn from every lead with an outcome. Raises ScoreError while there are too few, or without LightGBM."""
    lightgbm()
    found = labelled_leads(engine, intents)
    _require_enough(found, settings)
    slices = split(found)
    _require_both(slices)
    boosters, calibrations = {}, {}
    for head in HEADS:
        boosters[head] = _fit(*_of_head(slices.train, head))
        matrix, hit = _of_head(slices.calibration, head)
        calibrations[head] = calibrate(raw_of(boosters[head], matrix), hit)
    version = f"score-{(at or datetime.now(UTC)):%Y%m%d-%H%M%S}"
    bare = ScoreModel(
        version=version, boosters=boosters, calibrations=calibrations, intents=tuple(intents), card={}
    )  # fmt: skip
    verdict = _judge(bare, slices.held_back, settings)
    card = _card(bare, slices, verdict, settings)
    model = ScoreModel(
        version=version, boosters=boosters, calibrations=calibrations, intents=tuple(intents), card=card
    )  # fmt: skip
    return Trained(model=model, verdict=verdict, slices=slices)


def _of_head(found: Labelled, head: str) -> tuple[features.Matrix, NDArray[np.bool_]]:
    """right: every outcome, a hit where the lead was none of the wrong ones. ready: those, a hit where it was won."""
    if head == "right":
        return found.matrix, ~found.wrong
    return found.matrix[~found.wrong], found.won[~found.wrong]


def _fit(matrix: features.Matrix, hit: NDArray[np.bool_]) -> Booster:
    library = lightgbm()
    early = int(len(hit) * EARLY_SHARE)
    names, categories = list(features.names()), [features.names().index(features.INTENT)]
    options = {"feature_name": names, "categorical_feature": categories, "free_raw_data": False}
    learn = library.Dataset(matrix[:early], hit[:early], **options)
    watch = library.Dataset(matrix[early:], hit[early:], reference=learn, **options)
    stop = library.early_stopping(PATIENCE, verbose=False)
    booster: Booster = library.train(dict(PARAMETERS), learn, ROUNDS, valid_sets=[watch], callbacks=[stop])
    return booster


def _judge(model: ScoreModel, held_back: Labelled, settings: ScoringSettings) -> Verdict:
    right, ready = (model.probabilities(head, held_back.matrix) for head in HEADS)
    return judge(
        clients=held_back.clients, days=held_back.days, won=held_back.won, trained=right * ready * held_back.value,
        rule=held_back.rule, explored=held_back.explored, share=settings.capacity_share,
    )  # fmt: skip


def _require_enough(found: Labelled, settings: ScoringSettings) -> None:
    lost = len(found) - int(found.won.sum()) - int(found.wrong.sum())
    counts = {"won": int(found.won.sum()), "lost": lost, "wrong": int(found.wrong.sum())}
    if len(found) < settings.min_outcomes:
        raise ScoreError(
            f"{len(found)} leads have an outcome, {settings.min_outcomes} are needed (scoring.min_outcomes): "
            "report more, until then the rule scores."
        )
    few = [name for name, n in counts.items() if n < settings.min_each]
    if few:
        raise ScoreError(
            f"Only {counts[few[0]]} leads are {few[0]}, {settings.min_each} are needed (scoring.min_each): "
            "report more, until then the rule scores."
        )


def _require_both(slices: Slices) -> None:
    for name in ("train", "calibration", "held_back"):
        for head in HEADS:
            _, hit = _of_head(getattr(slices, name), head)
            if not (hit.any() and (~hit).any()):
                raise ScoreError(
                    f"The {name} slice has outcomes of one kind alone ({head}): collect more days and clients."
                )


def _card(model: ScoreModel, slices: Slices, verdict: Verdict, settings: ScoringSettings) -> Mapping[str, Any]:
    parts = {name: getattr(slices, name) for name in ("train", "calibration", "held_back")}
    return {
        "trained_on": {name: _counts(part) for name, part in parts.items()}, "dropped": slices.dropped,
        "capacity_share": settings.capacity_share, "gate": verdict.as_json(),
        "quality": {head: _quality(model, slices.held_back, head) for head in HEADS},
        "importance": {head: _importance(booster) for head, booster in model.boosters.items()},
        "parameters": dict(PARAMETERS),
    }  # fmt: skip


def _counts(part: Labelled) -> Mapping[str, Any]:
    return {
        "leads": len(part), "clients": len(set(part.clients)), "won": int(part.won.sum()),
        "wrong": int(part.wrong.sum()), "from": min(part.days).isoformat(), "to": max(part.days).isoformat(),
    }  # fmt: skip


def _quality(model: ScoreModel, held_back: Labelled, head: str) -> Mapping[str, Any]:
    matrix, hit = _of_head(held_back, head)
    probability = model.probabilities(head, matrix)
    return {
        "auc": round(_auc(probability, hit), 4), "brier": round(brier(probability, hit), 4),
        "brier_of_base": round(brier(np.full(len(hit), hit.mean()), hit), 4),
        "calibration_error": round(calibration_error(probability, hit), 4),
        "calibration": model.calibrations[head].method,
    }  # fmt: skip


def _auc(score: NDArray[np.float64], hit: NDArray[np.bool_]) -> float:
    """Probability that a hit scores above a miss, half for ties: Mann and Whitney (1947)."""
    below = np.searchsorted(np.sort(score[~hit]), score[hit], "left")
    level = np.searchsorted(np.sort(score[~hit]), score[hit], "right") - below
    return float((below + level / 2).sum() / (hit.sum() * (~hit).sum()))


def _importance(booster: Booster) -> Mapping[str, float]:
    """Share of each feature in the gain of all splits, the largest first."""
    gains = dict(zip(booster.feature_name(), booster.feature_importance("gain").tolist(), strict=True))
    whole = sum(gains.values()) or 1.0
    return {name: round(gain / whole, 4) for name, gain in sorted(gains.items(), key=lambda each: -each[1]) if gain}
