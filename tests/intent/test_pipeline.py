from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intent.call import Bar, Call, CallReading, LineReading, Polarity, Speaker, Transcript, Turn, TurnIntent
from intent.classifier.model import IntentClassifier, RulesClassifier, ScriptedClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.utterance import PIECE, Utterance, pieces
from intent.inspection.inspector import load_inspector
from intent.inspection.speech import SpeechIssue
from intent.pipeline import CallPipeline, transcribe_call
from intent.speech.transcribe import ScriptedTranscriber
from intent.wishes import WishMaker
from tests.intent.sound import silence, tone, write_wav

TAXONOMY = load_taxonomy()
RULES = load_rules(TAXONOMY)
INSPECTOR = load_inspector()
PRODUCTS = ("云岭稳健债券", "云岭")


class PromiseChecker:
    """Finds two phrases, one for compliance alone, and suspects a third; enough to see what follows from a finding."""

    def judge(self, texts: Sequence[str]) -> list[list[SpeechIssue]]:
        return [self._of(text) for text in texts]

    def _of(self, text: str) -> list[SpeechIssue]:
        if "内部消息" in text:
            return [SpeechIssue(rule="insider.information", quote="内部消息", confidential=True)]
        if "差不多能赚" in text:
            return [SpeechIssue(rule="promise.return", quote="差不多能赚", suspected=True)]
        return [SpeechIssue(rule="promise.return", quote="保证赚钱")] if "保证赚钱" in text else []


def call(*said: str) -> Call:
    """Turns written as `a:text` and `c:text`, five seconds each; `?:` is an unknown speaker."""
    roles = {"a": Speaker.ADVISOR, "c": Speaker.CLIENT, "?": Speaker.UNKNOWN}
    turns = tuple(
        Turn(index=i, speaker=roles[line[0]], text=line[2:], start_s=5.0 * i, end_s=5.0 * i + 4)
        for i, line in enumerate(said)
    )
    return Call(id="c1", transcript=Transcript(turns=turns, duration_s=5.0 * len(turns)), client_id="C1")


def pipeline(classifier: IntentClassifier | None = None) -> CallPipeline:
    return CallPipeline(
        classifier=classifier or RulesClassifier(RULES),
        wish_maker=WishMaker(TAXONOMY, RULES, PRODUCTS),
        checker=PromiseChecker(),
        inspector=INSPECTOR,
        taxonomy=TAXONOMY,
    )


def read(*said: str, classifier: IntentClassifier | None = None) -> CallReading:
    return pipeline(classifier).read(call(*said))


def intents(reading: CallReading, place: str = "lead") -> list[str]:
    return [wish.intent for wish in reading.of(place)]


def test_a_wish_carries_its_words_and_seconds() -> None:
    wish = read("a:您好。", "c:我想开通港股通，怎么办？").of("lead")[0]
    assert wish.intent == "permission.hk"
    assert wish.polarity is Polarity.INTEREST
    assert (wish.evidence[0].turn, wish.evidence[0].start_s, wish.evidence[0].end_s) == (1, 5.0, 9.0)
    assert wish.evidence[0].quote == "我想开通港股通，怎么办？"


def test_what_the_advisor_says_raises_no_wish() -> None:
    assert read("a:我想给您开通港股通。", "c:嗯。").wishes == ()


def test_a_short_yes_takes_the_proposal_and_a_later_refusal_withdraws() -> None:
    said = ("a:要不要给您开通港股通？", "c:行，那就办吧。")
    assert intents(read(*said)) == ["permission.hk"]
    assert intents(read(*said, "a:还有什么需要？", "c:港股通还是算了，我不办了。")) == []


def test_a_wish_after_a_refusal_stands() -> None:
    assert intents(read("c:定投我不想做。", "a:好。", "c:要不，我想做定投，怎么开？")) == ["fund.sip"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (("c:我想申购基金，怎么买？", "a:它一年跌过三成。", "c:哦哟，那我不买了。"), []),
        (("c:我想申购基金，怎么买？", "a:会跌。", "c:我不能再亏了，那我不买了。"), ["loss.anxiety"]),
        (("c:我想开通港股通，怎么办？", "a:要先考试。", "c:那就莫开咯。"), []),
        (("c:我想开通港股通，怎么办？", "a:要先考试。", "c:唉，算了算了。"), []),
        (
            ("c:我想开通港股通，怎么办？", "a:好。", *("c:嗯。", "a:嗯。") * 3, "c:电话费贵，算了算了。"),
            ["permission.hk"],
        ),
        (("c:我想开通融资融券，怎么开？", "c:利率要是不到五，我就不开了。"), ["margin.open"]),
        (("c:我想申购基金，怎么买？", "c:这只不买了，我想买那只基金。"), ["fund.buy"]),
        (("c:我想申购基金，怎么买？", "a:好。", "c:股票我反正是不碰了，基金照买。"), ["fund.buy"]),
        (("c:我想申购基金，怎么买？", "a:它波动大。", "c:那我不买了。", "c:要不，我还是想买基金。"), ["fund.buy"]),
    ],
)
def test_a_verb_alone_takes_a_wish_back_unless_it_is_a_condition(said: tuple[str, ...], left: list[str]) -> None:
    assert intents(read(*said)) == left


