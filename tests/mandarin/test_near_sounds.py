from __future__ import annotations

import pytest

from mandarin.near_sounds import Nearness, NearSoundFinder, nearness
from mandarin.word_model import WordModel


@pytest.mark.parametrize(
    ("meant", "heard", "near"),
    [
        ("申", "申", Nearness.WRITTEN),
        ("申", "身", Nearness.SAME),
        ("融", "买", None),
        ("身", "声", Nearness.NEAR),
        ("逆", "力", Nearness.NEAR),
        ("云", "赢", Nearness.PART),
        ("申", "K", None),
    ],
)
def test_how_near_two_characters_sound(meant: str, heard: str, near: Nearness | None) -> None:
    assert nearness(meant, heard) == near


def test_words_are_found_by_near_sounds_and_not_where_they_are_written() -> None:
    finder = NearSoundFinder(["申购", "科创板", "A股"])
    found = [(f.word, f.start, f.end) for f in finder.find("身购了可创办，申购过")]
    assert found == [("申购", 0, 2), ("科创板", 3, 6)]
    assert list(NearSoundFinder([]).find("身购")) == []


def test_only_long_words_bear_a_syllable_of_another_sound() -> None:
    finder = NearSoundFinder(["云岭价值精选", "逆回购"])
    (found,) = finder.find("赢领价值金选")
    assert found.steps[0] is Nearness.PART
    assert found.steps[2] is Nearness.WRITTEN
    assert list(finder.find("逆回扣")) == []


def test_words_are_likelier_than_their_characters() -> None:
    model = WordModel(["申购"])
    assert model.log_probability("申购") > model.log_probability("身购")
    assert model.log_probability("") == 0
    assert model.log_probability("龘") < model.log_probability("的")
