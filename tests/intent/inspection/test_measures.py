from __future__ import annotations

import pytest

from intent.call import Transcript
from intent.inspection.measures import measures
from intent.inspection.result import TalkMeasures
from intent.inspection.wording import load_wording
from tests.intent.inspection.talk import talk, timed


def measured(transcript: Transcript) -> TalkMeasures:
    return measures(transcript, load_wording())


def test_talk_share_counts_speech_of_known_speakers() -> None:
    found = measured(timed(("a:您好您好", 0, 6), ("c:你好", 6, 8), ("?:喂", 8, 20)))
    assert (found.advisor_s, found.client_s, found.advisor_share) == (6.0, 2.0, 0.75)


def test_a_backchannel_does_not_break_a_monologue_and_a_turn_does() -> None:
    said = [("a:先说第一点", 0, 10), ("c:嗯，好的。", 10, 11), ("a:再说第二点", 12, 20)]
    assert measured(timed(*said)).monologue_s == 18.0
    broken = [said[0], ("c:等等，我有个问题。", 10, 11), said[2]]
    assert measured(timed(*broken)).monologue_s == 10.0


def test_silence_is_between_the_first_word_and_the_last() -> None:
    found = measured(timed(("a:您好", 8, 10), ("c:你好", 13, 15), ("a:再见", 22, 23)))
    assert (found.silence_s, found.longest_silence_s) == (10.0, 7.0)
    assert found.silence_share == pytest.approx(10 / 15, abs=0.001)
    assert found.longest_silence_at is not None
    assert (found.longest_silence_at.start_s, found.longest_silence_at.end_s) == (15, 22)


def test_a_short_turn_inside_a_long_one_makes_no_silence() -> None:
    assert measured(timed(("a:我慢慢跟您讲", 0, 20), ("c:嗯", 5, 6), ("c:我知道了", 21, 22))).silence_s == 1.0


@pytest.mark.parametrize(
    ("text", "start", "counted"),
    [
        ("您先听我说。", 5.0, 1),
        ("嗯嗯，好的。", 5.0, 0),
        ("对对对对", 5.0, 1),  # no word of the list as a whole
        ("您先听我说。", 9.9, 0),
        ("您先听我说。", 10.5, 0),
    ],
)
def test_interruptions_are_no_backchannels_and_no_rhythm(text: str, start: float, counted: int) -> None:
    found = measured(timed(("c:我那只基金跌了这么多", 0, 10), (f"a:{text}", start, 14)))
    assert len(found.advisor_interruptions) == counted
    assert found.client_interruptions == ()


def test_speaking_into_a_backchannel_interrupts_nobody() -> None:
    assert measured(timed(("c:嗯嗯", 0, 5), ("a:我接着说", 1, 6))).advisor_interruptions == ()


def test_rate_counts_spoken_characters_without_punctuation() -> None:
    assert measured(timed(("a:您好，ETF涨了3.5%。", 0, 2))).advisor_chars_per_s == 4.5


def test_guessed_roles_are_estimated_and_no_times_give_no_seconds() -> None:
    assert not measured(talk("a:您好")).estimated
    assert measured(talk("a:您好", roles_from="words")).estimated
    bare = measured(talk("a:您好", "c:你好", every_s=0, lasts_s=0))
    assert (bare.advisor_s, bare.silence_s, bare.monologue_s, bare.advisor_chars_per_s) == (None, None, None, None)
    assert measured(talk()).advisor_share is None
