from __future__ import annotations

import pytest

from intent.inspection.emotions import emotions, load_emotions
from intent.inspection.wording import load_wording
from tests.intent.inspection.talk import talk


def shown(*said: str) -> list[tuple[int, str]]:
    found = emotions(talk(*said).turns, load_emotions(), load_wording())
    return [(each.place.turn, each.emotion) for each in found]


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("我要投诉你们！", "anger"),
        ("气死我了，什么破系统。", "anger"),
        ("我有点担心，会不会跌光啊。", "worry"),
        ("我赶时间，长话短说。", "hurry"),
        ("讲得清楚，谢谢你啊。", "satisfied"),
        ("谢谢你，可我还是要投诉。", "anger"),  # the strongest counts
    ],
)
def test_cues_tell_the_emotion_of_a_turn(text: str, emotion: str) -> None:
    assert shown(f"c:{text}") == [(0, emotion)]


@pytest.mark.parametrize(
    "text", ["我不急，你慢慢说。", "我没有不满意。", "我不担心。", "我不投诉你。", "嗯。", "利滚利嘛。"]
)
def test_what_is_denied_or_plain_shows_none(text: str) -> None:
    assert shown(f"c:{text}") == []


def test_only_the_client_is_read() -> None:
    assert shown("a:您别生气，我很着急。", "?:我要投诉。") == []
