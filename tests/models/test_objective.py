"""What tuning strives for, on numbers small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.objective import OneOf

TARGETS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]], np.float32)


def test_one_of_begins_at_the_shares_of_the_labels() -> None:
    start = np.exp(OneOf().bias(TARGETS))
    assert start == pytest.approx([0.75, 0.25, 1e-4], rel=1e-4)


def test_one_of_counts_texts_whose_highest_logit_is_the_label() -> None:
    logits = np.array([[2, 1, 0], [0, 1, 0], [0, 1, 0], [3, 0, 4]], np.float32)
    assert OneOf().figure(logits, TARGETS) == 0.5


def test_one_of_is_cross_entropy_a_text_and_smoothing_charges_certainty() -> None:
    logits, targets = torch.tensor([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]]), torch.tensor(TARGETS[:2])
    plain, smooth = OneOf().loss(logits, targets), OneOf(0.1).loss(logits, targets)
    assert plain.tolist() == pytest.approx([float(np.log(3)), 0.0], abs=1e-5)
    assert smooth.tolist() == pytest.approx([float(np.log(3)), 0.1 * 2 / 3 * 20], abs=1e-4)
