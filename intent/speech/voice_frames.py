"""What a voice sounds like, frame by frame: level, pitch and mel-frequency cepstra; numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from intent.speech.audio import SAMPLE_RATE, Samples

Floats = NDArray[np.float64]
Features = NDArray[np.floating[Any]]  # of a long recording in four bytes each
FRAME = 640  # samples, 40 ms: two periods of the lowest pitch sought
HOP = 160  # samples, 10 ms
HOP_S = HOP / SAMPLE_RATE
PITCH_HZ = (70.0, 400.0)
MELS, CEPSTRA = 26, 13
BLOCK = 4096  # frames at once: bounds the memory
SILENT_DB = -120.0


@dataclass(frozen=True, kw_only=True)
class VoiceFrames:
    """Frames of 40 ms every 10 ms. They describe a person's voice: they live for the call and are never stored."""

    # (frames, 1 + cepstra): pitch in semitones over 1 Hz (NaN where unvoiced), then cepstra 1..12
    features: Features = field(repr=False)
    level: Features = field(repr=False)  # (frames,): dB below full scale

    def __reduce__(self) -> NoReturn:
        """Raises TypeError: whoever would write voices down, or send them to another process, is stopped here."""
        raise TypeError("Descriptions of voices are not stored.")

    @cached_property
    def loud(self) -> NDArray[np.bool_]:
        """Frames within 25 dB of the loudest, and above -60 dB; shape (frames,)."""
        floor = max(float(np.percentile(self.level, 95)) - 25.0, -60.0) if len(self.level) else 0.0
        return self.level > floor

    @property
    def voiced(self) -> NDArray[np.bool_]:
        return self.loud & np.isfinite(self.features[:, 0])


def voice_frames(samples: Samples) -> VoiceFrames:
    """Describe float32 samples of shape (n,) at 16 kHz."""
    frames = _frames(samples)
    features, level = np.empty((len(frames), CEPSTRA)), np.empty(len(frames))
    for at, block in _blocks(frames):
        inside = slice(at, at + len(block))
        level[inside] = 10 * np.log10(np.mean(np.square(block), axis=1) + 1e-10)
        features[inside, 0], features[inside, 1:] = _pitch(block), _cepstra(block)
    return VoiceFrames(features=features, level=level)


def one_after_the_other(windows: Sequence[tuple[float, VoiceFrames]]) -> VoiceFrames:
    """The windows of one recording, each with its start in seconds, as frames of the whole, in four bytes a figure."""
    if len(windows) == 1:
        return windows[0][1]
    starts = [round(start_s / HOP_S) for start_s, _ in windows]
    count = max((start + len(w.level) for start, (_, w) in zip(starts, windows, strict=True)), default=0)
    features = np.full((count, CEPSTRA), np.nan, np.float32)
    level = np.full(count, SILENT_DB, np.float32)  # a window ends some frames before the next one begins
    for start, (_, window) in zip(starts, windows, strict=True):
        features[start : start + len(window.level)] = window.features
        level[start : start + len(window.level)] = window.level
    return VoiceFrames(features=features, level=level)


def _frames(samples: Samples) -> NDArray[np.float32]:
    """A view of shape (frames, FRAME); nothing is copied."""
    if samples.size < FRAME:
        return np.zeros((0, FRAME), np.float32)
    return np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]


def _blocks(frames: NDArray[np.float32]) -> Iterator[tuple[int, Floats]]:
    for at in range(0, len(frames), BLOCK):
        yield at, frames[at : at + BLOCK].astype(np.float64)


def _pitch(block: Floats) -> Floats:
    """Pitch of each frame in semitones over 1 Hz by normalised autocorrelation; NaN where unvoiced."""
    low, high = int(SAMPLE_RATE / PITCH_HZ[1]), int(SAMPLE_RATE / PITCH_HZ[0])
    spectrum = np.fft.rfft(block - block.mean(axis=1, keepdims=True), n=2 * FRAME, axis=1)
    auto = np.fft.irfft(np.square(np.abs(spectrum)), axis=1)[:, : high + 1]
    strength = auto / (auto[:, :1] + 1e-9) / (1.0 - np.arange(high + 1) / FRAME)
    lag = low + np.argmax(strength[:, low:], axis=1)
    best = strength[np.arange(len(block)), lag]
    return np.where(best > 0.6, 12 * np.log2(SAMPLE_RATE / lag), np.nan)


def _cepstra(block: Floats) -> Floats:
    """Mel-frequency cepstra 1..12 of each frame, shape (frames, 12); the level (0th) is left out."""
    power = np.square(np.abs(np.fft.rfft(block * np.hanning(FRAME), axis=1)))
    found: Floats = np.log(power @ _mel_bank().T + 1e-8) @ _cosines()
    return found


@cache
def _mel_bank() -> Floats:
    """Triangular filters between 200 and 3,600 Hz, what a telephone carries; shape (mels, bins)."""
    hz = np.linspace(0, SAMPLE_RATE / 2, FRAME // 2 + 1)
    edges_mel = np.linspace(1127 * np.log1p(200 / 700), 1127 * np.log1p(3600 / 700), MELS + 2)
    edges = 700 * np.expm1(edges_mel / 1127)
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    bank: Floats = np.maximum(0.0, np.minimum(rise, fall))
    return bank


@cache
def _cosines() -> Floats:
    """Columns 1..12 of the type-II discrete cosine transform, shape (mels, 12)."""
    k = np.arange(1, CEPSTRA)
    return np.cos(np.pi * k * (2 * np.arange(MELS)[:, None] + 1) / (2 * MELS))
