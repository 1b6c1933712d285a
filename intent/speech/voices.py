"""Two voices in one channel, told apart by pitch and timbre; numpy only.

Windows of 1.6 s every 0.3 s over what sounds, each described by the median pitch and the means of
mel-frequency cepstra; Ward's clustering into two. Descriptions live in memory for the call only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intent.speech.audio import SAMPLE_RATE, Samples

Floats = NDArray[np.float64]
FRAME = 640  # samples, 40 ms: two periods of the lowest pitch sought
HOP = 160  # samples, 10 ms
WINDOW_S, STEP_S = 1.6, 0.3
PITCH_HZ = (70.0, 400.0)
MELS, CEPSTRA = 26, 13
PITCH_WEIGHT = 2.0
MOST_WINDOWS = 800  # Ward's clustering is quadratic; the rest go to the nearer centre
MIN_WINDOWS = 20  # of some 6 s of speech; less says too little of a second voice


@dataclass(frozen=True, kw_only=True)
class VoiceSplit:
    """Labels 0 and 1 at the centres of windows, and how far apart the two voices' pitches lie."""

    centres_s: Floats  # (windows,), ascending
    labels: NDArray[np.int64]  # (windows,)
    pitch_gap: float  # semitones between the medians

    def label_at(self, second: float) -> int:
        """The label of the window whose centre is nearest."""
        right = int(np.searchsorted(self.centres_s, second))
        near = [i for i in (right - 1, right) if 0 <= i < self.centres_s.size]
        return int(self.labels[min(near, key=lambda i: abs(self.centres_s[i] - second))])


def split_voices(samples: Samples) -> VoiceSplit | None:
    """Split float32 samples of shape (n,) at 16 kHz into two voices; None where too little is said."""
    centres, features = _windows(samples)
    if len(centres) < MIN_WINDOWS:
        return None
    scaled = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    scaled[:, 0] *= PITCH_WEIGHT
    labels = _two_clusters(scaled)
    return VoiceSplit(centres_s=centres, labels=labels, pitch_gap=_pitch_gap(features[:, 0], labels))


def ward(points: Floats, clusters: int = 2) -> NDArray[np.int64]:
    """Ward's agglomerative clustering of points (n, d) by the Lance-Williams update; labels (n,).

    Source: Ward (1963); update formula of Lance and Williams (1967). O(n^3) in the worst case.
    """
    n = len(points)
    distance = np.square(points[:, None, :] - points[None, :, :]).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    size = np.ones(n)
    labels = np.arange(n)
    for _ in range(n - clusters):
        i, j = np.unravel_index(int(np.argmin(distance)), distance.shape)
        merged = _merged(distance, size, int(i), int(j))
        distance[i], distance[:, i] = merged, merged
        distance[j], distance[:, j] = np.inf, np.inf
        distance[i, i] = np.inf
        size[i] += size[j]
        labels[labels == j] = i
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _merged(distance: Floats, size: Floats, i: int, j: int) -> Floats:
    total = size + size[i] + size[j]
    with np.errstate(invalid="ignore"):
        merged = ((size + size[i]) * distance[i] + (size + size[j]) * distance[j] - size * distance[i, j]) / total
    finite: Floats = np.where(np.isnan(merged), np.inf, merged)
    return finite