@pytest.mark.parametrize(("sure", "left"), [(0.44, ["margin.open"]), (0.6, [])])
def test_a_refusal_that_is_unlikely_withdraws_nothing(sure: float, left: list[str]) -> None:
    heard = Careful(
        {
            "我想融资": [("margin.open", Polarity.INTEREST, 0.9)],
            "融券没有就没有": [("margin.open", Polarity.DECLINE, sure)],
        }
    )
    assert intents(read("c:我想融资", "a:好。", "c:融券没有就没有", classifier=heard)) == left


def test_what_is_waved_off_is_what_the_refusal_names() -> None:
    heard = ScriptedClassifier(
        {
            "我想买基金": [("fund.buy", Polarity.INTEREST, 0.9)],
            "算了吧": [("permission.hk", Polarity.DECLINE, 0.9)],
        }
    )
    said = ("c:我想买基金", "a:港股通要不要一起开？", "c:算了吧")
    assert intents(read(*said, classifier=heard)) == ["fund.buy"]


def test_what_the_client_already_has_is_no_lead() -> None:
    assert intents(read("c:两融我早就开过了。")) == []


def test_sum_product_and_urgency_come_from_the_evidence() -> None:
    wish = read("a:您好。", "c:我想申购云岭稳健债券基金，大概二十来万，这两天就要。").of("lead")[0]
    assert wish.amount_cny == Decimal(200_000)
    assert wish.product == "云岭稳健债券"
    assert wish.urgency == "high"


def test_a_rough_sum_a_day_and_a_code_are_told_with_the_wish() -> None:
    made = replace(
        call("a:您好。", "c:我想申购云岭稳健债券基金，大概二十来万，下周三钱到。", "c:六零零五一九这只股票能不能拿？"),
        started_at=datetime(2026, 9, 16, 1, 0, tzinfo=UTC),  # a Wednesday morning in China
    )
    found = {wish.intent: wish for wish in pipeline().read(made).of("lead")}
    assert (found["fund.buy"].amount_about, found["fund.buy"].day) == (True, date(2026, 9, 23))
    assert (found["stock.advice"].product, found["stock.advice"].day) == ("600519", None)
    note = pipeline().read(made).note
    assert note
    assert "（云岭稳健债券），约200,000元，9月23日，24小时内处理" in note.text


def test_without_the_start_of_the_call_no_day_is_told() -> None:
    assert read("c:我想申购基金，下周三钱到。").of("lead")[0].day is None


def test_a_loss_is_not_the_sum_and_an_answer_gives_it() -> None:
    wish = read("c:我想申购基金。", "a:打算买多少？", "c:十万吧。").of("lead")[0]
    assert wish.amount_cny == Decimal(100_000)


def test_what_the_client_would_put_into_a_share_is_the_sum_of_the_advice() -> None:
    leads = read("c:这只股票能不能买？我想再加两万块钱。", "a:好的，两万。").of("lead")
    assert {wish.intent: wish.amount_cny for wish in leads} == {"stock.advice": Decimal(20_000)}


def test_money_on_its_way_is_the_sum_of_the_placement() -> None:
    reading = read("c:月底有笔定期到期，二十万。", "a:想怎么放？", "c:想买点收益凭证。")
    assert {w.intent: w.amount_cny for w in reading.of("lead")} == {
        "funds.transfer_in": Decimal(200_000),
        "wealth.fixed_income": Decimal(200_000),
    }


def test_a_complaint_is_a_case_and_leaving_is_lead_and_ticket() -> None:
    reading = read("c:我要投诉你们。", "a:您别急。", "c:这户我要注销，怎么办？")
    assert intents(reading, "case") == ["complaint"]
    assert intents(reading, "lead") == intents(reading, "ticket") == ["churn.transfer_out"]


