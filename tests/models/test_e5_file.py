"""The reader of the four-bit file, on a file of a few bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from models.e5_file import dequantise, read_e5


def small_file(magic: bytes = b"E5S1", block: int = 32) -> bytes:
    pieces = [b"<s>", b"</s>", "好".encode()]
    ends = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    blob = b"".join(pieces)
    values = np.arange(4, dtype="<f4").tobytes()
    head = magic + struct.pack("<I7ifi", 1, 32, 1, 2, 64, 3, 512, 1, 1e-12, block)
    vocabulary = struct.pack("<5iQ", 3, 0, 1, 0, 2, len(blob)) + ends.tobytes()
    vocabulary += np.array([0, 0, -1.5], "<f4").tobytes() + blob
    characters = struct.pack("<iI", 1, 5) + b"12345"
    offset = len(head + vocabulary + characters) + 4 + 2 + 1 + struct.calcsize("<BIQQ")
    directory = struct.pack("<iH", 1, 1) + b"x" + struct.pack("<BIQQ", 0, 4, offset, len(values))
    return head + vocabulary + characters + directory + values


def test_reads_header_vocabulary_and_tensors() -> None:
    model = read_e5(small_file())
    assert model.sizes == {
        "hidden": 32,
        "layers": 1,
        "heads": 2,
        "inner": 64,
        "vocabulary": 3,
        "positions": 512,
    }
    assert model.pieces == [("<s>", 0.0), ("</s>", 0.0), ("好", -1.5)]
    assert model.special == {"bos": 0, "eos": 1, "pad": 0, "unk": 2}
    assert model.floats("x").tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("broken", [small_file(magic=b"GGUF"), small_file(block=16), small_file()[:40]])
def test_refuses_another_file(broken: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        read_e5(broken)


def test_dequantises_low_nibbles_first() -> None:
    block = np.frombuffer(np.array([0.5], "<f2").tobytes() + bytes([0x80] + [0x88] * 15), np.uint8)
    weights = dequantise(block.reshape(1, 18))[0]
    assert weights[0] == -4.0  # low nibble 0: (0 - 8) * 0.5
    assert (weights[1:] == 0.0).all()  # nibble 8 is zero, weight 16 is the first high one
