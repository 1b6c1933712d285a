"""Whether a trained score may order the queue: precision at capacity on leads held back, against the rule's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intent.leads.scoring.calibrate import Floats

RESAMPLES = 500
SEED = 20261122
SURE = 0.95  # one-sided


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate found."""

    leads: int
    base: float  # share won of all leads held back
    trained: float  # share won of the leads that staff would have worked, week by week, by the trained score
    rule: float  # the same by the rule
    gain_low: float  # 5th percentile of the difference over resampled clients
    passed: bool
    explored_leads: int  # of those held back drawn at random
    explored_base: float | None  # their share won: of leads whatever their score

    def as_json(self) -> Mapping[str, Any]:
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def judge(
    *,
    clients: Sequence[str],
    days: Sequence[date],
    won: NDArray[np.bool_],
    trained: Floats,
    rule: Floats,
    explored: NDArray[np.bool_],
    share: float,
) -> Verdict:
    """Compare two scores of the same leads. share: of each week's leads that staff can work.

    It passes where the trained score is better in 95 of 100 resamples of clients (bootstrap of whole clients: leads of
    one client share their luck; Efron and Tibshirani, 1993).
    """
    weeks = [tuple(day.isocalendar()[:2]) for day in days]
    groups = _groups(weeks)
    measured = precision_at(trained, won, groups, share), precision_at(rule, won, groups, share)
    low = _gain_low(clients, won, trained, rule, weeks, share)
    return Verdict(
        leads=len(won), base=float(won.mean()), trained=measured[0], rule=measured[1], gain_low=low,
        passed=low > 0, explored_leads=int(explored.sum()),
        explored_base=float(won[explored].mean()) if explored.any() else None,
    )  # fmt: skip


def precision_at(score: Floats, won: NDArray[np.bool_], groups: Sequence[NDArray[np.int_]], share: float) -> float:
    """Share won of the best `share` of each group; ties are broken by place, at least one lead a group."""
    hits = worked = 0
    for group in groups:
        k = max(1, round(len(group) * share))
        best = group[np.argsort(-score[group], kind="stable")[:k]]
        hits, worked = hits + int(won[best].sum()), worked + k
    return hits / worked


def _gain_low(
    clients: Sequence[str], won: NDArray[np.bool_], trained: Floats, rule: Floats, weeks: Sequence[Any], share: float
) -> float:
    of_client: dict[str, list[int]] = defaultdict(list)
    for n, client in enumerate(clients):
        of_client[client].append(n)
    leads = [np.asarray(each) for each in of_client.values()]
    dice = np.random.default_rng(SEED)
    gains = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([leads[n] for n in dice.integers(0, len(leads), len(leads))])
        groups = _groups([weeks[n] for n in drawn])
        gains.append(
            precision_at(trained[drawn], won[drawn], groups, share)
            - precision_at(rule[drawn], won[drawn], groups, share)
        )
    return float(np.quantile(gains, 1 - SURE))


def _groups(keys: Sequence[Any]) -> list[NDArray[np.int_]]:
    found: dict[Any, list[int]] = defaultdict(list)
    for n, key in enumerate(keys):
        found[key].append(n)
    return [np.asarray(each) for _, each in sorted(found.items())]
