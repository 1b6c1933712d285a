from __future__ import annotations

from datetime import datetime

import pytest

from intent.notes.note import Promise
from tests.intent.notes.talk import TUESDAY, note_of


def promised(*said: str) -> tuple[Promise, ...]:
    return note_of(*said).promised


def due(promise: Promise) -> str | None:
    return f"{promise.due.at:%m-%d %H:%M}" if promise.due else None


@pytest.mark.parametrize(
    ("said", "act", "when"),
    [
        ("我明天上午给您发过去。", "send", "09-16 12:00"),
        ("我把步骤截图发您。", "send", None),
        ("一会儿录个屏给您发过去", "send", "09-15 23:59"),
        ("我下周三之前给您回话。", "call", "09-23 23:59"),
        ("不管批没批我都给您回话。", "call", None),
        ("两小时之内会有人联系您。", "call", "09-15 12:20"),
        ("我今天就帮您提申请。", "apply", "09-15 23:59"),
        ("这个我得去查。", "check", None),
        ("我请投顾老师明天给您讲。", "arrange", "09-16 23:59"),
        ("我把您说的情况登记上去。", "register", None),
    ],
)
def test_what_the_advisor_will_do_is_a_promise(said: str, act: str, when: str | None) -> None:
    (found,) = promised("c:喂。", f"a:{said}", "c:好。")
    assert (found.act, due(found), found.asked) == (act, when, False)
    assert found.evidence[0].quote == said
    assert (found.evidence[0].turn, found.evidence[0].start_s) == (1, 5.0)


@pytest.mark.parametrize(
    "said",
    [
        "您给我发过来。",
        "您把电子回单发过来。",
        "做完测评您给我发个信息。",
        "我不能给您保证。",
        "这个我不能帮您操作。",
        "以后不会再打给您了。",
        "我们每个月都会给您发对账单。",
        "如果到时候有货，我给您打电话。",
        "我已经发您邮箱了。",
        "上次我给您发的资料您看了吗？",
        "您稍等，我看一下。",
        "我给您说明白，它不是保本的。",
        "您自己打客服热线。",
    ],
)
def test_requests_denials_habits_conditions_and_the_past_are_no_promises(said: str) -> None:
    assert promised("c:喂。", f"a:{said}", "c:嗯，知道了。") == ()


def test_a_client_cannot_promise_for_the_advisor() -> None:
    assert promised("a:您好。", "c:我明天给您发过去。") == ()


def test_an_offer_stands_when_the_client_takes_it() -> None:
    offer = "a:要不要我过二十分钟再打给您？"
    (taken,) = promised("c:喂。", offer, "c:好，二十分钟。")
    assert (taken.act, due(taken)) == ("call", "09-15 10:40")
    assert [each.turn for each in taken.evidence] == [1, 2]
    assert promised("c:喂。", offer, "c:不用了，我自己弄。") == ()
    assert promised("c:喂。", offer, "c:锅糊了。") == ()


def test_a_request_stands_when_the_advisor_agrees() -> None:
    asked = "c:你礼拜五下午给我打一个。"
    (found,) = promised("a:您好。", asked, "a:好，周五三点以后。")
    assert (found.act, due(found), found.asked) == ("call", "09-18 15:00", True)
    assert {each.turn for each in found.evidence} == {1, 2}
    assert promised("a:您好。", asked, "a:这个我没法答应您。") == ()


def test_the_one_who_asks_may_set_the_time() -> None:
    (found,) = promised("a:您好。", "c:你晚上把图发我。", "a:好，我发图给您。")
    assert due(found) == "09-15 22:00"


def test_a_later_turn_sets_the_time_and_is_cited() -> None:
    said = ("a:我请张老师给您回。", "c:快一点。", "a:明天上午行不行？", "c:九点半以后吧。", "a:行，九点半以后。")
    (found,) = promised(*said)
    assert due(found) == "09-16 09:30"
    assert {each.turn for each in found.evidence} == {0, 2, 4}


def test_what_is_said_twice_is_one_promise() -> None:
    said = ("a:我帮您提佣金申请。", "c:快点。", "a:好的，佣金申请我今天就提。")
    assert [(due(each), len(each.evidence)) for each in promised(*said)] == [("09-15 23:59", 2)]


@pytest.mark.parametrize("words", ["那算了，别发了。", "不用发了。", "你别给我发了。"])
def test_a_withdrawal_cancels_what_it_names(words: str) -> None:
    said = ("a:我明天把资料发您，结果也打电话给您。", "c:好。", "a:还有别的事吗？", f"c:{words}")
    assert [each.act for each in promised(*said)] == ["call"]


def test_the_advisor_takes_back() -> None:
    assert promised("a:我把他微信推给您。", "c:你莫害我。", "a:那当我没讲。") == ()


def test_a_meeting_that_is_agreed_on_is_a_promise() -> None:
    (found,) = promised("a:礼拜三上午行吗？", "c:礼拜三我得取药，礼拜四九点我就到。", "a:好，礼拜四九点。")
    assert (found.act, due(found)) == ("meet", "09-17 09:00")


def test_the_day_of_a_thing_is_not_the_day_of_the_promise() -> None:
    (found,) = promised("a:我把十月底的对账单发您。")
    assert found.due is None


def test_seconds_of_the_turn_count() -> None:
    said = ["a:嗯。"] * 24 + ["a:十分钟给您回过去。"]
    assert due(promised(*said)[0]) == "09-15 10:32"


def test_pauses_written_as_spaces_divide_clauses() -> None:
    (found,) = promised("c:喂", "a:不急 我回头查一下有没有两个月的 有我告诉您 没有咱就不勉强")
    assert found.act == "call"


def test_without_the_start_of_the_call_nothing_has_a_due_date() -> None:
    (found,) = note_of("a:我明天给您发过去。", started_at=None).promised
    assert found.due is None


def test_a_start_in_utc_is_read_on_a_clock_of_china() -> None:
    late = datetime.fromisoformat("2026-09-15T17:30:00+00:00")  # half past one on the 16th in China
    (found,) = note_of("a:我明天给您发过去。", started_at=late).promised
    assert due(found) == "09-17 23:59"
    assert found.due is not None
    assert found.due.at.utcoffset() == TUESDAY.utcoffset()


def test_an_unknown_speaker_promises_nothing() -> None:
    assert promised("?:我明天给您发过去。") == ()
