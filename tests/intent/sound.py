"""Sounds made by formula for the tests of this folder: no recording is needed."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np

from intent.speech.audio import Samples

RATE = 16_000


def tone(hz: float, seconds: float, level: float = 0.3, rate: int = RATE) -> Samples:
    """A buzz with overtones, syllable-like: four bursts a second."""
    t = np.arange(int(seconds * rate)) / rate
    wave_ = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 12))
    return (level * wave_ / 2 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(int(seconds * rate), np.float32)


def write_wav(path: Path, *channels: Samples, rate: int = RATE) -> Path:
    """16-bit PCM with one or more channels of equal length."""
    data = np.stack([np.clip(c, -1, 1) for c in channels], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((data * 32767).astype("<i2").tobytes())
    return path


def claim_data_bytes(path: Path, size: int) -> None:
    """Make the header of a WAV written by `write_wav` claim `size` bytes of sound."""
    raw = bytearray(path.read_bytes())
    at = raw.index(b"data") + 4
    raw[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(raw)
