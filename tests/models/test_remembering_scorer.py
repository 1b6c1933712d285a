"""A scorer that remembers: the same answers, asked once, bounded, and no text kept."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.remembering import RememberingScorer
from models.scorer import Probabilities, ScriptedScorer

LABELS = ("甲", "乙")
PLAIN = ScriptedScorer(LABELS, {"涨": {"甲": 0.9}, "跌": {"乙": 0.7}})


class Counting(ScriptedScorer):
    """Keeps count of the texts that it was asked about."""

    def __init__(self) -> None:
        super().__init__(LABELS, {"涨": {"甲": 0.9}})
        self.asked: list[str] = []

    def score(self, texts: Sequence[str]) -> Probabilities:
        self.asked += texts
        return super().score(texts)


class Failing(Counting):
    def score(self, texts: Sequence[str]) -> Probabilities:
        super().score(texts)
        raise RuntimeError("no weights")


@given(st.lists(st.lists(st.text("涨跌平", max_size=3), max_size=6), max_size=6), st.integers(1, 4))
def test_its_answers_are_those_of_the_scorer_whatever_it_was_asked_before(asked: list[list[str]], most: int) -> None:
    remembering = RememberingScorer(PLAIN, most=most)
    for texts in asked:
        assert np.array_equal(remembering.score(texts), PLAIN.score(texts))


def test_each_text_is_asked_once_and_the_oldest_is_forgotten_first() -> None:
    inner = Counting()
    remembering = RememberingScorer(inner, most=2)
    remembering.score(["涨", "涨", "平"])
    remembering.score(["涨"])
    assert inner.asked == ["涨", "平"]
    remembering.score(["新"])  # 平 was used longest ago
    remembering.score(["涨"])
    assert inner.asked == ["涨", "平", "新"]
    remembering.score(["平"])
    assert inner.asked == ["涨", "平", "新", "平"]


def test_a_failure_is_not_remembered() -> None:
    inner = Failing()
    remembering = RememberingScorer(inner)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            remembering.score(["涨"])
    assert inner.asked == ["涨", "涨"]


def test_neither_texts_nor_plain_hashes_of_them_are_kept() -> None:
    one, other = RememberingScorer(PLAIN), RememberingScorer(PLAIN)
    for each in (one, other):
        each.score(["客户张三持有甲基金"])
    assert "张三".encode() not in pickle.dumps(one._recent._known)
    assert set(one._recent._known).isdisjoint(other._recent._known)  # hashed under a secret of each process


def test_a_caller_who_changes_an_answer_changes_no_later_one() -> None:
    remembering = RememberingScorer(PLAIN)
    remembering.score(["涨"])[:] = 0
    assert remembering.score(["涨"])[0, 0] == np.float32(0.9)
