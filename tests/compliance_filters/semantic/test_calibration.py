"""Thresholds: a rule decides only where it was right often enough, else an officer looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compliance_filters.errors import RulePackError
from compliance_filters.semantic.calibration import (
    NEVER,
    Calibration,
    Thresholds,
    acquittal,
    calibrate,
    calibrate_speech,
    read_calibration,
    suspicions,
    write_calibration,
)

LABELS = ("sure", "unsure", "never")


def chosen() -> Calibration:
    """400 lines: `sure` is right 200 times at .9; `unsure` is right 5 times there and wrong 5 times above."""
    truth = np.zeros((400, 3), np.float32)
    scores = np.full((400, 3), 0.1, np.float32)
    truth[:200, 0], scores[:200, 0] = 1, 0.9
    truth[:5, 1], scores[:5, 1] = 1, 0.9
    scores[5:10, 1] = 0.95
    return calibrate(LABELS, scores, truth, decide_at=0.95, review_at=0.75)


def test_a_rule_that_is_right_decides_and_one_that_errs_does_not() -> None:
    found = chosen()
    sure, unsure, never = (found.of(label) for label in LABELS)
    assert sure == Thresholds(review=0.9, decide=0.9, positives=200, precision=1.0)
    assert unsure.decide == NEVER
    assert never.positives == 0


def test_equal_probabilities_stand_or_fall_together() -> None:
    scores, truth = np.full((10, 1), 0.8, np.float32), np.array([[1]] * 5 + [[0]] * 5, np.float32)
    assert calibrate(("a",), scores, truth, decide_at=0.9, review_at=0.9).of("a").decide == NEVER


def test_a_rule_that_nobody_calibrated_never_speaks() -> None:
    assert chosen().of("other") == Thresholds(review=NEVER, decide=NEVER)


def test_what_two_rules_share_is_put_together() -> None:
    """A line that is half this rule and half that one is suspect as a whole, and the likelier rule answers."""
    found = suspicions(np.array([[0.5, 0.4, 0.9]], np.float32), np.array([[True, True, False]]))
    assert found[0].tolist() == pytest.approx([0.7, 0.4, 0.0])


def test_it_is_kept_beside_the_weights(tmp_path: Path) -> None:
    write_calibration(tmp_path, chosen())
    assert read_calibration(tmp_path) == chosen()
    (tmp_path / "calibration.json").write_text("[1]", "utf-8")
    with pytest.raises(RulePackError, match="cannot be read"):
        read_calibration(tmp_path)


class TestSpeech:
    """Two hundred passages of calls: four break a rule, and the model suspects eight."""

    def speech(self) -> Thresholds:
        scores, truth = np.full((200, 2), 0.05, np.float32), np.zeros((200, 2), np.float32)
        scores[:4, 0], truth[:4, 0] = 0.9, 1
        scores[4:8, 0] = 0.6
        return calibrate_speech(scores, truth, decide_at=0.9, review_at=0.5)

    def test_it_decides_where_it_is_right_among_words_that_are_seldom_wrong(self) -> None:
        assert self.speech() == Thresholds(review=0.6, decide=0.9, positives=4, precision=1.0)

    def test_no_rule_decides_below_it_on_spoken_words_and_written_ones_are_left_alone(self) -> None:
        loud = Calibration(by_rule={"a": Thresholds(review=0.4, decide=0.5)}, speech=self.speech())
        assert (loud.of("a", spoken=True).review, loud.of("a", spoken=True).decide) == (0.6, 0.9)
        assert (loud.of("a").review, loud.of("a").decide) == (0.4, 0.5)
        strict = replace(loud, by_rule={"a": Thresholds(review=0.7, decide=0.95)})
        assert (strict.of("a", spoken=True).review, strict.of("a", spoken=True).decide) == (0.7, 0.95)

    def test_it_is_kept_beside_the_weights(self, tmp_path: Path) -> None:
        spoken = replace(chosen(), speech=self.speech())
        write_calibration(tmp_path, spoken)
        assert read_calibration(tmp_path) == spoken


class TestAcquittal:
    """Below which belief words of a rule break nothing."""

    TRUE, FALSE = [0.03, *[0.5] * 99], [0.01] * 30

    def chosen(self, true_ones: list[float], false_ones: list[float], lost: float = 0.02) -> float:
        truth = [True] * len(true_ones) + [False] * len(false_ones)
        return acquittal([*true_ones, *false_ones], truth, lost=lost, right=0.9)

    def test_it_loses_no_more_true_findings_than_it_may(self) -> None:
        assert self.chosen(self.TRUE, self.FALSE) == 0.5
        assert self.chosen(self.TRUE, self.FALSE, lost=0.0) == 0.03

    def test_without_enough_findings_or_where_it_would_be_wrong_it_acquits_nothing(self) -> None:
        assert self.chosen(self.TRUE[:40], self.FALSE) == 0.0
        assert self.chosen(self.TRUE, self.FALSE[:5]) == 0.0
        assert self.chosen(self.TRUE, []) == 0.0
