from __future__ import annotations

from dataclasses import replace

import pytest

from intent.call import SpeechFinding, Transcript
from intent.inspection.inspector import load_inspector
from intent.inspection.plan import review_plan
from intent.inspection.result import Inspection
from tests.intent.inspection.talk import broke, call_back, talk, timed

INSPECTOR = load_inspector()
PLAIN = "a:您好，我查一下您的账户。"


def inspect(name: str, transcript: Transcript, *findings: SpeechFinding) -> Inspection:
    return INSPECTOR.inspect(name, transcript, findings)


def quiet(name: str, seconds: float = 600.0) -> Inspection:
    return inspect(name, replace(talk("a:您好。", "c:你好。", "a:再见。"), duration_s=seconds))


def test_segments_are_about_ten_seconds_and_the_worst_comes_first() -> None:
    found = inspect("k1", call_back(t7="嗯。"), broke(16, "insider.information", "到期"))
    first, second = found.segments[:2]
    assert (first.rank, first.turns, second.turns) == (1, (16,), (7,))
    assert first.risk > second.risk
    assert first.end_s - first.start_s == 10
    assert first.start_s <= 82 <= first.end_s
    assert "insider.information" in first.why[0]


def test_a_quote_late_in_a_long_turn_is_found_there() -> None:
    said = "a:" + "我先给您介绍一下背景" * 9 + "这个稳赚的"
    (segment, *_) = inspect(
        "k1", timed((said, 0, 95), ("c:哦。", 95, 97)), broke(0, "promise.return", "稳赚的")
    ).segments
    assert segment.start_s > 80


def test_neighbours_become_one_segment_up_to_twenty_seconds() -> None:
    found = inspect("k1", call_back(), *(broke(n, "promise.return", "") for n in range(6, 12)))
    assert all(segment.end_s - segment.start_s <= 20 for segment in found.segments)
    assert any(len(segment.turns) > 1 for segment in found.segments)


def test_a_word_in_doubt_asks_for_an_ear_and_accuses_nobody() -> None:
    found = inspect("k1", talk(PLAIN, "c:好。", "a:这个稳赚不赔。", "c:哦。"))
    assert (found.passed, found.why_not_passed) == (False, ("1处用语待听",))
    assert "待听" in found.segments[0].why[0]
    assert found.score.business == 100


def test_the_plan_hears_the_worst_of_every_call_within_the_budget() -> None:
    bad = inspect("bad", replace(call_back(), duration_s=1800), broke(16, "insider.information", "到期"))
    worse = inspect(
        "worse",
        replace(call_back(t7="嗯。"), duration_s=1800),
        broke(6, "promise.return", ""),
        broke(16, "insider.x", ""),
    )
    plan = review_plan([bad, quiet("good"), worse], budget_s_per_hour=20)
    assert plan.passed == ("good",)
    assert [item.call_id for item in plan.listen] == ["worse"] or plan.listen_s <= plan.budget_s
    generous = review_plan([bad, quiet("good"), worse], budget_s_per_hour=120)
    assert [item.call_id for item in generous.listen][:2] in (["worse", "bad"], ["bad", "worse"])
    assert generous.listen_s <= generous.budget_s


def test_what_does_not_fit_is_named_and_one_segment_is_always_heard() -> None:
    calls = [inspect(f"k{n}", call_back(), broke(16, "promise.return", "")) for n in range(4)]
    plan = review_plan(calls, budget_s_per_hour=120)
    assert [item.call_id for item in plan.listen] == ["k0"]
    assert plan.left == ("k1", "k2", "k3")


def test_a_text_without_times_is_read_not_heard() -> None:
    bare = inspect("k1", talk(PLAIN, "c:好。", every_s=0, lasts_s=0), broke(0, "promise.return", "查"))
    assert bare.segments == ()
    assert review_plan([bare], budget_s_per_hour=120).read == ("k1",)


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_a_short_call_gives_no_segment_outside_of_it(seconds: float) -> None:
    transcript = replace(timed(("a:保证赚钱", 0, 3)), duration_s=seconds)
    (segment,) = inspect("k1", transcript, broke(0, "promise.return", "保证赚钱")).segments
    assert (segment.start_s, segment.end_s) == (0, 3)