def _two_clusters(points: Floats) -> NDArray[np.int64]:
    step = -(-len(points) // MOST_WINDOWS)
    chosen = points[::step]
    first = ward(chosen)
    centres = np.stack([chosen[first == k].mean(axis=0) for k in (0, 1)])
    away = np.square(points[:, None, :] - centres[None]).sum(axis=2)
    nearer: NDArray[np.int64] = np.argmin(away, axis=1).astype(np.int64)
    return nearer


def _pitch_gap(semitones: Floats, labels: NDArray[np.int64]) -> float:
    """Distance of the two clusters' median pitches, in semitones; 0 when one is all but empty."""
    groups = [semitones[labels == k] for k in (0, 1)]
    if min(map(len, groups)) < 3:
        return 0.0
    return float(abs(np.median(groups[0]) - np.median(groups[1])))


def _windows(samples: Samples) -> tuple[Floats, Floats]:
    """Centres (windows,) in seconds and features (windows, 1 + cepstra) of what sounds."""
    frames = _frames(samples)
    if len(frames) == 0:
        return np.zeros(0), np.zeros((0, CEPSTRA))
    level = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-10)
    loud = level > max(float(np.percentile(level, 95)) - 25.0, -60.0)
    pitch, cepstra = _pitch(frames), _cepstra(frames)
    length, step = int(WINDOW_S * SAMPLE_RATE / HOP), int(STEP_S * SAMPLE_RATE / HOP)
    centres, features = [], []
    for start in range(0, max(1, len(frames) - length + 1), step):
        inside = slice(start, start + length)
        use = loud[inside]
        voiced = use & np.isfinite(pitch[inside])
        if use.mean() < 0.4 or voiced.sum() < 15:
            continue
        centres.append((start + length / 2) * HOP / SAMPLE_RATE)
        features.append(np.concatenate([[np.median(pitch[inside][voiced])], cepstra[inside][voiced].mean(axis=0)]))
    return np.asarray(centres), np.asarray(features)


def _frames(samples: Samples) -> Floats:
    if samples.size < FRAME:
        return np.zeros((0, FRAME))
    return np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), FRAME)[::HOP]


def _pitch(frames: Floats) -> Floats:
    """Pitch of each frame in semitones over 1 Hz by normalised autocorrelation; NaN where unvoiced."""
    out = np.full(len(frames), np.nan)
    low, high = int(SAMPLE_RATE / PITCH_HZ[1]), int(SAMPLE_RATE / PITCH_HZ[0])
    for start in range(0, len(frames), 4096):  # bounds the memory
        block = frames[start : start + 4096]
        spectrum = np.fft.rfft(block - block.mean(axis=1, keepdims=True), n=2 * FRAME, axis=1)
        auto = np.fft.irfft(np.square(np.abs(spectrum)), axis=1)[:, : high + 1]
        taper = 1.0 - np.arange(high + 1) / FRAME
        strength = auto / (auto[:, :1] + 1e-9) / taper
        lag = low + np.argmax(strength[:, low:], axis=1)
        best = strength[np.arange(len(block)), lag]
        semitones = 12 * np.log2(SAMPLE_RATE / lag)
        out[start : start + len(block)] = np.where(best > 0.6, semitones, np.nan)
    return out


def _cepstra(frames: Floats) -> Floats:
    """Mel-frequency cepstra 1..12 of each frame, shape (frames, 12); the level (0th) is left out."""
    bank, cosine = _mel_bank(), _cosines()
    out = np.empty((len(frames), CEPSTRA - 1))
    window = np.hanning(FRAME)
    for start in range(0, len(frames), 4096):
        power = np.square(np.abs(np.fft.rfft(frames[start : start + 4096] * window, axis=1)))
        out[start : start + 4096] = np.log(power @ bank.T + 1e-8) @ cosine
    return out


def _mel_bank() -> Floats:
    """Triangular filters between 200 and 3,600 Hz, what a telephone carries; shape (mels, bins)."""
    hz = np.linspace(0, SAMPLE_RATE / 2, FRAME // 2 + 1)
    edges_mel = np.linspace(1127 * np.log1p(200 / 700), 1127 * np.log1p(3600 / 700), MELS + 2)
    edges = 700 * np.expm1(edges_mel / 1127)
    rise = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    bank: Floats = np.maximum(0.0, np.minimum(rise, fall))
    return bank


def _cosines() -> Floats:
    """Columns 1..12 of the type-II discrete cosine transform, shape (mels, 12)."""
    k = np.arange(1, CEPSTRA)
    return np.cos(np.pi * k * (2 * np.arange(MELS)[:, None] + 1) / (2 * MELS))
