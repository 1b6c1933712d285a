"""Words by their sound: other characters, letters, both; ordinary words and English are left alone."""

import pytest

from mandarin.homophones import HomophoneFinder
from mandarin.script import normalise

FINDER = HomophoneFinder(["保本", "保息", "稳赚", "收益"])


def heard(text: str) -> list[tuple[str, str]]:
    return [(found.word, text[found.start : found.end]) for found in FINDER.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("葆本葆息四个字", [("保本", "葆本"), ("保息", "葆息")]),
        ("这款bao本又保xi", [("保本", "bao本"), ("保息", "保xi")]),
        ("妥妥baoben的", [("保本", "baoben")]),
        ("稳专不陪", [("稳赚", "稳专")]),
    ],
)
def test_respellings_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert heard(text) == expected


@pytest.mark.parametrize("text", ["他手艺不错", "承包本项目", "保本不保本", "the baobenx of", "受益匪浅", "", "😀"])
def test_ordinary_words_and_the_word_itself_are_left_alone(text: str) -> None:
    assert heard(text) == []


def test_offsets_lead_back_through_letters() -> None:
    text = normalise("ＢＡＯ本，然后 葆息").text
    assert heard(text) == [("保本", "BAO本"), ("保息", "葆息")]


def test_a_word_of_one_syllable_is_refused() -> None:
    with pytest.raises(ValueError, match="two or more"):
        HomophoneFinder(["保"])
