"""The remembering encoder: equal vectors, nothing encoded twice, a broken file costs only time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.encoder import Vectors
from models.encoders.hashing import HashEncoder
from models.encoders.remembering import RememberingEncoder

TEXTS = ["云岭稳健增利", "听松短债", "云岭稳健增利"]


class Counting(HashEncoder):
    """Counts the passages it is asked for."""

    asked = 0

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += len(texts)
        return super().encode_passages(texts)


def test_it_gives_what_the_encoder_gives_and_asks_once(tmp_path: Path) -> None:
    inner = Counting()
    encoder = RememberingEncoder(inner, tmp_path / "v.npz")
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS), HashEncoder().encode_passages(TEXTS))
    encoder.encode_passages(TEXTS)
    assert inner.asked == 2
    assert encoder.encode_passages([]).shape == (0, encoder.dimension)


def test_the_file_serves_the_next_process(tmp_path: Path) -> None:
    first = RememberingEncoder(HashEncoder(), tmp_path / "v.npz")
    vectors = first.encode_passages(TEXTS)
    first.save()
    inner = Counting()
    np.testing.assert_array_equal(RememberingEncoder(inner, tmp_path / "v.npz").encode_passages(TEXTS), vectors)
    assert inner.asked == 0


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "v.npz").write_bytes(b"PK\x03\x04 not really")
    encoder = RememberingEncoder(HashEncoder(), tmp_path / "v.npz")
    assert encoder.encode_passages(TEXTS).shape == (3, encoder.dimension)
    encoder.save()
    assert RememberingEncoder(Counting(), tmp_path / "v.npz").encode_passages(TEXTS[:1]).shape[0] == 1
