from __future__ import annotations

from collections.abc import Sequence

import pytest

from intent.call import Evidence, Polarity, Speaker, Turn, Wish
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.verification import FACTOR, ChatCheck, RulesCheck, verified
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat

TAXONOMY = load_taxonomy()
RULES = RulesCheck(load_rules(TAXONOMY))


def call(*said: str) -> tuple[Turn, ...]:
    """Turns in which `a:` begins what the advisor says, and anything else is the client's."""
    return tuple(
        Turn(
            index=n,
            speaker=Speaker.ADVISOR if text.startswith("a:") else Speaker.CLIENT,
            text=text.removeprefix("a:"),
            start_s=float(n),
            end_s=n + 1.0,
        )
        for n, text in enumerate(said)
    )


def wish(turns: Sequence[Turn], at: int, intent: str = "fund.sip", goes_to: str = "lead") -> Wish:
    turn = turns[at]
    return Wish(
        intent=intent,
        goes_to=goes_to,
        polarity=Polarity.INTEREST,
        evidence=(Evidence(turn=at, quote=turn.text, start_s=turn.start_s, end_s=turn.end_s),),
        confidence=0.9,
    )


def by_chat(answer: str) -> ChatCheck:
    said = ChatUnavailableError("down") if answer == "down" else answer
    return ChatCheck(ScriptedChat([said]), PromptLibrary(), TAXONOMY)


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        (call("a:定投要不要做一个", "我想做个定投，每月一千"), None),
        (call("定投我不想做了"), "第1轮读作拒绝"),
        (call("定投我早就在做了"), "第1轮读作已有"),
        (call("我想做个定投", "a:好的", "定投算了，不做了"), "后面的第3轮读作拒绝"),
        (call("我想做个定投", "a:定投我们不做"), None),
    ],
)
def test_rules_look_at_the_evidence_and_at_what_came_later(turns: tuple[Turn, ...], says: str | None) -> None:
    at = 1 if turns[0].speaker is Speaker.ADVISOR else 0
    doubt = RULES.doubt(wish(turns, at), turns)
    assert (says in doubt) if says and doubt else doubt is says


def test_each_doubt_is_recorded_and_costs_confidence() -> None:
    turns = call("定投我不想做了")
    (checked,) = verified([wish(turns, 0)], turns, [RULES, by_chat('{"wants": false, "quote": "我不想做了"}')])
    assert len(checked.doubts) == 2
    assert checked.confidence == pytest.approx(0.9 * FACTOR**2, abs=1e-4)


def test_only_leads_are_looked_at_again() -> None:
    turns = call("我要投诉你们，定投我不想做了")
    case = wish(turns, 0, intent="complaint", goes_to="case")
    assert verified([case], turns, [RULES]) == (case,)


@pytest.mark.parametrize(
    ("answer", "doubted"),
    [
        ('{"wants": false, "quote": "不用了"}', True),
        ('好的：{"wants": false, "quote": "不用了"}。', True),
        ('{"wants": true, "quote": "不用了"}', False),
        ('{"wants": false, "quote": "我从没说过这话"}', False),  # an invented quote
        ('{"wants": false, "quote": "要不要定投"}', False),  # the advisor's words
        ('{"wants": "no"}', False),
        ("不要", False),
        ("[1]", False),
        ("down", False),
    ],
)
def test_a_chat_model_must_quote_the_client(answer: str, doubted: bool) -> None:
    turns = call("a:要不要定投", "不用了")
    assert (by_chat(answer).doubt(wish(turns, 1), turns) is not None) is doubted


def test_a_chat_model_sees_the_turns_around_the_evidence_alone() -> None:
    turns = call("很早的话", "a:第二句", "a:第三句", "我想做个定投", "之后的话")
    model = ScriptedChat(["{}"])
    ChatCheck(model, PromptLibrary(), TAXONOMY).doubt(wish(turns, 3), turns)
    asked = "\n".join(message.content for message in model.asked[0])
    assert "很早的话" not in asked
    assert all(text in asked for text in ("第二句", "我想做个定投", "之后的话", "定投"))
