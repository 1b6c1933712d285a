"""Marks where the engine gave none; no word is ever changed."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from intent.call import Speaker
from intent.speech.clean import turns
from intent.speech.punctuation import MARKS, punctuated
from intent.speech.transcribe import Segment, Word


def spoken(*phrases: str, pause_s: float = 0.4) -> list[Word]:
    """Phrases with a pause between, a word a character."""
    words, at = [], 0.0
    for phrase in phrases:
        for char in phrase:
            words.append(Word(text=char, start_s=at, end_s=at + 0.2))
            at += 0.2
        at += pause_s
    return words


def marked(*phrases: str, pause_s: float = 0.4) -> str:
    return punctuated(spoken(*phrases, pause_s=pause_s), "".join(phrases))


def test_pauses_particles_and_question_words_give_marks() -> None:
    assert marked("我上次买的那个基金", "现在净值是多少") == "我上次买的那个基金，现在净值是多少？"
    assert marked("那个我已经赎回来了", "你再帮我看看别的") == "那个我已经赎回来了。你再帮我看看别的。"
    assert marked("这个基金可以定投吗", "每个月我想投一千块") == "这个基金可以定投吗？每个月我想投一千块。"
    assert marked("我想先了解一下费率", "然后再决定买不买", pause_s=0.9).count("。") == 2


def test_what_has_marks_or_is_short_stays_as_it_is() -> None:
    assert marked("好的，", "那我明天上午再给您打个电话吧") == "好的，那我明天上午再给您打个电话吧"
    assert marked("我想买基金") == "我想买基金"


def test_turns_carry_the_marks() -> None:
    words = tuple(spoken("我上次买的那个基金", "现在净值是多少"))
    segment = Segment(text="".join(w.text for w in words), start_s=0.0, end_s=words[-1].end_s, words=words)
    (turn,) = turns([(Speaker.CLIENT, [segment])])
    assert turn.text == "我上次买的那个基金，现在净值是多少？"


PHRASE = st.text(alphabet="我想买基金了吗呢什么多少 abc12啊", min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(st.lists(PHRASE, min_size=1, max_size=6), st.floats(0.0, 1.5))
def test_no_word_is_changed(phrases: list[str], pause_s: float) -> None:
    given_text = "".join(phrases)
    bare = re.compile(rf"[\s{re.escape(MARKS)}]")
    assert bare.sub("", marked(*phrases, pause_s=pause_s)) == bare.sub("", given_text)
