"""When a voice begins and ends: words laid onto the sound of their own channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.transcribe import Segment, Word

FRAME = 320  # samples, 20 ms
QUIET_DB = -55.0
BELOW_SPEECH_DB = 30.0  # what is so far below the loud frames of a channel is no voice of it
LOUD = 95  # percentile of frames that tells how loud a channel speaks
PAUSE_S = 0.05  # words that are further apart are not spoken in one breath

Levels = NDArray[np.float64]  # dB of each frame


def fitted(segments: Sequence[Segment], own: Samples, other: Samples) -> tuple[Segment, ...]:
    """Words after a pause begin, and words before one end, where their channel is heard and is the louder one.

    An engine that hears what voice activity detection left together dates the first word of a turn up to 0.7 s before
    it is spoken: into the other's last word. A word in which its channel is never the louder one keeps its times.
    Both channels: float32, the same shape (n,), 16 kHz, on one clock.
    """
    mine, theirs = _levels(own), _levels(other)
    if not mine.size:
        return tuple(segments)
    floor = max(QUIET_DB, float(np.percentile(mine, LOUD)) - BELOW_SPEECH_DB)
    heard = np.flatnonzero((mine > floor) & (mine >= theirs))
    return tuple(_fitted(segment, heard) for segment in segments)


def _fitted(segment: Segment, heard: NDArray[np.int64]) -> Segment:
    words = segment.words
    if not words:
        return segment
    laid = tuple(
        _laid(
            word,
            heard,
            begins=n == 0 or word.start_s - words[n - 1].end_s > PAUSE_S,
            ends=n == len(words) - 1 or words[n + 1].start_s - word.end_s > PAUSE_S,
        )
        for n, word in enumerate(words)
    )
    return replace(segment, words=laid, start_s=laid[0].start_s, end_s=laid[-1].end_s)


def _laid(word: Word, heard: NDArray[np.int64], *, begins: bool, ends: bool) -> Word:
    first, last = (int(second * SAMPLE_RATE / FRAME) for second in (word.start_s, word.end_s))
    inside = heard[np.searchsorted(heard, first) : np.searchsorted(heard, last, side="right")]
    if not inside.size:
        return word
    start_s, end_s = int(inside[0]) * FRAME / SAMPLE_RATE, (int(inside[-1]) + 1) * FRAME / SAMPLE_RATE
    return replace(
        word,
        start_s=max(word.start_s, start_s) if begins else word.start_s,
        end_s=min(word.end_s, end_s) if ends else word.end_s,
    )


def _levels(samples: Samples) -> Levels:
    frames = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return np.asarray(10.0 * np.log10(np.mean(frames**2, axis=1) + 1e-12))
