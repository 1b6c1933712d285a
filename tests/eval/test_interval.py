"""Bootstrap and score intervals, and metrics as sums."""

from __future__ import annotations

import pytest

from eval.interval import wilson, with_interval
from eval.metrics.counts import Counts, Part, compare, hits, when
from eval.metrics.summed import macro_f1, ratio


@ratio
def share(hit: bool) -> Part:
    """Share of hits."""
    return hits([hit])


def test_the_value_lies_inside_and_the_same_items_give_the_same_interval() -> None:
    items = [True] * 30 + [False] * 10
    found = with_interval(items, share)
    assert found is not None
    assert found["low"] <= found["value"] == 0.75 <= found["high"]
    assert with_interval(items, share) == found


def test_more_items_of_the_same_kind_narrow_the_interval() -> None:
    few, many = with_interval([True, False] * 10, share), with_interval([True, False] * 1000, share)
    assert few is not None
    assert many is not None
    assert many["high"] - many["low"] < 0.2 * (few["high"] - few["low"])


def test_it_agrees_with_the_binomial_standard_error() -> None:
    found = with_interval([True] * 200 + [False] * 200, share)
    assert found is not None
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * 0.025, abs=0.012)


def test_items_that_are_all_alike_leave_no_width() -> None:
    assert with_interval([True] * 5, share) == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_nothing_to_measure_is_none_and_not_zero() -> None:
    recall = ratio(lambda counts: counts.of_recall)
    assert with_interval([Counts(fp=3)], recall) is None
    assert with_interval([], share) is None


def test_resamples_without_a_denominator_stay_out() -> None:
    rare = ratio(lambda hit: when(hit is not None, bool(hit)))
    found = with_interval([True] + [None] * 50, rare)
    assert found == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_counts_of_sets() -> None:
    counts = compare({"a", "b"}, {"b", "c"}) + compare(set(), {"d"})
    assert counts == Counts(tp=1, fp=2, fn=1)
    assert (counts.precision, counts.recall, counts.f1) == (1 / 3, 0.5, 0.4)
    assert Counts().precision is None


def test_macro_f1_is_the_mean_over_labels_that_gold_holds() -> None:
    metric = macro_f1(lambda item: item)
    items = [{"a": (1, 0, 0)}, {"a": (0, 0, 1), "b": (0, 0, 1)}, {"only predicted": (0, 1, 0)}]
    assert metric(items) == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(1, 1, 0.2065, 1.0), (0, 10, 0.0, 0.2775), (15, 20, 0.5313, 0.8881)],  # by the formula, by hand
)
def test_wilson_holds_for_a_handful(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert found is not None
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=2e-4)
    assert wilson(0, 0) is None
