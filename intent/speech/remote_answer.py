"""What a speech server answered, as segments: its numbers are looked at before they are believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from intent.errors import TranscriptionError
from intent.speech.transcribe import Segment, Transcription, Word

Placed = TypeVar("Placed", Word, Segment)

LATE_S = 2.0  # beyond the end of the sound: engines round, and pad the last window
MS = 1000.0
LEAST_SHARE = 0.8  # of the characters of a segment that its words must hold
LIED = "The speech server's times did not fit the sound; its text was spread over the length instead."
NO_SHAPE = "The speech server's answer has another shape than verbose_json: check which API it speaks."


def read_answer(answer: Mapping[str, Any], duration_s: float, language: str) -> Transcription:
    """An answer of verbose_json to `duration_s` of sound; milliseconds are told from seconds.

    Times that do not fit the sound are replaced and a warning says so. Raises TranscriptionError for another shape.
    """
    try:
        words = [_word(raw) for raw in answer.get("words") or ()]
        segments = [_segment(raw) for raw in answer.get("segments") or ()]
        text = str(answer["text"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TranscriptionError(NO_SHAPE) from error
    if not any(segment.text.strip() for segment in segments) and text.strip():
        segments = [Segment(text=text, start_s=0.0, end_s=duration_s)]
    placed: list[Word | Segment] = [*words, *segments]
    scale = _scale(placed, duration_s)
    warnings: tuple[str, ...] = ()
    if scale is None:
        words, segments, warnings = [], _spread(segments, duration_s), (LIED,)
    else:
        words = sorted((_fitted(word, scale, duration_s) for word in words), key=lambda word: word.start_s)
        segments = sorted((_fitted(each, scale, duration_s) for each in segments), key=lambda each: each.start_s)
    told = tuple(replace(each, words=_words_in(each, words)) for each in segments)
    known = "zh" if language == "auto" else language
    return Transcription(segments=told, speech_s=_union_s(told), language=known, warnings=warnings)


def _word(raw: Mapping[str, Any]) -> Word:
    return Word(text=str(raw["word"]), start_s=float(raw["start"]), end_s=float(raw["end"]))


def _segment(raw: Mapping[str, Any]) -> Segment:
    logprob = raw.get("avg_logprob")
    confidence = math.exp(min(0.0, float(logprob))) if logprob is not None and math.isfinite(logprob) else None
    return Segment(text=str(raw["text"]), start_s=float(raw["start"]), end_s=float(raw["end"]), confidence=confidence)


def _scale(placed: Sequence[Word | Segment], duration_s: float) -> float | None:
    """What times are divided by: 1, or 1000 where they can only be milliseconds; None where they fit neither way."""
    times = [time for each in placed for time in (each.start_s, each.end_s)]
    backwards = any(each.end_s < each.start_s for each in placed)
    if backwards or not all(math.isfinite(time) and time >= -LATE_S for time in times):
        return None
    last = max(times, default=0.0)
    if last <= duration_s + LATE_S:
        return 1.0
    return MS if last <= (duration_s + LATE_S) * MS and all(time == int(time) for time in times) else None


def _fitted(each: Placed, scale: float, duration_s: float) -> Placed:
    start_s, end_s = (min(max(time / scale, 0.0), duration_s) for time in (each.start_s, each.end_s))
    return replace(each, start_s=start_s, end_s=end_s)


def _spread(segments: Sequence[Segment], duration_s: float) -> list[Segment]:
    """The segments in the order they came, each as long as its text."""
    chars = sum(len(each.text) for each in segments) or 1
    at, placed = 0.0, []
    for each in segments:
        length = duration_s * len(each.text) / chars
        placed.append(replace(each, start_s=at, end_s=min(at + length, duration_s)))
        at += length
    return placed


def _words_in(segment: Segment, words: Sequence[Word]) -> tuple[Word, ...]:
    """The words whose middle lies in the segment; none where they leave out much of its text, which counts then."""
    mine = tuple(w for w in words if segment.start_s <= (w.start_s + w.end_s) / 2 <= segment.end_s)
    return mine if sum(_chars(w.text) for w in mine) >= LEAST_SHARE * _chars(segment.text) else ()


def _chars(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _union_s(segments: Sequence[Segment]) -> float:
    """Seconds that some segment covers; they come in order of their start."""
    covered, end_s = 0.0, 0.0
    for each in segments:
        covered += max(0.0, each.end_s - max(each.start_s, end_s))
        end_s = max(end_s, each.end_s)
    return covered
