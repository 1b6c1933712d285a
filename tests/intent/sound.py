"""Sounds made by formula for the tests of this folder: no recording is needed."""

from __future__ import annotations

import struct
import wave
from functools import cache
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


FORMANTS_HZ = ((500, 1500, 2500), (620, 1850, 2900), (420, 1200, 2200))


def two_voices(seconds: float = 5.0) -> tuple[Samples, Samples]:
    """Two people who talk at once; the first is the louder one for half a second, so that it is known who began."""
    second = voice(210, 1, seconds).copy()
    second[: RATE // 2] *= 0.3
    return voice(115, 0, seconds), second


@cache
def voice(hz: float, tract: int, seconds: float = 30.0, seed: int = 7) -> Samples:
    """A voice by source and filter: pitch that wanders about `hz`, vowels that change, one vocal tract of three."""
    random = np.random.default_rng(seed + tract * 31 + int(hz))
    n = int(seconds * RATE)
    syllables = int(seconds * 6)
    wander = np.interp(np.arange(n), np.linspace(0, n, syllables), random.normal(0, 1.5, syllables))
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (wander / 12)) / RATE
    out = np.zeros(n)
    vowels = random.normal(0, 0.3, (3, syllables))
    for k in range(1, int(3600 / hz)):
        gain = np.zeros(n)
        for formant, shifts in zip(FORMANTS_HZ[tract], vowels, strict=True):
            centre = formant * 2 ** np.interp(np.arange(n), np.linspace(0, n, syllables), shifts)
            gain += np.exp(-np.square((k * hz - centre) / 180.0))
        out += (gain + 0.02) * np.sin(k * phase) / np.sqrt(k)
    breath = random.normal(0, 0.003, n)
    return (0.1 * out / np.std(out) + breath).astype(np.float32)


def taking_turns(*voices: Samples, turn_s: float = 3.0, pause_s: float = 0.4) -> Samples:
    """The voices after each other, `turn_s` of each at a time, with pauses between."""
    turn = int(turn_s * RATE)
    pieces = []
    for at in range(0, min(map(len, voices)) - turn + 1, turn):
        for each in voices:
            pieces += [each[at : at + turn], silence(pause_s)]
    return np.concatenate(pieces).astype(np.float32)
