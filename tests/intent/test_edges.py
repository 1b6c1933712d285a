"""When a voice begins and ends on its own channel."""

from __future__ import annotations

import numpy as np
import pytest

from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.edges import fitted
from intent.speech.transcribe import Segment, Word


def _channel(*stretches: tuple[float, float, float], length_s: float = 4.0) -> Samples:
    """Noise of a level (1.0 is a voice) between seconds, over a noise floor of -80 dB."""
    drawn = np.random.default_rng(3)
    sound = drawn.normal(0, 1e-4, int(length_s * SAMPLE_RATE))
    for start_s, end_s, level in stretches:
        within = slice(int(start_s * SAMPLE_RATE), int(end_s * SAMPLE_RATE))
        sound[within] += drawn.normal(0, 0.1 * level, sound[within].size)
    return sound.astype(np.float32)


def _segment(*words: tuple[str, float, float]) -> Segment:
    laid = tuple(Word(text=text, start_s=start_s, end_s=end_s) for text, start_s, end_s in words)
    return Segment(text="".join(w.text for w in laid), start_s=laid[0].start_s, end_s=laid[-1].end_s, words=laid)


def _times(segment: Segment) -> list[float]:
    return [second for word in segment.words for second in (word.start_s, word.end_s)]


def test_a_first_word_begins_where_its_channel_is_heard() -> None:
    own, other = _channel((1.0, 2.0, 1.0)), _channel()
    (segment,) = fitted([_segment(("我", 0.4, 1.3), ("想", 1.3, 1.98))], own, other)
    assert _times(segment) == pytest.approx([1.0, 1.3, 1.3, 1.98], abs=0.02)
    assert segment.start_s == segment.words[0].start_s


def test_what_leaks_from_the_other_channel_is_no_voice_of_this_one() -> None:
    own, other = _channel((0.2, 0.9, 0.4), (1.1, 2.0, 1.0)), _channel((0.2, 0.9, 1.0))
    (segment,) = fitted([_segment(("好", 0.5, 1.9))], own, other)
    assert segment.start_s == pytest.approx(1.1, abs=0.02)


def test_a_last_word_ends_where_its_channel_falls_silent() -> None:
    own, other = _channel((1.0, 2.0, 1.0)), _channel()
    (segment,) = fitted([_segment(("买", 1.0, 1.5), ("吧", 1.5, 2.9))], own, other)
    assert segment.end_s == pytest.approx(2.0, abs=0.02)


def test_words_of_one_breath_keep_their_times() -> None:
    own, other = _channel((1.0, 1.4, 1.0), (1.6, 2.0, 1.0)), _channel()
    (segment,) = fitted([_segment(("一", 1.0, 1.5), ("百", 1.5, 2.0))], own, other)
    assert _times(segment) == pytest.approx([1.0, 1.5, 1.5, 2.0], abs=0.02)


def test_a_word_that_is_never_the_louder_one_keeps_its_times() -> None:
    own, other = _channel((1.0, 2.0, 0.5)), _channel((0.5, 2.5, 1.0))
    (segment,) = fitted([_segment(("嗯", 0.8, 1.8))], own, other)
    assert _times(segment) == [0.8, 1.8]


def test_text_without_words_and_silence_are_left_alone() -> None:
    bare = Segment(text="嗯", start_s=0.0, end_s=1.0)
    assert fitted([bare], _channel(), _channel()) == (bare,)
    assert fitted([bare], np.zeros(0, np.float32), np.zeros(0, np.float32)) == (bare,)
