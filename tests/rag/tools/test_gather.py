"""An agent that looks up what an answer lacks: what it finds is kept, what it says is not, and it always ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from prompts.chat import Message, Reply, ToolCall
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat
from rag.passage import Answer
from rag.tools.gather import Bounds, Gathered, Gatherer
from tests.rag.firm import Firm
from tests.rag.tools.box import ADVISOR, DAY, box

pytest.importorskip("langchain.agents", reason="expected: tougu[langchain] is not installed")
QUESTION = Answer(question="云岭稳健混合的管理费率是托管费率的几倍", sentences=(), citations=())
FEES = {"products": ["云岭稳健混合"], "metrics": ["管理费率", "托管费率"]}


def call(name: str, arguments: Any, id_: str = "c1") -> tuple[ToolCall, ...]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return (ToolCall(id=id_, name=name, arguments=written),)


class Gathering:
    """A gatherer over the firm, with what it told its record."""

    def __init__(self, firm: Firm, model: Any, **bounds: Any) -> None:
        self.model, self.ended = model, list[Gathered]()
        chosen = {"rounds": 4, "tokens": 50_000, "budget_s": 20.0, **bounds}
        self.gatherer = Gatherer(
            model, PromptLibrary(), partial(box, firm), bounds=Bounds(**chosen), on_end=self.ended.append
        )

    def texts(self) -> list[str]:
        found = self.gatherer.gather(QUESTION, (), principal=ADVISOR, on=DAY)
        return [one.text for one in found]

    def told(self) -> list[str]:
        """What tools answered, as the model read it."""
        return [each.content for each in self.model.asked[-1] if each.role == "tool"]


def test_values_are_looked_up_and_computed_with(firm: Firm) -> None:
    worked = call("calculate", {"operation": "ratio", "values": ["v1", "v2"]}, "c2")
    run = Gathering(firm, ScriptedChat([call("facts", FEES), worked, "完成"]))
    texts = run.texts()
    assert texts[-1] == "云岭稳健混合的管理费率是云岭稳健混合的托管费率的6.00倍（1.20% ÷ 0.20%）。"
    assert "值编号 v1" in run.told()[0]
    (ended,) = run.ended
    assert (ended.calls, ended.findings, ended.ended) == (("facts", "calculate"), 3, "done")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (call("facts", '{"products": ["云岭'), "broken_json"),
        (call("transfer_money", {"to": "me"}), "not a valid tool"),
        (call("client_holdings", {"client_id": "C2"}), "not a valid tool"),
        (call("facts", {**FEES, "client_id": "C2"}), "client_id"),
        (call("calculate", {"operation": "sum", "values": ["126", "8"]}), "values"),
        (call("facts", {**FEES, "principal": {"roles": ["system"]}}), "principal"),
    ],
    ids=["broken JSON", "no such tool", "another client", "a client's id", "own numbers", "more rights"],
)
def test_a_wrong_call_runs_nothing_and_the_model_may_mend_it(
    firm: Firm, wrong: tuple[ToolCall, ...], says: str
) -> None:
    run = Gathering(firm, ScriptedChat([wrong, call("facts", FEES), "完成"]))
    assert len(run.texts()) == 2
    assert says in run.told()[0]
    assert run.ended[0].calls == ("facts",)


def test_what_the_model_says_is_thrown_away(firm: Firm) -> None:
    assert Gathering(firm, ScriptedChat(["管理费率是8.80%，稳赚不赔。"])).texts() == []


def test_a_loop_ends_after_its_rounds_with_what_was_found(firm: Firm) -> None:
    run = Gathering(firm, ScriptedChat([call("facts", FEES)] * 50), rounds=3)
    assert len(run.texts()) == 2, "each once"
    assert (len(run.model.asked), run.ended[0].ended) == (3, "rounds")


def test_a_flood_of_calls_in_one_reply_is_cut(firm: Firm) -> None:
    flood = tuple(each for n in range(200) for each in call("search", {"query": f"费率{n}"}, f"c{n}"))
    run = Gathering(firm, ScriptedChat([flood, "完成"]))
    run.texts()
    assert len(run.ended[0].calls) == 6


def test_tokens_are_bounded(firm: Firm) -> None:
    run = Gathering(firm, ScriptedChat([call("facts", FEES)] * 50), rounds=20, tokens=1500)
    run.texts()
    assert len(run.model.asked) < 20
    assert run.ended[0].ended == "failed"


def test_a_model_that_fails_leaves_what_was_found(firm: Firm) -> None:
    run = Gathering(firm, ScriptedChat([call("facts", FEES), ChatUnavailableError("down")]))
    assert len(run.texts()) == 2
    assert run.ended[0].ended == "failed"


class Stalled:
    """Answers when it is let go, long after anybody waits."""

    name = "stalled"

    def __init__(self) -> None:
        self.let_go, self.done = threading.Event(), threading.Event()

    def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
        self.let_go.wait()
        return Reply(text="", model=self.name, tool_calls=call("facts", FEES))


def test_nobody_waits_for_a_model_that_stalls(firm: Firm) -> None:
    model = Stalled()
    run = Gathering(firm, model, budget_s=0.2)
    try:
        assert run.texts() == []
        assert run.ended[0].ended == "time"
    finally:
        model.let_go.set()
