"""Names told to the engine: the client's own before the catalogue's, few, and no speech when they come back alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from intent.speech.hotwords import MAX_CHARACTERS, Hotwords
from intent.speech.transcribe import Segment, Transcription, clean, is_list_of

CATALOGUE = ("云岭稳健增利债券A", "云岭价值精选", "云岭货币", "听松短债", "听松红利低波")


class Known:
    def held(self, client_id: str) -> Sequence[str]:
        return ["听松红利低波"] if client_id == "C1" else []

    def spoken_of(self, client_id: str) -> Sequence[str]:
        return ["澄湖科技创新（LOF）", "听松红利低波"] if client_id == "C1" else []


def test_what_the_client_holds_and_spoke_of_comes_before_the_catalogue() -> None:
    chosen = Hotwords(CATALOGUE, Known(), most=4)
    assert chosen("C1") == ("听松红利低波", "澄湖科技创新", "云岭稳健增利债券", "云岭价值精选")
    assert chosen("C2") == chosen(None) == ("云岭稳健增利债券", "云岭价值精选", "云岭货币", "听松短债")
    assert Hotwords(CATALOGUE, Known(), most=0)("C1") == ()


def test_they_are_bounded_in_characters_too() -> None:
    chosen = Hotwords([f"很长的基金名称第{n}号精选混合" for n in range(40)], Known(), most=24)(None)
    assert sum(len(name) + 1 for name in chosen) <= MAX_CHARACTERS + 1
    assert chosen


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        ("云岭货币 听松短债", True),
        ("云岭货币，云岭货币，云岭货币。", True),
        ("云岭货币", False),
        ("我想买云岭货币听松短债", False),
        ("", False),
    ],
)
def test_a_bare_list_of_them_is_no_speech(text: str, is_list: bool) -> None:
    words = ("云岭货币", "听松短债")
    assert is_list_of(words, text) is is_list
    heard = clean(Transcription(segments=(Segment(text=text, start_s=0, end_s=1),), speech_s=1), words)
    assert (heard.segments == ()) is (is_list or not text)
    assert not is_list_of((), text)
