"""The voices in one channel, told apart by pitch and timbre; numpy only.

Speech is cut at pauses. Windows of 1.6 s are clustered by Ward's method for a first guess; then each voice is a
Gaussian over its frames, and each stretch between two pauses goes whole to the voice under which it is likelier,
until nothing changes. A voice is split only where two Gaussians describe it so much better than one that chance
does not explain it. Descriptions live in memory for the call only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intent.speech.audio import Samples
from intent.speech.voice_frames import HOP_S, Features, Floats, VoiceFrames, voice_frames

WINDOW_S, STEP_S = 1.6, 0.3
PITCH_WEIGHT = 2.0
MOST_WINDOWS = 800  # Ward's clustering is quadratic; the rest go to the nearer centre
MIN_WINDOWS = 20  # of some 6 s of speech; less says too little of a second voice
MOST_VOICES = 3
PAUSE_FRAMES = 12  # 0.12 s of quiet: the shortest in which speakers change
MIN_FRAMES = 10  # of a stretch; shorter ones are clicks
MIN_SHARE = 0.03  # of the speech; a smaller voice is a cough or a machine
MIN_VOICED = 200  # frames, 2 s: less does not describe a voice
ROUNDS = 10  # of reassignment; it settles in three or four
FRAMES_TOLD_ONCE = 10  # neighbouring frames say the same again: ten count as one where certainty is asked
# Nats a frame by which two voices must describe the speech better than one, after the penalty of BIC
# (Schwarz 1978; Chen and Gopalakrishnan 1998 for speakers). See docs/call.md for what was measured.
MIN_GAIN = 0.2
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class VoiceSplit:
    """Which voice speaks when."""

    labels: Labels  # (frames,) of 10 ms: 0, 1, 2, or -1 where nobody speaks
    voices: int
    clear: float  # share of the speech whose voice is likelier than all others by far, 0..1
    gain: float  # nats a frame by which two voices describe the speech better than one

    def label_between(self, start_s: float, end_s: float) -> int:
        """The voice heard longest in a stretch; the nearest one where nobody is heard in it."""
        first, last = int(start_s / HOP_S), int(end_s / HOP_S) + 1
        heard = self.labels[first:last]
        heard = heard[heard >= 0]
        if heard.size:
            return int(np.bincount(heard).argmax())
        spoken = np.flatnonzero(self.labels >= 0)
        return int(self.labels[spoken[np.argmin(np.abs(spoken - (first + last) / 2))]])


@dataclass(frozen=True, kw_only=True)
class _Voice:
    """A Gaussian over frames."""

    mean: Floats  # (d,)
    precision: Floats  # (d, d)
    log_det: float  # of the covariance

    def log_likelihood(self, frames: Features) -> float:
        away = frames - self.mean
        squared = float(np.einsum("nd,de,ne->", away, self.precision, away))
        return -0.5 * (squared + len(frames) * (self.log_det + len(self.mean) * math.log(2 * math.pi)))


def split_voices(samples: Samples) -> VoiceSplit | None:
    """Tell the voices of float32 samples of shape (n,) at 16 kHz apart; see `split_frames`."""
    return split_frames(voice_frames(samples))


def split_frames(described: VoiceFrames) -> VoiceSplit | None:
    """Tell the voices of described sound apart; None where too little is said.

    `voices` is 1 where no second voice is sure, and at most 3.
    """
    centres, windows = _windows(described)
    stretches = _stretches(described.loud)
    if len(centres) < MIN_WINDOWS or not stretches:
        return None
    frames = [described.features[a:b][described.voiced[a:b]] for a, b in stretches]
    guess = _first_guess(centres, windows, stretches)
    spoken, gain = _settled(frames, guess)
    if gain < MIN_GAIN:
        spoken = np.zeros(len(stretches), np.int64)
    voices = int(spoken.max()) + 1
    while 1 < voices < MOST_VOICES and (more := _further(frames, spoken, centres, windows, stretches)) is not None:
        spoken, voices = more, voices + 1
    labels = np.full(len(described.loud), -1, np.int64)
    for (start, end), voice in zip(stretches, spoken, strict=True):
        labels[start:end] = voice
    return VoiceSplit(labels=labels, voices=voices, clear=_clear(frames, spoken, voices), gain=gain)


def ward(points: Floats, clusters: int = 2) -> Labels:
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


def _two_clusters(points: Floats) -> Labels:
    step = -(-len(points) // MOST_WINDOWS)
    chosen = points[::step]
    first = ward(chosen)
    centres = np.stack([chosen[first == k].mean(axis=0) for k in (0, 1)])
    away = np.square(points[:, None, :] - centres[None]).sum(axis=2)
    nearer: Labels = np.argmin(away, axis=1).astype(np.int64)
    return nearer


def _first_guess(centres: Floats, windows: Floats, stretches: list[tuple[int, int]]) -> Labels:
    """Two voices by Ward's clustering of windows; each stretch takes the label of the windows nearest to it."""
    scaled = (windows - windows.mean(axis=0)) / (windows.std(axis=0) + 1e-9)
    scaled[:, 0] *= PITCH_WEIGHT
    labels = _two_clusters(scaled)
    middles = np.array([(a + b) / 2 for a, b in stretches])
    guess: Labels = labels[_nearest(centres, middles)]
    return guess


