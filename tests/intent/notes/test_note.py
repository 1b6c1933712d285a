from __future__ import annotations

import json
from decimal import Decimal

from intent.call import Evidence, Polarity, Wish
from intent.notes.note import note_json
from intent.notes.text import MOST_FACTS
from intent.notes.write import NoteMaker
from tests.intent.notes.talk import TAXONOMY, call, note_of


def test_facts_are_what_the_client_states() -> None:
    note = note_of("a:您有五十万吧？", "c:我有三十万，佣金万二点五。", "c:能不能办？", products=("云岭稳健",))
    (fact,) = note.facts
    assert fact.evidence[0].turn == 1
    assert fact.text == "我有三十万，佣金万二点五"
    assert "amount" in fact.kinds
    assert {"300000", "万2.5"} <= set(fact.values)


def test_days_and_products_are_facts() -> None:
    note = note_of("c:云岭稳健增利下周三到期。", products=("云岭稳健增利", "云岭稳健"))
    assert set(note.facts[0].kinds) == {"date", "product", "account"}
    assert note.facts[0].values == ("2026-09-23", "云岭稳健增利")


def test_a_bare_number_is_read_with_the_words_before_it() -> None:
    note = note_of("c:我买房那笔钱，六十来万。")
    assert note.facts[0].text == "我买房那笔钱，六十来万"


def test_what_the_client_will_do_needs_a_time() -> None:
    note = note_of(
        "a:您好。", "c:我明天去营业部办。", "c:我再看看。", "c:我不去营业部，明天没空。", "c:明天我能去办吗？"
    )
    assert [(p.act, p.what, p.due.said if p.due else None) for p in note.client_promised] == [
        ("visit", "我明天去营业部办", "明天")
    ]


def wish() -> Wish:
    return Wish(
        intent="permission.hk", goes_to="lead", polarity=Polarity.INTEREST, confidence=0.9, amount_cny=Decimal(200_000),
        evidence=(Evidence(turn=1, quote="我想开港股通。", start_s=5.0, end_s=9.0),),
    )  # fmt: skip


def test_the_text_has_every_section_and_cites_every_line() -> None:
    said = ("a:您好。", "c:我想开港股通。", "a:我明天上午给您发资料。", "c:好，我后天去营业部办，账户里有二十万。")
    note = NoteMaker(TAXONOMY).note(call(*said), (wish(),))
    assert note.text.splitlines() == [
        "【来电目的】", "- 港股通：我想开港股通。（第2轮）",
        "【客户情况】", "- 我后天去营业部办，账户里有二十万（第4轮）",
        "【顾问承诺】", "- 我明天上午给您发资料（9月16日周三12:00前）（第3轮）",
        "【客户答应】", "- 我后天去营业部办（9月17日周四）（第4轮）",
        "【下一步】", "- 兑现承诺：我明天上午给您发资料（9月16日周三12:00前）（第3轮）",
        "- 商机：港股通，200,000元，24小时内处理（第2轮）",
    ]  # fmt: skip


def test_the_next_step_is_the_promise_that_is_due_first() -> None:
    note = note_of("a:我把资料发您。", "c:好。", "a:下周三我给您打电话。", "c:好。", "a:佣金我今天就帮您申请。")
    assert note.next_steps[0].text == "兑现承诺：佣金我今天就帮您申请（9月15日周二）"


def test_a_call_without_words_has_a_note_that_says_so() -> None:
    assert note_of().text == "本次录音没有可读的通话内容。"


def test_a_long_call_shows_the_foremost_facts_and_keeps_all() -> None:
    note = note_of(*(f"c:第{n}笔我放了{n + 1}万块钱。" for n in range(MOST_FACTS + 5)))
    assert len(note.facts) == MOST_FACTS + 5
    section = note.text.split("【客户情况】\n")[1].split("\n【")[0]
    assert len(section.splitlines()) == MOST_FACTS


def test_a_note_is_json_with_turn_quote_and_seconds() -> None:
    told = json.loads(json.dumps(note_json(note_of("a:我明天给您发过去。"))))
    (promise,) = told["promised"]
    assert promise["due"] == {"at": "2026-09-16T23:59:00+08:00", "precision": "day", "said": "明天"}
    assert promise["evidence"] == [{"turn": 0, "quote": "我明天给您发过去。", "start_s": 0.0, "end_s": 4.0}]
    assert "text" not in told


def test_a_registered_complaint_is_no_purpose_that_the_advisor_reads() -> None:
    heard = call("a:您好。", "c:我要投诉你们的客户经理。", "c:另外我想开通港股通。")

    def wanted(intent: str, goes_to: str, turn: int) -> Wish:
        said = heard.transcript.turns[turn]
        proof = Evidence(turn=turn, quote=said.text, start_s=said.start_s, end_s=said.end_s)
        return Wish(intent=intent, goes_to=goes_to, polarity=Polarity.INTEREST, evidence=(proof,), confidence=0.9)

    complaint = wanted("complaint", "case", 1)
    both = NoteMaker(TAXONOMY).note(heard, [complaint, wanted("permission.hk", "lead", 2)])
    assert [point.text for point in both.purpose] == ["港股通：另外我想开通港股通。"]
    assert "投诉" not in both.text
    assert "投诉" not in NoteMaker(TAXONOMY).note(heard, [complaint]).text
