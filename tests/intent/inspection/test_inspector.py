from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from intent.inspection.inspector import load_inspector
from tests.intent.inspection.talk import CALL_BACK, broke, call_back, talk

INSPECTOR = load_inspector()


def test_a_sound_call_passes_by_machine() -> None:
    found = INSPECTOR.inspect("k1", call_back())
    assert (found.passed, found.call_type, found.call_type_from, found.left_out) == (True, "call_back", "content", ())


def test_metadata_goes_before_content() -> None:
    found = INSPECTOR.inspect("k1", call_back(), call_type="sale")
    assert (found.call_type, found.call_type_from) == ("sale", "metadata")
    odd = INSPECTOR.inspect("k1", call_back(), call_type="margin")
    assert (odd.call_type, odd.checklist) == ("unknown", ())
    assert odd.left_out == ("没有通话类型“margin”的检查清单：清单未作。",)


@pytest.mark.parametrize(
    ("said", "options", "left_out"),
    [
        ((), {}, ["没有可读的通话内容"]),
        (("c:喂？",), {}, ["没有顾问的话", "未能从内容判断通话类型"]),
        (("a:您好。",), {}, ["没有客户的话", "未能从内容判断通话类型"]),
        (("?:您好。", "?:你好。"), {"roles_from": "unknown"}, ["不知道谁是顾问", "没有客户的话", "未能从内容"]),
        (CALL_BACK, {"roles_from": "words"}, ["估计值"]),
        (CALL_BACK, {"every_s": 0, "lasts_s": 0}, ["没有时间"]),
    ],
)
def test_a_poor_transcript_says_what_was_left_out(
    said: tuple[str, ...], options: dict[str, object], left_out: list[str]
) -> None:
    found = INSPECTOR.inspect("k1", talk(*said, **options))  # type: ignore[arg-type]
    assert len(found.left_out) == len(left_out)
    assert all(part in sentence for part, sentence in zip(left_out, found.left_out, strict=True))


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [
        (talk("c:喂？"), "没有顾问的话，无从判断"),
        (talk(*CALL_BACK, roles_from="words"), "角色系推断，不由机器放行"),
        (call_back(t15="差不多吧。"), "关键项：确认知悉可能承担损失"),
        (call_back(t14="好的。"), "关键项：确认知悉可能承担损失"),
    ],
)
def test_what_is_not_sure_does_not_pass(transcript: object, reason: str) -> None:
    found = INSPECTOR.inspect("k1", transcript)  # type: ignore[arg-type]
    assert not found.passed
    assert reason in found.why_not_passed


def test_a_call_that_the_rules_could_not_judge_does_not_pass() -> None:
    found = INSPECTOR.inspect("k1", call_back(), None)
    assert (found.passed, found.why_not_passed) == (False, ("合规规则未能判断",))
    assert found.left_out == ("合规规则未能判断：违规未作。",)


def test_a_violation_does_not_pass() -> None:
    found = INSPECTOR.inspect("k1", call_back(), (broke(16, "endorsement", severity="low"),))
    assert found.why_not_passed == ("命中规则：endorsement",)


def test_what_a_model_only_suspects_costs_nothing_and_asks_for_an_ear() -> None:
    suspected = replace(broke(16, "promise.return", "到期"), suspected=True)
    found = INSPECTOR.inspect("k1", call_back(), (suspected,))
    assert (found.passed, found.score.total, found.segments[0].turns) == (True, 100.0, (16,))


def test_an_angry_client_is_shown_and_costs_nothing() -> None:
    calm, angry = (INSPECTOR.inspect("k1", call_back(t1=text)) for text in ("你好。", "气死我了。"))
    assert [each.emotion for each in angry.emotions] == ["anger"]
    assert angry.score == calm.score
    assert angry.segments[0].why == ("客户情绪：气死",)


def test_a_result_is_plain_data() -> None:
    assert json.loads(json.dumps(asdict(INSPECTOR.inspect("k1", call_back()))))["call_id"] == "k1"
