"""Metrics of recordings."""

from __future__ import annotations

import pytest

from eval.metrics import asr as m


def test_script_width_punctuation_and_numerals_do_not_count() -> None:
    assert m.cer([("买二十万，基金。", "買20万基金")]) == 0.0
    strict = m.cer_strict([("买二十万基金", "买20万基金")])
    assert strict is not None
    assert strict > 0


def test_edits_over_gold_characters_of_all_pairs() -> None:
    # one substitution in four characters, one deletion in four
    assert m.cer([("今天天气", "今天添气"), ("明天见面", "明天见")]) == pytest.approx(2 / 8)
    assert m.cer([]) is None


def test_the_order_that_fits_best_is_taken() -> None:
    assert m.fitting([("甲乙丙丁", "丙丁甲乙"), ("丙丁甲乙", "丙丁甲乙")]) == ("丙丁甲乙", "丙丁甲乙")


@pytest.mark.parametrize(("gold", "heard", "expected"), [("一" * 10, "一" * 3, False), ("一" * 10, "一" * 2, True),
                                                        ("甲" * 10, "乙" * 21, True), ("", "多了", False)])  # fmt: skip
def test_implausible_coverage_is_dropped(gold: str, heard: str, expected: bool) -> None:
    assert m.dropped(gold, heard) is expected


def span(role: str, start_s: float, end_s: float) -> m.Span:
    return m.Span(role=role, start_s=start_s, end_s=end_s)


GOLD = [span("advisor", 0, 4), span("client", 4, 8)]


def test_roles_are_judged_by_seconds() -> None:
    assert m.role_accuracy(GOLD, GOLD) == 1.0
    assert m.role_accuracy(GOLD, [span("advisor", 0, 8)]) == pytest.approx(0.5, abs=0.01)
    assert m.role_accuracy(GOLD, [span("unknown", 0, 8)]) == 0.0
    assert m.role_accuracy(GOLD, []) is None


def test_diarization_error_leaves_a_collar_at_boundaries() -> None:
    late = [span("advisor", 0, 4.2), span("client", 4.2, 8)]
    assert m.der(GOLD, GOLD) == 0.0
    assert m.der(GOLD, late) == 0.0
    assert m.der(GOLD, [span("advisor", 0, 4)]) == pytest.approx(0.5, abs=0.02)
    assert m.der([], GOLD) is None
