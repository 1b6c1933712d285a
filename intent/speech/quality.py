"""What must not be read: text over silence, music and tones, and transcripts too poor to act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from intent.call import Turn
from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.survey import SILENT_PEAK
from intent.speech.transcribe import Segment, Transcription

FRAME = 1024  # samples, 64 ms: bins of 15.6 Hz, narrow enough to see a note stand still
LAG = 5  # frames of 64 ms that a note of music or a tone outlasts, and the pitch of a voice does not
PEAKS = 4  # strongest bins of a frame that are looked for again LAG frames later
HOLD_S = 8.0  # shortest stretch that is called music on hold; a signal before an answer is shorter
# Share of the strongest bins that stand still: at most 0.23 in voices (real, synthesised, of the sample calls), 0.4 and
# more in chords of 0.3-0.8 s, 1 in a tone.
HELD = 0.32
QUIET_DB = -55.0
SLACK_S = 0.3  # by which the times of segments are wrong
BREATH_S = 3.0  # shortest break between two pieces of music
MIN_CHARS = 20  # fewer say nothing of how well a call was heard
BAND_HZ = (200.0, 3400.0)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of a recording, in seconds."""

    start_s: float
    end_s: float


def held_sounds(samples: Samples) -> tuple[Span, ...]:
    """Stretches of HOLD_S and more that hold notes or tones and no voice: music on hold, ringing, a fax.

    Float32 samples of shape (n,) at 16 kHz.
    """
    held = _held(samples)
    if held is None:
        return ()
    step_s, width = FRAME / SAMPLE_RATE, int(HOLD_S / 2 / (FRAME / SAMPLE_RATE))
    if held.size < 2 * width:
        return ()
    kernel = np.ones(width) / width
    over = np.convolve(held, kernel, mode="same") >= HELD
    edges = np.flatnonzero(np.diff(np.r_[False, over, False].astype(np.int8))).reshape(-1, 2) * step_s
    spans: list[Span] = []
    for start_s, end_s in edges.tolist():
        if spans and start_s - spans[-1].end_s < BREATH_S:
            spans[-1] = Span(start_s=spans[-1].start_s, end_s=end_s)
        else:
            spans.append(Span(start_s=start_s, end_s=end_s))
    return tuple(span for span in spans if span.end_s - span.start_s >= HOLD_S)


def without_held(heard: Transcription, samples: Samples, start_s: float = 0.0) -> Transcription:
    """The text without what was written over music and tones; what was found is said.

    `start_s`: of the samples in their recording, for people; times of the text count from the first sample.
    """
    spans = held_sounds(samples)
    if not spans:
        return heard
    kept = [s for s in (_outside(segment, spans) for segment in heard.segments) if s is not None]
    told = ", ".join(f"{start_s + span.start_s:.0f}-{start_s + span.end_s:.0f} s" for span in spans)
    lost = len(heard.text) - sum(len(s.text) for s in kept)
    removed = f"; {lost} characters written over them were removed." if lost else "."
    note = f"Music or tones were heard at {told}{removed}"
    return replace(heard, segments=tuple(kept), warnings=(*heard.warnings, note))


def without_silent(heard: Transcription, samples: Samples) -> Transcription:
    """The text without segments that lie in silence: what engines without voice activity detection invent there.

    Whole segments alone: the times of single words are not that exact.
    """
    kept = tuple(each for each in heard.segments if not _silent(each, samples))
    lost = len(heard.text) - sum(len(each.text) for each in kept)
    if not lost:
        return heard
    note = f"{lost} characters written over silence were removed."
    return replace(heard, segments=kept, warnings=(*heard.warnings, note))


def _silent(segment: Segment, samples: Samples) -> bool:
    start, end = (round(s * SAMPLE_RATE) for s in (segment.start_s - SLACK_S, segment.end_s + SLACK_S))
    return float(np.abs(samples[max(0, start) : end]).max(initial=0.0)) < SILENT_PEAK


def unreadable(turns: Sequence[Turn], heard: Sequence[Transcription], *, min_confidence: float) -> str:
    """Why a person must listen, in Chinese, or nothing: the text does not fit its speech, or the engine was unsure."""
    if any(each.implausible for each in heard):
        return "转写字数与语音时长不符"
    known = [(turn.confidence, len(turn.text)) for turn in turns if turn.confidence is not None]
    characters = sum(size for _, size in known)
    if characters < MIN_CHARS:
        return ""
    mean = sum(confidence * size for confidence, size in known) / characters
    return f"转写平均置信度仅 {mean:.2f}" if mean < min_confidence else ""


def _outside(segment: Segment, spans: Sequence[Span]) -> Segment | None:
    """The segment without words in the spans; None where nothing is left."""
    if not segment.words:
        return None if _inside(segment.start_s, segment.end_s, spans) else segment
    words = tuple(w for w in segment.words if not _inside(w.start_s, w.end_s, spans))
    if len(words) == len(segment.words):
        return segment
    return replace(segment, words=words, text="".join(w.text for w in words)) if words else None


def _inside(start_s: float, end_s: float, spans: Sequence[Span]) -> bool:
    middle = (start_s + end_s) / 2
    return any(span.start_s <= middle <= span.end_s for span in spans)


def _held(samples: Samples) -> NDArray[np.float64] | None:
    """For each frame the share of its strongest bins that are among the strongest LAG frames later; 0 where quiet."""
    count = samples.size // FRAME
    if count <= LAG:
        return None
    low, high = (int(hz * FRAME / SAMPLE_RATE) for hz in BAND_HZ)
    top = np.empty((count, PEAKS), np.int64)
    loud = np.empty(count, bool)
    window = np.hanning(FRAME)
    for start in range(0, count, 4096):  # bounds the memory
        block = samples[start * FRAME : min(count, start + 4096) * FRAME].reshape(-1, FRAME)
        inside = slice(start, start + len(block))
        loud[inside] = 10 * np.log10(np.mean(np.square(block), axis=1) + 1e-12) > QUIET_DB
        spectrum = np.abs(np.fft.rfft(block * window, axis=1))[:, low:high]
        top[inside] = np.argsort(spectrum, axis=1)[:, -PEAKS:]
    later = top[LAG:]
    again = (top[:-LAG, :, None] == later[:, None, :]).any(axis=2).mean(axis=1)
    both = loud[:-LAG] & loud[LAG:]
    return np.where(both, again, 0.0)
