"""Training the semantic rules: two scorers learn, a third split calibrates their blend, a fourth measures it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compliance_filters.finding import Draft, ReviewContext, Target
from compliance_filters.normalise import Normaliser
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.pack import RulePack
from compliance_filters.semantic.calibration import (
    Calibration,
    acquittal,
    calibrate,
    calibrate_speech,
    suspicions,
    write_calibration,
)
from compliance_filters.semantic.dataset import SPLITS, LabelledSentence, SentenceSet, examples
from compliance_filters.semantic.filter import SemanticFilter, looked_for
from models.encoders.transformer import SentenceTransformerEncoder
from models.ngrams import NgramScorer, fit_ngrams
from models.objective import mean_average_precision
from models.scorer import Blend, Probabilities, blended
from models.tuned import load_tuned, read_card
from models.tuning import tune
from models.tuning_run import Examples, TuningSettings

DECIDE_AT, REVIEW_AT = 0.96, 0.90  # precision of the model's word and of its doubt; half of the lines violate
SPOKEN_DECIDE_AT, SPOKEN_REVIEW_AT = 0.90, 0.75  # of spoken words, as rarely wrong as calls are
# Of true phrase findings, those that may be acquitted; of what is acquitted, the least share that is false.
ACQUIT_LOSES, ACQUIT_AT = 0.02, 0.75
GOING_ON = TuningSettings(epochs=2, learning_rate=5e-4, head_learning_rate=1.5e-3)  # from an earlier model
REPEATED = 3
_KEPT = 0.99  # share of violating calibration lines about which the encoder must be asked
_WEIGHTS = tuple(round(0.1 * n, 1) for n in range(1, 10))  # of the encoder in the blend
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Where the model lies and how it did on the development split."""

    folder: Path
    figures: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Split:
    items: tuple[LabelledSentence, ...]
    made: Examples
    asked: NDArray[np.bool_]  # (lines, labels): what the filter looks for in a text of that target


def train_semantic(
    folder: Path,
    data: SentenceSet,
    encoder: SentenceTransformerEncoder,
    pack: RulePack,
    *,
    settings: TuningSettings,
    start: Path | None = None,
    fresh: Collection[str] = (),
    progress: Progress = lambda done, of, note: None,
) -> Trained:
    """Write weights, cards, calibration and figures into `folder`; the encoder goes on from the model in `start`.

    `fresh` are batches that the model in `start` has not seen: of the others one line in three is repeated to it.
    Raises ModelUnavailableError without torch and peft, ModelDamagedError when `start` does not fit, OSError when the
    folder cannot be written.
    """
    labels = data.labels
    normalise = Normaliser(pack.lexicon)
    train, held, spoken, development = (_split(data, name, labels, normalise) for name in SPLITS)
    origin = read_card(start).sha256[:12] if start else ""
    progress(0, settings.epochs, "n-grams")
    fit_ngrams(folder, labels, train.made.texts, train.made.targets)
    tune(
        folder,
        encoder.transformer(),
        family=encoder.name.partition("/")[0],
        labels=labels,
        train=_repeated(train, fresh) if fresh else train.made,
        development=held.made,
        settings=settings,
        start=start,
        progress=progress,
    )
    went_on = {"start": origin, "fresh": sorted(fresh)} if origin else {}
    return finish(folder, data, encoder, (held, spoken, development), settings, pack, went_on=went_on)


