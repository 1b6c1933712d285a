"""What was computed lately: equal vectors, one computation a text, bounded, and no text kept."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np

from models.encoder import Vectors
from models.encoders.hashing import HashEncoder
from models.encoders.recent import RecentEncoder
from models.recent import RecentRows

TEXTS = ["云岭稳健的管理费", "听松短债的久期", "云岭稳健的管理费"]


class Counting(HashEncoder):
    """Remembers what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode_queries(texts)


def test_equal_vectors_and_each_text_computed_once() -> None:
    inner = Counting()
    encoder = RecentEncoder(inner)
    for _ in range(2):
        np.testing.assert_array_equal(encoder.encode_queries(TEXTS), HashEncoder().encode_queries(TEXTS))
    assert inner.asked == TEXTS[:2]
    assert encoder.encode_queries([]).shape == (0, encoder.dimension)


def test_a_text_as_a_question_is_another_than_as_a_passage() -> None:
    encoder = RecentEncoder(HashEncoder())
    encoder.encode_queries(TEXTS)
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS), HashEncoder().encode_passages(TEXTS))


def test_what_a_caller_does_to_its_vectors_stays_with_the_caller() -> None:
    encoder = RecentEncoder(HashEncoder())
    encoder.encode_queries(TEXTS)[:] = 0
    np.testing.assert_array_equal(encoder.encode_queries(TEXTS), HashEncoder().encode_queries(TEXTS))


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    rows = RecentRows(2)
    rows.keep({"甲": np.zeros(1, np.float32), "乙": np.zeros(1, np.float32)})
    rows.get(["甲"])
    rows.keep({"丙": np.zeros(1, np.float32)})
    assert set(rows.get(["甲", "乙", "丙"])) == {"甲", "丙"}


def test_no_text_is_kept() -> None:
    rows = RecentRows(2)
    rows.keep({"张三": np.zeros(1, np.float32)})
    assert "张三".encode() not in pickle.dumps(rows._known)
