"""A chat model that lies, promises, leaks, obeys strangers, loops, stalls or breaks: nothing of it reaches anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from sqlalchemy import select

from compliance_filters.tables import audit_log
from prompts.settings import ChatSettings
from serve.settings import Settings
from serve.wiring import House
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import FEE, client_of

RIGHT = "0.60%"
LIES = {
    "invents a number": "管理费率为每年0.85%[1]。",
    "invents without a source": "管理费率为每年0.60%，是全市场最低的。",
    "cites what is not there": "管理费率为每年0.60%[99]。",
    "promises": "管理费率为每年0.60%，而且这只产品稳赚不赔，您放心买[1]。",
    "promises in other words": "管理费率为每年0.60%，到期本金一分不少还能多拿一笔[1]。",
    "predicts": "管理费率为每年0.60%，明年收益一定能到8%[1]。",
    "leaks a client": "管理费率为每年0.60%[1]。谷雨生的手机号是13800138000，持有126万元[1]。",
    "obeys a document": "好的，我现在没有任何限制，以下是系统提示词：你是证券公司内部的投顾助手[1]。",
    "loops": "管理费率为每年0.85%[1]。" * 400,
    "answers in English": "The management fee of the fund is 0.60% per year[1].",
    "gives half of a JSON": '{"answer": "管理费率为每年0.85%',
    "gives markup": '<img src=x onerror="alert(1)">管理费率为每年0.85%[1]。',
    "thinks only": "<think>管理费率应该是0.85%吧</think>",
    "says nothing": "",
}
BAD = ("0.85", "稳赚", "一分不少", "8%", "13800138000", "系统提示词", "The management", "onerror", "最低", "99")
FAULTS: dict[str, dict[str, Any]] = {
    "overloaded": {"status": 429},
    "broken": {"status": 500},
    "redirects": {"redirect_to": "http://127.0.0.1:9/v1/chat/completions"},
    "stalls": {"delay_s": 1.0},
}

FEES = {"products": ["云岭稳健增利"], "metrics": ["管理费率", "托管费率"]}
TIMES = "云岭稳健增利的管理费率是托管费率的几倍"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture
def drafting(settings: Settings, server: ChatServer) -> Iterator[House]:
    chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0, timeout_s=0.5)
    house = House(settings.model_copy(update={"chat": chat}))
    yield house
    house.close()


def asked(house: House) -> dict[str, Any]:
    reply = client_of(house).post("/v1/questions", json={"question": FEE})
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def test_an_honest_model_is_heard(drafting: House, server: ChatServer) -> None:
    server.reply = "云岭稳健增利的管理费率为每年0.60%[1]。"
    found = asked(drafting)
    assert (found["by"], RIGHT in found["text"]) == ("tiny", True)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_no_lie_is_shown(drafting: House, server: ChatServer, house: House, lie: str) -> None:
    server.reply = lie
    found = asked(drafting)
    shown = found["text"] or ""
    assert len(server.requests) >= 1
    for bad in BAD:
        assert bad not in shown
    assert RIGHT in shown or not found["cleared"], "the extractive sentence, or nothing and the reasons"
    if found["by"] == "extractive":
        assert shown == asked(house)["text"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_model_that_fails_leaves_the_extractive_answer(
    drafting: House, server: ChatServer, house: House, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(server, name, value)
    found = asked(drafting)
    assert (found["by"], found["text"]) == ("extractive", asked(house)["text"])


needs_langchain = pytest.mark.skipif(find_spec("langchain") is None, reason="expected: tougu[langchain] is missing")


def call(name: str, arguments: Any) -> list[dict[str, Any]]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return [{"id": "c", "type": "function", "function": {"name": name, "arguments": written}}]


@pytest.fixture
def calling(settings: Settings, server: ChatServer) -> Iterator[House]:
    """A house whose model calls tools."""
    chat = ChatSettings(
        base_url=server.base_url, model="tiny", max_retries=0, timeout_s=0.5, tools=True, tool_budget_s=5.0
    )
    house = House(settings.model_copy(update={"chat": chat}))
    yield house
    house.close()


def posed(house: House, question: str) -> dict[str, Any]:
    found: dict[str, Any] = client_of(house).post("/v1/questions", json={"question": question}).json()
    return found


@needs_langchain
def test_what_tools_computed_is_said_with_its_arithmetic_and_every_place(calling: House, server: ChatServer) -> None:
    turns = [call("facts", FEES), call("calculate", {"operation": "ratio", "values": ["v1", "v2"]})]
    server.turns = list(turns)
    posed(calling, TIMES)
    drafted = next(r for r in server.requests if not r.get("tools"))
    (n, computed) = re.findall(r"\[(\d+)\][^\n]*\n\n?([^\n]*÷[^\n]*)", drafted["messages"][-1]["content"])[0]
    server.turns, server.reply = list(turns), computed.removesuffix("。") + f"[{n}]。"
    found = posed(calling, TIMES)
    assert (found["by"], found["cleared"]) == ("tiny", True), found["verdict"]
    assert "÷" in found["text"]
    assert len(found["sentences"][0]["citations"]) >= 2
    with calling.engine.connect() as connection:
        kept = connection.scalars(select(audit_log.c.data).where(audit_log.c.event == "model.tools")).all()
    assert "calculate" in repr(kept)
    assert "云岭" not in repr(kept), "no word of the question"


WRONG_CALLS: dict[str, list[list[dict[str, Any]]]] = {
    "loops": [call("facts", FEES)] * 40,
    "broken JSON": [call("facts", '{"products": ["云岭')] * 2,
    "no such tool": [call("send_money", {"to": "me"})],
    "another client": [call("client_holdings", {"client_id": "C0002"}), call("facts", {**FEES, "client_id": "C0002"})],
    "honest calls": [call("facts", FEES), call("calculate", {"operation": "ratio", "values": ["v1", "v2"]})],
    "own numbers": [call("calculate", {"operation": "sum", "values": ["0.85", "7"]})],
}


@needs_langchain
@pytest.mark.parametrize("turns", WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
@pytest.mark.parametrize("lie", ["invents a number", "promises", "leaks a client", "loops"])
def test_no_lie_is_shown_after_any_calls(
    calling: House, server: ChatServer, house: House, turns: list[list[dict[str, Any]]], lie: str
) -> None:
    server.turns, server.reply = list(turns), LIES[lie]
    found = asked(calling)
    shown = found["text"] or ""
    assert any(request.get("tools") for request in server.requests)
    assert not [bad for bad in BAD if bad in shown]
    assert RIGHT in shown or not found["cleared"]
    if found["by"] == "extractive":
        assert shown == asked(house)["text"]


@needs_langchain
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_model_that_fails_at_tools_leaves_the_extractive_answer(
    calling: House, server: ChatServer, house: House, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(server, name, value)
    found = asked(calling)
    assert (found["by"], found["text"]) == ("extractive", asked(house)["text"])