def finish(
    folder: Path,
    data: SentenceSet,
    encoder: SentenceTransformerEncoder,
    splits: tuple[_Split, _Split, _Split],
    settings: TuningSettings,
    pack: RulePack,
    *,
    went_on: Mapping[str, Any] | None = None,
) -> Trained:
    """Blend, calibrate (texts, speech, acquittals) and measure two trained scorers on three splits in that order.

    `went_on` says from which model, with which fresh batches.
    """
    held, spoken, development = splits
    scorers = NgramScorer(folder), load_tuned(folder, encoder)
    fast, slow = (scorer.score(held.made.texts) for scorer in scorers)
    weight = max(_WEIGHTS, key=lambda w: mean_average_precision(blended(fast, slow, w), held.made.targets))
    violating = held.made.targets.any(1)
    ask_from = round(float(np.quantile(fast.max(1)[violating], 1 - _KEPT)), 4)
    calibration = calibrate(
        data.labels,
        suspicions(_blend(fast, slow, weight, ask_from), held.asked),
        held.made.targets,
        decide_at=DECIDE_AT,
        review_at=REVIEW_AT,
        weight=weight,
        ask_from=ask_from,
    )
    if spoken.items:
        fast, slow = (scorer.score(spoken.made.texts) for scorer in scorers)
        calibration = replace(
            calibration,
            speech=calibrate_speech(
                suspicions(_blend(fast, slow, weight, ask_from), spoken.asked),
                spoken.made.targets,
                decide_at=SPOKEN_DECIDE_AT,
                review_at=SPOKEN_REVIEW_AT,
            ),
        )
    blended_scorer = Blend(*scorers, weight=weight, ask_from=ask_from)
    calibration = replace(calibration, acquit=_acquit(SemanticFilter(pack, blended_scorer, calibration), pack, held))
    write_calibration(folder, calibration)
    fast, slow = (scorer.score(development.made.texts) for scorer in scorers)
    figures = {
        "data": {"sha256": data.digest, **{name: len(data.of(name)) for name in ("train", "calibration", "spoken")}},
        "settings": asdict(settings),
        **(went_on or {}),
        "blend": {"weight": weight, "ask_from": ask_from},
        "acquit": calibration.acquit,
        "development": {
            name: measure(data.labels, scores, calibration, development)
            for name, scores in (
                ("ngrams", fast), ("encoder", slow), ("blend", _blend(fast, slow, weight, ask_from)),
            )
        },
    }  # fmt: skip
    (folder / "figures.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return Trained(folder=folder, figures=figures)


def _acquit(reader: SemanticFilter, pack: RulePack, held: _Split) -> float:
    """Below which belief words that a phrase rule found break nothing: chosen where calibration lines were found."""
    phrases, nothing = PhraseFilter(pack), ReviewContext(today=date.min)
    beliefs, truth = [], []
    for item in held.items:
        draft = Draft(text=item.text, target=Target(item.target), generated=False)
        for finding in phrases.find(draft, nothing):
            right = finding.rule in item.rules
            if not right and item.rules:
                continue  # the text breaks a rule that lies close to this one: neither true nor false
            belief = reader.belief(draft, finding)
            if belief is not None:
                beliefs.append(belief)
                truth.append(right)
    return acquittal(beliefs, truth, lost=ACQUIT_LOSES, right=ACQUIT_AT)


def measure(labels: Sequence[str], scores: Probabilities, calibration: Calibration, split: _Split) -> dict[str, Any]:
    """Mean average precision; precision and recall of decisions and of doubts; false alarms on compliant sentences.

    The thresholds are those of the blend, so that of its parts only the first figure can be compared.
    """
    truth = split.made.targets.astype(bool)
    suspicion = suspicions(scores, split.asked)
    decided = suspicion >= _row(labels, calibration, "decide")
    suspected = suspicion >= _row(labels, calibration, "review")
    compliant = ~truth.any(1)
    paraphrased = np.array(["paraphrase" in item.tags for item in split.items])
    found = (suspected & truth).any(1)
    return {
        "n": len(split.items),
        "violating": int((~compliant).sum()),
        "mean_average_precision": round(mean_average_precision(scores, split.made.targets), 4),
        "decided": _rates(decided, truth),
        "suspected": _rates(suspected, truth),
        "violating_decided": round(float(decided[~compliant].any(1).mean()), 4) if not compliant.all() else None,
        "violating_suspected": round(float(suspected[~compliant].any(1).mean()), 4) if not compliant.all() else None,
        "false_decisions": round(float(decided[compliant].any(1).mean()), 4) if compliant.any() else None,
        "false_doubts": round(float(suspected[compliant].any(1).mean()), 4) if compliant.any() else None,
        "paraphrase_recall": round(float(found[paraphrased].mean()), 4) if paraphrased.any() else None,
    }


def _split(data: SentenceSet, name: str, labels: Sequence[str], normalise: Normaliser) -> _Split:
    items = data.of(name)
    made = examples(items, labels, [normalise(item.text).text for item in items])
    asked = [[looked_for(label, Target(item.target)) for label in labels] for item in items]
    return _Split(items=items, made=made, asked=np.array(asked, bool).reshape(len(items), len(labels)))


def _repeated(split: _Split, fresh: Collection[str]) -> Examples:
    """All lines of the fresh batches, and every third of the others."""
    rows = [n for n, item in enumerate(split.items) if item.batch in fresh or n % REPEATED == 0]
    return Examples(texts=tuple(split.made.texts[n] for n in rows), targets=split.made.targets[rows])


def _blend(fast: Probabilities, slow: Probabilities, weight: float, ask_from: float) -> Probabilities:
    asked = fast.max(1, keepdims=True) >= ask_from
    return np.where(asked, blended(fast, slow, weight), fast)


def _row(labels: Sequence[str], calibration: Calibration, name: str) -> NDArray[np.float32]:
    return np.array([getattr(calibration.of(label), name) for label in labels], np.float32)


def _rates(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    hit = int((found & truth).sum())
    return {
        "precision": round(hit / max(1, int(found.sum())), 4),
        "recall": round(hit / max(1, int(truth.sum())), 4),
    }