def test_a_lead_won_by_a_promise_is_held_and_an_earlier_one_is_not() -> None:
    reading = read("c:我想开通港股通，怎么办？", "a:这只基金保证赚钱。", "c:那我想申购这只基金。")
    held = {w.intent: w.held_because for w in reading.of("lead")}
    assert held["permission.hk"] is None
    assert "第2轮" in str(held["fund.buy"])
    assert reading.findings[0].disposition == "call_back"


def test_what_is_merely_suspected_holds_no_lead_and_is_told() -> None:
    reading = read("a:这只基金差不多能赚。", "c:那我想申购这只基金。")
    assert [w.held_because for w in reading.of("lead")] == [None]
    assert [(f.rule, f.suspected) for f in reading.findings] == [("promise.return", True)]


def test_a_turn_of_unknown_role_may_be_the_client_with_less_confidence() -> None:
    known, unknown = (read(f"{who}:我想开通港股通，怎么办？").of("lead")[0] for who in "c?")
    assert unknown.confidence < known.confidence
    assert read("?:保证赚钱").findings == ()


def test_an_intent_outside_the_taxonomy_is_left_out() -> None:
    odd = ScriptedClassifier({"嗯": [("fund.bye", Polarity.INTEREST, 0.9)]})
    assert read("c:嗯", classifier=odd).wishes == ()


def test_a_long_turn_is_read_to_its_end_and_proves_a_wish_once() -> None:
    chat = "今天天气不错，路上堵了半天，孩子的作业也还没写完，" * 20
    (wish,) = read(f"c:我想开通港股通，{chat}港股通怎么开？", "a:好。").of("lead")
    assert [proof.turn for proof in wish.evidence] == [0]
    assert intents(read(f"c:{chat}我想开通港股通，怎么办？", "a:好。")) == ["permission.hk"]
    assert read(f"c:{chat}", "a:好。").left_out == ()


def test_what_is_too_long_to_be_read_is_told() -> None:
    reading = read("a:您好。", "c:" + "想" * 1_000_000)
    assert reading.wishes == ()
    assert len(reading.left_out) == 1
    assert "第2轮有1000000字" in reading.left_out[0]


def test_pieces_that_end_early_are_no_reason_to_be_silent() -> None:
    clause = "想" * 109 + "，"
    assert read("a:您好。", f"c:{clause * 18}").left_out == ()
    (told,) = read("a:您好。", f"c:{clause * 21}我想开通港股通，怎么办？").left_out
    assert "意图只读了前2200字" in told


def test_what_readers_of_words_did_not_reach_is_told_even_where_the_network_read_on() -> None:
    chat = "今天天气不错，路上堵了半天，孩子的作业也还没写完，咱们慢慢说，" * 70  # 2,170 characters, no piece left out
    reading = read("a:您好。", f"c:我想申购基金，{chat}放二十万。")
    (wish,) = reading.of("lead")
    assert wish.amount_cny is None
    (told,) = reading.left_out
    assert "意图" not in told
    assert "金额、日期、代码、撤回和复核只读了前2000字" in told


def test_of_an_advisors_long_turn_it_is_told_how_far_sums_were_sought() -> None:
    (told,) = read(f"a:{'您听我说，' * 500}要不要放二十万？", "c:行。").left_out
    assert told == "第1轮有2508字，金额和提议只读了前2000字，其余请人工听。"
    assert read(f"a:{'您听我说，' * 400}", "c:行。").left_out == ()


@pytest.mark.parametrize("who", ["a", "c"])
def test_a_call_with_one_side_alone_is_read_and_says_so(who: str) -> None:
    reading = read(f"{who}:我想开通港股通，怎么办？", f"{who}:嗯。")
    assert intents(reading) == (["permission.hk"] if who == "c" else [])
    assert reading.inspection is not None
    assert any("没有" in sentence for sentence in reading.inspection.left_out)


@given(st.text(alphabet="想买基金，。 a\n", max_size=1500))
def test_pieces_make_the_text_again(text: str) -> None:
    found = pieces(text)
    assert "".join(found) == text
    assert all(len(piece) <= PIECE for piece in found)


def test_the_note_quotes_turns_and_invents_nothing() -> None:
    note = read("a:您好。", "c:我想开通港股通，怎么办？", "a:我明天给您发资料。", "c:好，我明天去营业部办。").note
    assert note is not None
    assert "【来电目的】\n- 港股通：我想开通港股通，怎么办？（第2轮）" in note.text
    assert "【顾问承诺】\n- 我明天给您发资料（第3轮）" in note.text
    assert "商机：港股通，24小时内处理（第2轮）" in note.text
    nothing = read("a:您好。", "c:打错了吧。", "c:嗯。").note
    assert nothing is not None
    assert "未发现明确需求" in nothing.text


