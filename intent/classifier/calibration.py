"""From beliefs to readings: calibrated probabilities, and thresholds chosen on lines that training never saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from intent.call import LineReading, TurnIntent
from intent.classifier.network import POLARITIES, Beliefs
from intent.classifier.taxonomy import Taxonomy

Floats = NDArray[np.float32]
NEVER = 1.01  # no probability reaches it
CASE_RECALL = 0.97  # of complaints and fraud reports: a missed one costs more than a look at a false one
CASE_FLOOR = 0.5  # precision below which even a case is not raised
PRECISIONS = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)  # of leads that may be asked for later
UNSURE_FROM = 0.35  # a lead at least as likely as this, and not raised, is worth a look


@dataclass(frozen=True, kw_only=True)
class Platt:
    """p -> sigmoid(slope * logit(p) + shift). Source: Platt (1999)."""

    slope: float = 1.0
    shift: float = 0.0

    def __call__(self, probability: Floats) -> Floats:
        odds = np.clip(self.slope * _logit(probability) + self.shift, -30, 30)
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """`wish`: of intent with interest; `other`: of intent without. Thresholds are calibrated probabilities."""

    precision: float  # wanted of leads
    wish: Platt = Platt()
    other: Platt = Platt()
    lead: float = NEVER
    case: float = NEVER
    service: float = NEVER  # tickets, consent and market talk
    not_wish: float = NEVER
    leads: Mapping[str, float] = field(default_factory=dict)  # the threshold of leads by precision

    def at(self, precision: float) -> Calibration:
        """For another precision of leads, or the next higher one that was measured. Raises ValueError above all."""
        known = [each for each in sorted(map(float, self.leads)) if each >= precision and self.lead_at(each) < NEVER]
        if not known:
            raise ValueError(f"no threshold reached a precision of {precision:g}")
        return replace(self, precision=known[0], lead=self.lead_at(known[0]))

    def lead_at(self, precision: float) -> float:
        """The threshold of a precision that was measured."""
        return self.leads[f"{precision:g}"]


def calibrate(beliefs: Beliefs, polar: Floats, taxonomy: Taxonomy, *, precision: float) -> Calibration:
    """Fit on `polar` (lines, intents, 3) of a split of its own, where training saw no line.

    Leads: the lowest threshold above which so many wishes are right. Cases: the highest that keeps most of them.
    Everything else: the best F1.
    """
    wanted, unwanted = polar[:, :, 0], polar[:, :, 1:].max(2)
    wish = fitted(beliefs.wish, wanted)
    other = fitted(beliefs.intent - beliefs.wish, unwanted)
    wishes, others = wish(beliefs.wish), other(beliefs.intent - beliefs.wish)
    leads, cases = kinds(taxonomy)
    rest = ~(leads | cases)
    wished, scores = wanted[:, leads], wishes[:, leads]
    return Calibration(
        precision=precision,
        wish=wish,
        other=other,
        lead=at_precision(scores, wished, precision),
        case=at_recall(wishes[:, cases], wanted[:, cases], CASE_RECALL, floor=CASE_FLOOR),
        service=at_best_f1(wishes[:, rest], wanted[:, rest]),
        not_wish=at_best_f1(others, unwanted),
        leads={f"{each:g}": at_precision(scores, wished, each) for each in PRECISIONS},
    )


def kinds(taxonomy: Taxonomy) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which columns are leads, and which are cases; in the order of `taxonomy.ids`."""
    intents = [taxonomy[id_] for id_ in taxonomy.ids]
    return np.array([i.is_lead for i in intents]), np.array([i.goes_to == "case" for i in intents])


def readings(beliefs: Beliefs, calibration: Calibration, taxonomy: Taxonomy, *, by: str) -> list[LineReading]:
    """What is sure enough to be said of each line, and the leads in doubt."""
    wishes = calibration.wish(beliefs.wish)
    others = calibration.other(beliefs.intent - beliefs.wish)
    leads, cases = kinds(taxonomy)
    least = np.select([leads, cases], [calibration.lead, calibration.case], calibration.service)
    wished = wishes >= least
    refused = (others >= calibration.not_wish) & ~wished
    doubted = leads & ~wished & ~refused & (wishes >= UNSURE_FROM)
    which = 1 + beliefs.polarity[:, :, 1:].argmax(2)

    def found(row: int, column: int) -> TurnIntent:
        interest = not refused[row, column]
        return TurnIntent(
            intent=taxonomy.ids[column],
            polarity=POLARITIES[0 if interest else which[row, column]],
            confidence=round(float((wishes if interest else others)[row, column]), 4),
            by=by,
        )

    return [
        LineReading(
            intents=_ranked(found(row, column) for column in np.flatnonzero(wished[row] | refused[row]).tolist()),
            unsure=_ranked(found(row, column) for column in np.flatnonzero(doubted[row]).tolist()),
        )
        for row in range(len(wishes))
    ]


def at_precision(scores: Floats, truth: Floats, wanted: float) -> float:
    """The lowest score above which, that score included, the share of right ones is at least `wanted`."""
    thresholds, right, seen = _by_threshold(scores, truth)
    good = np.flatnonzero(right / seen >= wanted)
    return float(thresholds[good[-1]]) if len(good) else NEVER


def at_recall(scores: Floats, truth: Floats, wanted: float, *, floor: float) -> float:
    """The highest score that keeps this share of the true ones, but none below which precision falls under `floor`."""
    thresholds, right, seen = _by_threshold(scores, truth)
    precise = right / seen >= floor
    enough = np.flatnonzero(precise & (right >= wanted * truth.sum()))
    if len(enough):
        return float(thresholds[enough[0]])
    return float(thresholds[np.flatnonzero(precise)[-1]]) if precise.any() else NEVER


def at_best_f1(scores: Floats, truth: Floats) -> float:
    """The score with the best F1 of everything from it on."""
    thresholds, right, seen = _by_threshold(scores, truth)
    return float(thresholds[np.argmax(2 * right / (seen + truth.sum()))]) if right.any() else NEVER


def fitted(probability: Floats, truth: Floats) -> Platt:
    """Platt scaling by logistic regression on the log-odds; as it is where there is but one class."""
    from sklearn.linear_model import LogisticRegression

    if not truth.any() or truth.all():
        return Platt()
    model = LogisticRegression(C=1e3).fit(_logit(probability).reshape(-1, 1), truth.ravel())
    return Platt(slope=round(float(model.coef_[0, 0]), 4), shift=round(float(model.intercept_[0]), 4))


def _by_threshold(scores: Floats, truth: Floats) -> tuple[Floats, Floats, Floats]:
    """Each distinct score from the highest on, with the right ones and all from it on."""
    order = np.argsort(-scores.ravel(), kind="stable")
    sorted_scores, right = scores.ravel()[order], np.cumsum(truth.ravel()[order])
    last = np.append(np.diff(sorted_scores) < 0, True)
    return sorted_scores[last], right[last], np.flatnonzero(last).astype(np.float32) + 1


def _ranked(found: Iterable[TurnIntent]) -> tuple[TurnIntent, ...]:
    return tuple(sorted(found, key=lambda each: -each.confidence))


def _logit(probability: Floats) -> Floats:
    inside = np.clip(np.asarray(probability, np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)
