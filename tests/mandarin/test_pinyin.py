"""Homophones and words hidden in pinyin letters, with their places."""

import pytest

from mandarin.pinyin import find_by_sound, same_sound, split_pinyin, syllables


def test_syllables_carry_their_places() -> None:
    heard = [(s.start, s.end, s.pinyin) for s in syllables("重庆bao本")]
    assert heard == [(0, 1, "chong"), (1, 2, "qing"), (2, 5, "bao"), (5, 6, "ben")]


@pytest.mark.parametrize(
    ("letters", "split"),
    [
        ("baoben", ("bao", "ben")),
        ("BaoBen", ("bao", "ben")),
        ("nüshi", ("nv", "shi")),
        ("hello", ()),
        ("ROE", ()),
        ("x" * 100, ()),
    ],
)
def test_split_pinyin(letters: str, split: tuple[str, ...]) -> None:
    assert split_pinyin(letters) == split


@pytest.mark.parametrize(
    ("a", "b", "lenient", "alike"),
    [
        ("限价", "现价", False, True),
        ("两融", "两荣", False, True),
        ("资金", "支金", False, False),
        ("资金", "支金", True, True),
        ("基金", "股票", True, False),
        ("", "", False, False),
        ("ETF", "ETF", False, False),
    ],
)
def test_same_sound(a: str, b: str, lenient: bool, alike: bool) -> None:
    assert same_sound(a, b, lenient=lenient) is alike


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("这只保本", ["保本"]),
        ("这只bao本的", ["bao本"]),
        ("baoben没问题", ["baoben"]),
        ("保 * 本", ["保 * 本"]),
        ("宝本", ["宝本"]),
        ("保。本", []),
        ("不相干的话", []),
    ],
)
def test_find_by_sound(text: str, quotes: list[str]) -> None:
    matches = find_by_sound(text, ["保本"])
    assert [match.quote for match in matches] == quotes
    assert all(text[match.start : match.end] == match.quote for match in matches)


def test_a_single_syllable_matches_only_as_written() -> None:
    assert [m.quote for m in find_by_sound("赚钱，转钱", ["赚"])] == ["赚"]


def test_a_written_phrase_is_marked_exact() -> None:
    assert [m.exact for m in find_by_sound("保本和宝本", ["保本"])] == [True, False]