def test_a_reading_holds_the_inspection_without_what_is_for_compliance_alone() -> None:
    reading = read("a:您好，我有内部消息。", "c:哦。", "a:这只基金保证赚钱。", "c:嗯。")
    assert [finding.rule for finding in reading.findings] == ["insider.information", "promise.return"]
    assert reading.inspection is not None
    assert not reading.inspection.passed
    assert "promise.return" in str(reading.inspection)
    assert "insider" not in str(reading.inspection)


def test_a_recording_becomes_a_call(tmp_path: Path) -> None:
    left = np.concatenate([tone(110, 2), silence(2)])
    right = np.concatenate([silence(2), tone(220, 2)])
    path = write_wav(tmp_path / "k7.wav", left, right)
    made = transcribe_call(
        path, transcriber=ScriptedTranscriber(["您好", "我想開通港股通"]), advisor_channel=0, client_id="C1"
    )
    assert (made.id, made.client_id, made.recording_path) == ("k7", "C1", str(path))
    assert [t.speaker for t in made.transcript.turns if t.text == "我想开通港股通"] in ([], [Speaker.CLIENT])
    assert {t.speaker for t in made.transcript.turns} <= {Speaker.ADVISOR, Speaker.CLIENT}


class Careful(ScriptedClassifier):
    """Lets only a likely refusal withdraw."""

    bar = Bar(refusal=0.5)


class Hesitant(ScriptedClassifier):
    """Doubts every turn that names 基金, hears a refusal in 不要, and half a complaint in 投诉."""

    bar = Bar(lead=0.7, case=0.6)

    def read_many(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        doubt = TurnIntent(intent="fund.buy", polarity=Polarity.INTEREST, confidence=0.5, by="test")
        refusal = replace(doubt, polarity=Polarity.DECLINE, confidence=0.9)
        complaint = replace(doubt, intent="complaint", confidence=0.5)
        return [
            LineReading(
                intents=(refusal,) if "不要" in u.text else (complaint,) if "投诉" in u.text else (),
                unsure=(doubt,) if u.text.startswith("基金") else (),
            )
            for u in utterances
        ]


def test_leads_in_doubt_are_told_with_their_words_and_are_not_raised() -> None:
    reading = read("a:您好。", "c:基金嘛，再说。", classifier=Hesitant({}))
    assert reading.wishes == ()
    assert [(w.intent, w.confidence, w.evidence[0].turn) for w in reading.unsure] == [("fund.buy", 0.5, 1)]
    assert read("c:基金嘛，再说。", "c:我不要。", classifier=Hesitant({})).unsure == ()


def test_doubts_of_several_turns_carry_a_lead() -> None:
    (lead,) = read("c:基金嘛。", "a:嗯。", "c:基金，对。", "c:基金咋买", classifier=Hesitant({})).of("lead")
    assert (lead.intent, [proof.turn for proof in lead.evidence]) == ("fund.buy", [0, 2, 3])


def test_a_case_must_come_up_to_the_bar_of_a_call() -> None:
    assert read("c:听说隔壁投诉过", classifier=Hesitant({})).of("case") == ()


@pytest.mark.parametrize(
    ("said", "yuan"),
    [
        (("c:定投每个月五百", "a:好的"), 500),
        (("c:定投一千，不对，每月两千", "c:定投就两千"), 2000),
        (("c:我想定投", "a:您打算每月多少？", "c:八百吧"), 800),
        (("c:我想定投", "a:好", "c:一", "a:二", "c:三", "a:四", "c:五千"), None),
    ],
)
def test_the_sum_of_a_wish_is_the_last_in_its_evidence_or_the_nearest_around(
    said: tuple[str, ...], yuan: int | None
) -> None:
    wishes = [w for w in read(*said).wishes if w.intent == "fund.sip"]
    assert wishes[0].amount_cny == yuan


def test_the_note_does_not_tell_the_advisor_that_a_case_was_registered() -> None:
    reading = read("c:我要投诉你们", "c:我想买基金")
    assert [wish.intent for wish in reading.of("case")] == ["complaint"]
    assert reading.note
    assert [point.text[:2] for point in reading.note.next_steps] == ["商机"]
