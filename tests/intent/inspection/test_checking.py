from __future__ import annotations

from intent.call import Transcript
from intent.inspection.answers import load_answers
from intent.inspection.checking import Checker
from intent.inspection.checklists import load_checklists
from intent.inspection.result import ItemResult
from intent.inspection.wording import load_wording
from tests.intent.inspection.talk import call_back, talk

LISTS = load_checklists()


def check(transcript: Transcript, call_type: str = "call_back") -> dict[str, ItemResult]:
    checklist = LISTS.of(call_type)
    assert checklist is not None
    results = Checker(transcript.turns, load_answers(), load_wording()).check(checklist)
    return {result.item: result for result in results}


def test_a_sound_call_back_misses_nothing() -> None:
    states = {name: result.state for name, result in check(call_back()).items()}
    assert {name for name, state in states.items() if state == "not_applicable"} == {"cooling_off", "dispute"}
    assert {name: state for name, state in states.items() if state not in {"done", "not_applicable"}} == {}


def test_an_unclear_and_a_contrary_answer_are_found_where_they_are_given() -> None:
    found = check(call_back(t15="嗯。", t19="有啊，他说保本的。"))
    assert (found["loss"].state, found["no_promise"].state) == ("unclear", "refused")
    assert found["no_promise"].answered_at is not None
    assert (found["no_promise"].answered_at.turn, found["no_promise"].answered_at.start_s) == (19, 95.0)


def test_a_question_asked_again_may_still_be_answered() -> None:
    said = ["a:本金可能亏损，您清楚吗？", "c:差不多吧。", "a:请您明确回答，是清楚还是不清楚？", "c:清楚。"]
    assert check(talk(*said))["loss"].state == "done"
    assert check(talk(*said[:2]))["loss"].state == "unclear"


def test_an_answer_to_the_next_question_answers_only_that() -> None:
    said = ["a:本金可能亏损，您清楚吗？", "a:另外申购费您了解吗？", "c:了解。"]
    found = check(talk(*said))
    assert (found["loss"].state, found["loss"].why) == ("unclear", "客户没有回答")
    assert found["fees"].state == "done"


def test_what_is_missing_names_the_turn_by_which_it_had_to_come() -> None:
    found = check(call_back(t0="您好。"))["recording_notice"]
    assert (found.state, found.said_at) == ("missing", None)
    assert found.expected_by is not None
    assert found.expected_by.turn == 4  # the purchase is asked about there


def test_what_comes_after_what_it_had_to_precede_is_late() -> None:
    found = check(call_back(t0="您好，这里是远山证券客户服务中心。", t20="对了，本次通话录音。"))
    assert (found["recording_notice"].state, found["speaker_identity"].state) == ("late", "done")


def test_items_of_private_funds_apply_where_one_is_spoken_of() -> None:
    said = ["a:您认购的私募基金，冷静期二十四小时，您知道吗？", "c:知道。"]
    assert check(talk(*said))["cooling_off"].state == "done"
    assert check(talk("a:您认购的基金。"))["cooling_off"].state == "not_applicable"


def test_saying_the_opposite_does_not_fulfil_an_item() -> None:
    assert check(talk("a:这只基金不可能亏损本金。", "c:好。"), "sale")["loss"].state == "missing"
    assert check(talk("a:这只基金不保本，可能亏损。", "c:好。"), "sale")["loss"].state == "done"


def test_parts_of_an_item_may_stand_in_two_turns() -> None:
    said = ["a:产品是R3。", "c:嗯。", "a:您的测评结果是C3，", "c:对。", "a:两者是匹配的。", "c:清楚。"]
    assert check(talk(*said), "dual_recording")["level_match"].state == "done"
    assert check(talk(*said[:4]), "dual_recording")["level_match"].state == "missing"


def test_the_answer_is_sought_where_all_parts_were_said() -> None:
    found = check(call_back(t11="不知道。"))["level_match"]
    assert (found.state, found.answered_at and found.answered_at.turn) == ("refused", 11)


def test_without_a_client_answers_are_unheard() -> None:
    assert check(talk("a:本金可能亏损，您清楚吗？"))["loss"].state == "unheard"
