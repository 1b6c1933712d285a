from __future__ import annotations

import pytest

from intent.call import SpeechFinding, Transcript
from intent.inspection.inspector import load_inspector
from intent.inspection.result import Inspection
from tests.intent.inspection.talk import broke, call_back, talk, timed

INSPECTOR = load_inspector()


def inspect(transcript: Transcript, *findings: SpeechFinding, call_type: str | None = None) -> Inspection:
    return INSPECTOR.inspect("k1", transcript, findings, call_type=call_type)


def lost(found: Inspection) -> dict[str, float]:
    return {loss.of: loss.points for loss in found.score.losses}


def test_a_sound_call_keeps_its_points() -> None:
    score = inspect(call_back()).score
    assert (score.total, score.business, score.capped) == (100.0, 100.0, False)


def test_a_critical_violation_caps_the_score() -> None:
    score = inspect(call_back(), broke(16, "promise.return", "到期")).score
    assert (score.total, score.capped) == (59, True)
    assert not inspect(call_back(), broke(16, "disparagement", "到期", severity="low")).score.capped


def test_a_refused_critical_item_caps_and_an_unclear_one_costs_half() -> None:
    refused, unclear = (inspect(call_back(t19=text)).score for text in ("有的，说保本。", "嗯。"))
    assert refused.total is not None
    assert refused.total <= 59
    assert {loss.of: loss.points for loss in refused.losses} == {"no_promise": 10}
    assert {loss.of: loss.points for loss in unclear.losses} == {"no_promise": 5}


def test_every_point_lost_names_its_turn_and_seconds() -> None:
    found = inspect(call_back(t0="您好。", t15="嗯。"), broke(16, "promise.return", "到期"))
    places = {loss.of: (loss.place.turn, loss.place.start_s) for loss in found.score.losses}
    assert places["loss"] == (15, 75.0)
    assert places["promise.return"] == (16, 80.0)
    assert places["recording_notice"] == (4, 20.0)
    assert all(loss.place.start_s is not None for loss in found.score.losses)


def test_a_rule_costs_by_its_longest_beginning_and_else_by_severity() -> None:
    text = talk("a:您好。", "c:你好。", "a:再见。")
    assert lost(inspect(text, broke(2, "promise.return")))["promise.return"] == 45
    assert lost(inspect(text, broke(2, "disparagement", severity="low")))["disparagement"] == 10


@pytest.mark.parametrize(
    ("said", "ability"),
    [
        (("c:这个怎么收费？", "a:嗯。", "c:喂？", "c:你说话呀。", "a:您好。"), "answered"),
        (("a:您好，推荐您买这只基金。", "c:好。"), "explained_risk"),
        (("a:说吧什么事。", "c:查一下。", "a:嗯。", "c:快。"), "courteous"),
        (("a:您好。", "c:我不懂。", "a:您懂什么，闭嘴。"), "courteous"),
    ],
)
def test_abilities_lose_points_by_words(said: tuple[str, ...], ability: str) -> None:
    assert ability in lost(inspect(talk(*said)))


def test_abilities_lose_points_by_measures() -> None:
    long = timed(("a:您好，我给您讲讲", 0, 120), ("c:那我想问一下", 120, 122), ("a:等您说完", 160, 165))
    found = inspect(long)
    assert {"listened", "pace"} <= set(lost(found))
    assert "顾问连续说了120秒" in {loss.why for loss in found.score.losses}


def test_what_cannot_be_judged_is_left_out_of_the_mean() -> None:
    score = inspect(talk("a:您好。", "c:你好。", every_s=0, lasts_s=0)).score
    assert {each.id: each.points for each in score.abilities if each.points is None} == {"listened": None, "pace": None}
    assert score.ability == 100
    assert inspect(talk("c:喂？")).score.total is None
