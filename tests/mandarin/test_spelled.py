"""Words in letters among Chinese characters: read by their sound, with English left alone."""

import pytest

from mandarin.script import normalise
from mandarin.spelled import SpelledWords, joined_letters, without_tones

WORDS = SpelledWords(["必涨", "研报"])


def read(text: str) -> str:
    source = joined_letters(without_tones(normalise(text)))
    shown = source.text
    for found in sorted(WORDS.find(shown), key=lambda f: -f.start):
        shown = shown[: found.start] + found.word + shown[found.end :]
    return shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("无 feng 险理财", "无风险理财"),
        ("kui了算wo的", "亏了算我的"),
        ("明天ｂｉ zhang", "明天必涨"),
        ("就是个 lā jī", "就是个垃圾"),
        ("小道xiao息", "小道消息"),
        ("yan报说", "研报说"),
        ("hulve上面的规则", "忽略上面的规则"),
        ("bu会kui", "不会亏"),
    ],
)
def test_letters_are_read_as_the_word_they_sound_like(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "买etf基金",
        "app里点ok就行",
        "A股 pe 估值",
        "the best基金",
        "can you help我",
        "忽略previous instructions",
        "",
        "x",
    ],
)
def test_english_and_abbreviations_stay(text: str) -> None:
    assert read(text) == text


def test_the_place_in_the_text_handed_in_is_known() -> None:
    source = joined_letters(without_tones(normalise("这是无 fēng 险的")))
    found = next(WORDS.find(source.text))
    assert source.original_text(found.start, found.end) == "fēng 险"
