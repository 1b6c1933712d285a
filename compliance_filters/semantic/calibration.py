"""From probabilities to decisions: by rule, the least suspicion at which the model's word was right often enough."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compliance_filters.errors import RulePackError

NEVER = 2.0  # no probability reaches it
_FILE = "calibration.json"
_PSEUDO, _SLACK = 8, 0.05
_FEWEST = 50  # true findings on which a threshold of acquittal is chosen


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Of one rule: from `review` on an officer looks, from `decide` on the rule's own outcome stands."""

    review: float = NEVER
    decide: float = NEVER
    positives: int = 0  # calibration lines that break the rule
    precision: float | None = None  # measured at `decide`; None where nothing reaches it


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Thresholds by rule id; a rule without any is never found by the model.

    `weight` is the encoder's share beside the n-grams, in log-odds; below `ask_from`, the highest probability
    that the n-grams give a text, the encoder is not asked. Where an advisor's spoken words are judged, no
    threshold is below those of `speech`: of the lines that set the others two in five break a rule, in calls one
    passage in thirty.
    """

    by_rule: Mapping[str, Thresholds]
    weight: float = 0.5
    ask_from: float = 0.0
    speech: Thresholds | None = None
    acquit: float = 0.0

    @property
    def digest(self) -> str:
        """Changes with any threshold."""
        told = asdict(replace(self, by_rule=dict(self.by_rule)))
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    def of(self, rule_id: str, *, spoken: bool = False) -> Thresholds:
        """Of one rule; `spoken` for what an advisor said in a call."""
        own = self.by_rule.get(rule_id, Thresholds())
        if not spoken or self.speech is None:
            return own
        return replace(
            own, review=max(own.review, self.speech.review), decide=max(own.decide, self.speech.decide), precision=None
        )


def suspicions(probabilities: NDArray[np.float32], allowed: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The likeliest rule of a text answers for all that is suspected of it, every other rule for itself.

    Probabilities of rules that lie close together (a forecast of the fund, of the market) share what is one
    violation; 1 - prod(1 - p), as if they were independent, puts it together again. Shapes (texts, labels).
    """
    found = np.where(allowed, probabilities, 0.0).astype(np.float32)
    found[np.arange(len(found)), found.argmax(1)] = 1 - np.prod(1 - found, axis=1)
    return found


def calibrate(
    labels: Sequence[str],
    suspected: NDArray[np.float32],
    targets: NDArray[np.float32],
    *,
    decide_at: float,
    review_at: float,
    weight: float = 0.5,
    ask_from: float = 0.0,
) -> Calibration:
    """Choose thresholds on lines that training never saw.

    `suspected` (of `suspicions`) and `targets` have shape (lines, labels). `decide_at` and `review_at` are
    precisions. No rule decides below the threshold above which lines break any rule so often. A rule has few
    lines of its own, so they raise its threshold only where they speak clearly against it: the share that breaks
    this very rule, shrunk by eight pseudo-lines towards the wanted one, must not fall more than five points below.
    """
    violating = np.asarray(targets.any(1), np.float32)
    most = np.asarray(suspected.max(1), np.float32)
    first = suspected.argmax(1)
    pooled = _least(most, violating, decide_at, prior=None)
    watched = _least(most, violating, review_at, prior=None)
    found = {}
    for column, label in enumerate(labels):
        scores, truth = most[first == column], targets[first == column, column]
        decide = max(pooled, _least(scores, truth, decide_at - _SLACK, prior=decide_at))
        review = min(decide, max(watched, _least(scores, truth, review_at - _SLACK, prior=review_at)))
        above = truth[scores >= decide]
        found[label] = Thresholds(
            review=round(float(review), 4),
            decide=round(float(decide), 4),
            positives=int(targets[:, column].sum()),
            precision=round(float(above.mean()), 4) if len(above) else None,
        )
    return Calibration(by_rule=found, weight=weight, ask_from=ask_from)


def calibrate_speech(
    suspected: NDArray[np.float32], targets: NDArray[np.float32], *, decide_at: float, review_at: float
) -> Thresholds:
    """One pair of thresholds for all rules, on what advisors said in whole calls; shapes as in `calibrate`.

    A passage counts as right where the likeliest rule is one that it breaks.
    """
    rows, first = np.arange(len(suspected)), suspected.argmax(1)
    most, truth = np.asarray(suspected.max(1), np.float32), np.asarray(targets[rows, first], np.float32)
    decide = _least(most, truth, decide_at, prior=None)
    above = truth[most >= decide]
    return Thresholds(
        review=round(min(decide, _least(most, truth, review_at, prior=None)), 4),
        decide=round(decide, 4),
        positives=int(targets.any(1).sum()),
        precision=round(float(above.mean()), 4) if len(above) else None,
    )


def acquittal(beliefs: Sequence[float], truth: Sequence[bool], *, lost: float, right: float) -> float:
    """Below which belief a phrase finding is dropped: no more than `lost` of the true findings lie below it.

    0 where there are too few findings to tell, or where less than `right` of what lies below was false.
    """
    true_ones = sorted(belief for belief, true in zip(beliefs, truth, strict=True) if true)
    if len(true_ones) < _FEWEST:
        return 0.0
    least = true_ones[int(lost * len(true_ones))]
    below = [true for belief, true in zip(beliefs, truth, strict=True) if belief < least]
    return round(least, 4) if below and sum(below) <= (1 - right) * len(below) else 0.0


def _least(scores: NDArray[np.float32], truth: NDArray[np.float32], wanted: float, *, prior: float | None) -> float:
    """The lowest score at which the precision of everything above it is at least `wanted`."""
    if not len(scores):
        return -1.0  # nothing speaks against any threshold
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(truth[order])
    seen = np.arange(1, len(order) + 1)
    precision = right / seen if prior is None else (right + _PSEUDO * prior) / (seen + _PSEUDO)
    last_of_equals = np.append(np.diff(scores[order]) < 0, True)  # a threshold lets all equal scores through
    good = np.flatnonzero((precision >= wanted) & last_of_equals)
    return float(scores[order[good[-1]]]) if len(good) else NEVER


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Beside the weights it belongs to."""
    plain = {
        "weight": calibration.weight,
        "ask_from": calibration.ask_from,
        "acquit": calibration.acquit,
        "speech": None if calibration.speech is None else asdict(calibration.speech),
        "rules": {rule: asdict(thresholds) for rule, thresholds in calibration.by_rule.items()},
    }
    (folder / _FILE).write_text(json.dumps(plain, ensure_ascii=False, indent=2) + "\n", "utf-8")


def read_calibration(folder: Path) -> Calibration:
    """Raises RulePackError when it is missing or unreadable: without it the model decides nothing."""
    try:
        raw = json.loads((folder / _FILE).read_text("utf-8"))
        rules = {rule: Thresholds(**entry) for rule, entry in raw["rules"].items()}
        speech = Thresholds(**raw["speech"]) if raw.get("speech") else None
        return Calibration(
            by_rule=rules,
            weight=float(raw["weight"]),
            ask_from=float(raw["ask_from"]),
            speech=speech,
            acquit=float(raw.get("acquit", 0.0)),  # models trained before there was a second reading acquit nothing
        )
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise RulePackError(
            f"the calibration in {folder} cannot be read ({type(error).__name__}): install tougu again, "
            "or train the semantic rules again."
        ) from error