def _nearest(centres: Floats, points: Floats) -> NDArray[np.intp]:
    """For each point the place of the centre nearest to it; of two the earlier. Centres ascend."""
    after = np.clip(np.searchsorted(centres, points), 1, len(centres) - 1)
    return np.where(points - centres[after - 1] <= centres[after] - points, after - 1, after)


def _settled(frames: list[Features], guess: Labels) -> tuple[Labels, float]:
    """Stretches reassigned until nothing changes, and the gain over one voice in nats a frame, less BIC's penalty."""
    spoken = guess
    for _ in range(ROUNDS):
        voices = _voices(frames, spoken, 2)
        if voices is None:
            return np.zeros(len(frames), np.int64), 0.0
        likely = _likelihoods(frames, voices)
        after = np.where([len(f) >= MIN_FRAMES for f in frames], likely.argmax(axis=1), spoken)
        if (after == spoken).all():
            break
        spoken = after
    every = np.concatenate(frames)
    together = _voices(frames, np.zeros(len(frames), np.int64), 1)
    voices = _voices(frames, spoken, 2)
    if together is None or voices is None:
        return np.zeros(len(frames), np.int64), 0.0
    n, d = every.shape
    better = _likelihoods(frames, voices).max(axis=1).sum() - together[0].log_likelihood(every)
    penalty = 0.5 * (d + d * (d + 1) / 2) * np.log(n)
    return spoken, float((better - penalty) / n)


def _further(
    frames: list[Features], spoken: Labels, centres: Floats, windows: Floats, stretches: list[tuple[int, int]]
) -> Labels | None:
    """One more voice, where one of those found is two; the labels of its second half are new."""
    for voice in range(int(spoken.max()) + 1):
        mine = np.flatnonzero(spoken == voice)
        inside = _inside(centres, [stretches[i] for i in mine])
        if inside.sum() < MIN_WINDOWS:
            continue
        guess = _first_guess(centres[inside], windows[inside], [stretches[i] for i in mine])
        halves, gain = _settled([frames[i] for i in mine], guess)
        if gain >= MIN_GAIN:
            after = spoken.copy()
            after[mine[halves == 1]] = int(spoken.max()) + 1
            return after
    return None


def _inside(centres: Floats, stretches: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Whether each centre lies in one of the stretches, which ascend and do not overlap."""
    starts, ends = np.array(stretches, float).reshape(-1, 2).T
    last_begun = np.searchsorted(starts, centres, side="right") - 1
    found: NDArray[np.bool_] = (last_begun >= 0) & (centres <= ends[last_begun])
    return found


def _voices(frames: list[Features], spoken: Labels, count: int) -> list[_Voice] | None:
    """A Gaussian for each voice; None where one of them says too little to be one."""
    total = sum(map(len, frames))
    found = []
    for voice in range(count):
        mine = [f for f, label in zip(frames, spoken, strict=True) if label == voice and len(f)]
        every = np.concatenate(mine) if mine else np.zeros((0, 1))
        if len(every) < max(MIN_SHARE * total, MIN_VOICED):
            return None
        covariance = np.cov(every.T)
        covariance += 0.01 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        found.append(
            _Voice(
                mean=every.mean(axis=0),
                precision=np.linalg.inv(covariance).astype(np.float64),
                log_det=float(np.linalg.slogdet(covariance)[1]),
            )
        )
    return found


def _likelihoods(frames: list[Features], voices: list[_Voice]) -> Floats:
    """Log-likelihood of each stretch under each voice, shape (stretches, voices)."""
    return np.array([[v.log_likelihood(f) if len(f) else 0.0 for v in voices] for f in frames])


def _clear(frames: list[Features], spoken: Labels, count: int) -> float:
    """Share of the speech in stretches whose voice is nine times likelier than any other."""
    voices = _voices(frames, spoken, count)
    if count == 1 or voices is None:
        return 0.0
    likely = np.sort(_likelihoods(frames, voices), axis=1)
    sure = (likely[:, -1] - likely[:, -2]) / FRAMES_TOLD_ONCE > np.log(9)
    sizes = np.array([len(f) for f in frames])
    return float(sizes[sure].sum() / sizes.sum())


def _stretches(loud: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of sound (first frame, frame after the last) between pauses."""
    at = np.flatnonzero(loud)
    if not at.size:
        return []
    cuts = np.flatnonzero(np.diff(at) > PAUSE_FRAMES)
    starts, ends = at[np.r_[0, cuts + 1]], at[np.r_[cuts, at.size - 1]] + 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True) if b - a >= MIN_FRAMES]


def _windows(described: VoiceFrames) -> tuple[Floats, Floats]:
    """Centres (windows,) in frames and features (windows, 1 + cepstra) of what sounds."""
    length, step = int(WINDOW_S / HOP_S), int(STEP_S / HOP_S)
    features, voiced = described.features, described.voiced
    centres, found = [], []
    for start in range(0, max(1, len(features) - length + 1), step):
        inside = slice(start, start + length)
        use = voiced[inside]
        if not use.size or described.loud[inside].mean() < 0.4 or use.sum() < 15:
            continue
        centres.append(start + length / 2)
        spoken = features[inside][use]
        found.append(np.concatenate([[np.median(spoken[:, 0])], spoken[:, 1:].mean(axis=0)]))
    return np.asarray(centres), np.asarray(found)
