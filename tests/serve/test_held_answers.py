"""What the gate holds back or takes out of an answer does not come back by another field."""

from __future__ import annotations

import pytest

from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC, Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from serve.wiring import House
from tests.serve.conftest import FEE, Tougu, client_of

FIGURE = "0.60%"
NAME = "云岭稳健增利"


class Objects:
    """A filter double that objects to one word of every answer, as told."""

    name = "double"

    def __init__(self, word: str, outcome: Outcome, replacement: str | None = None) -> None:
        self._word, self._outcome, self._replacement = word, outcome, replacement

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        start = draft.text.find(self._word)
        if draft.target is not Target.ANSWER or start < 0:
            return ()
        return (
            Finding(
                rule="pii.leak",
                start=start,
                end=start + len(self._word),
                quote=self._word,
                outcome=self._outcome,
                reason="出现了不宜显示的内容。",
                replacement=self._replacement,
            ),
        )


class Fails:
    name = "double"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        raise RuntimeError("the filter is out of order")


def gated(house: House, double: Objects | Fails) -> House:
    filters = (*standard_filters(house.rule_pack, house.settings.compliance), double)
    house.gate = Gate(house.rule_pack, filters, house.audit, left_out=frozenset({SEMANTIC}))
    return house


@pytest.mark.parametrize("outcome", [Outcome.RETURN, Outcome.REVIEW, Outcome.BLOCK])
def test_a_held_answer_shows_reasons_and_no_draft(house: House, outcome: Outcome) -> None:
    answer = client_of(gated(house, Objects(FIGURE, outcome))).post("/v1/questions", json={"question": FEE})
    reply = answer.json()
    assert reply["cleared"] is False
    assert (reply["text"], reply["sentences"], reply["citations"], reply["note"]) == (None, [], [], None)
    assert reply["verdict"]["outcome"] == outcome.word
    assert reply["verdict"]["findings"][0]["reason"] == "出现了不宜显示的内容。"
    assert FIGURE not in answer.text


def test_a_filter_that_cannot_judge_holds_the_answer(house: House) -> None:
    answer = client_of(gated(house, Fails())).post("/v1/questions", json={"question": FEE})
    assert (answer.json()["cleared"], answer.json()["verdict"]["outcome"]) == (False, "review")
    assert FIGURE not in answer.text


def test_a_masked_word_is_nowhere_in_the_reply(house: House) -> None:
    double = Objects(NAME, Outcome.REVISE, replacement="某基金")
    answer = client_of(gated(house, double)).post("/v1/questions", json={"question": FEE})
    reply = answer.json()
    assert reply["cleared"] is True
    assert "某基金：管理费率为0.60%" in reply["text"]
    assert [sentence["text"] for sentence in reply["sentences"]] == [reply["text"]]
    assert NAME not in answer.text


@pytest.fixture
def same_home(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house that the command line uses, so that its gate can be replaced."""
    monkeypatch.setattr("serve.commands.context.Context.house", lambda _self: house)
    return house


def test_the_command_line_holds_back_as_well(tougu: Tougu, same_home: House) -> None:
    gated(same_home, Objects(FIGURE, Outcome.BLOCK))
    ran, as_json = tougu("ask", FEE), tougu("ask", FEE, "--json")
    assert (ran.code, as_json.code) == (2, 2)
    assert "出现了不宜显示的内容" in ran.out
    assert FIGURE not in ran.out + as_json.out


def test_the_command_line_masks_as_well(tougu: Tougu, same_home: House) -> None:
    gated(same_home, Objects(NAME, Outcome.REVISE, replacement="某基金"))
    ran = tougu("ask", FEE)
    assert ran.code == 0
    assert "某基金" in ran.out
    assert NAME not in ran.out
