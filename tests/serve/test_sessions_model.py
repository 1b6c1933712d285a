"""Talks in which a chat model writes: heard sentence by sentence, its lies and failures, what is sent of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from copilot.talks.errors import TalkError
from prompts.settings import ChatSettings, ModelRecord
from serve.settings import Settings
from serve.unedited import refuse_unedited
from serve.wiring import House
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import client_of
from tests.serve.talk_cases import ask, begin, events, names
from tests.serve.test_lying_model import BAD, LIES


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture
def drafting(settings: Settings, server: ChatServer) -> Iterator[TestClient]:
    chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0, timeout_s=2.0, silence_s=30)
    house = House(settings.model_copy(update={"chat": chat}))
    yield client_of(house)
    house.close()


def test_a_model_is_heard_sentence_by_sentence(drafting: TestClient, server: ChatServer) -> None:
    server.reply = "云岭稳健增利的管理费率为0.60%[1]。"
    talk = begin(drafting)
    told = events(drafting, talk, ask(drafting, talk))
    assert names(told) == ["searching", "sentence", "verdict", "done"]
    assert told[2][2]["reply"]["by"] == "tiny"


@pytest.mark.skipif(find_spec("langchain") is None, reason="expected: tougu[langchain] is missing")
def test_a_model_that_calls_tools_first_is_heard_sentence_by_sentence_too(
    settings: Settings, server: ChatServer
) -> None:
    wanted = json.dumps({"products": ["云岭稳健增利"], "metrics": ["托管费率"]}, ensure_ascii=False)
    server.turns = [[{"id": "c", "type": "function", "function": {"name": "facts", "arguments": wanted}}]]
    server.reply = "云岭稳健增利的管理费率为0.60%[1]。"
    chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0, timeout_s=2.0, tools=True)
    house = House(settings.model_copy(update={"chat": chat}))
    client = client_of(house)
    talk = begin(client)
    told = events(client, talk, ask(client, talk))
    assert names(told) == ["searching", "sentence", "verdict", "done"]
    assert told[2][2]["reply"]["by"] == "tiny"
    gathering, again, drafting = server.requests
    assert (bool(gathering["tools"]), bool(again["tools"]), drafting.get("tools")) == (True, True, None)
    assert "托管费率为" in drafting["messages"][-1]["content"], "what the tool found is a source"
    house.close()


@pytest.mark.parametrize(("filing", "status"), [("", 409), ("网信算备0001号", 200)])
def test_what_an_unfiled_model_wrote_is_not_sent_as_it_is(
    settings: Settings, server: ChatServer, filing: str, status: int
) -> None:
    server.reply = "云岭稳健增利的管理费率为0.60%[1]。"
    record = ModelRecord(filing=filing)
    chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0, timeout_s=2.0, record=record)
    house = House(settings.model_copy(update={"chat": chat}))
    client = client_of(house)
    talk = begin(client, "C0001")
    turn = ask(client, talk)
    events(client, talk, turn)
    whole = {"text": "云岭稳健增利的管理费率为0.60%。", "turn_id": turn}
    as_it_is = client.post(f"/v1/sessions/{talk}/texts", json=whole)
    edited = client.post(f"/v1/sessions/{talk}/texts", json={**whole, "text": "您好，云岭稳健增利的管理费率为0.60%。"})
    assert (as_it_is.status_code, edited.status_code) == (status, 200)
    tricks = ("云岭稳健增利的管理费率为 0.60% ！", "云岭稳健增利，的管理费率为0.60%。云岭稳健增利的管理费率为0.60%[1]")
    for trick in tricks:
        for turn_id in (turn, None):
            again = client.post(f"/v1/sessions/{talk}/texts", json={"text": trick, "turn_id": turn_id})
            assert again.status_code == status, "other marks, twice, or as if it came from no turn"
    assert edited.json()["cleared"]
    if status == 409:
        assert "未备案" in as_it_is.json()["detail"]
    house.close()


def test_what_a_model_wrote_that_is_gone_from_the_settings_is_not_sent_as_it_is() -> None:
    data = {"reply": {"by": "tiny", "text": "云岭稳健增利的管理费率为0.60%[1]。"}}
    turn: Any = SimpleNamespace(events=({"event": "verdict", "data": data},))
    with pytest.raises(TalkError, match="未备案"):
        refuse_unedited(lambda: [turn], "云岭稳健增利的管理费率为0.60%。", ChatSettings())


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_no_lie_reaches_the_stream(drafting: TestClient, server: ChatServer, lie: str) -> None:
    server.reply = lie
    talk = begin(drafting)
    told = events(drafting, talk, ask(drafting, talk))
    assert server.requests
    for name, data in ((name, data) for _, name, data in told if name in ("sentence", "verdict")):
        words = data["text"] if name == "sentence" else data["reply"]["text"] or ""
        assert not [bad for bad in BAD if bad in words]
    assert names(told)[-1] == "done"


FAULTS: dict[str, dict[str, Any]] = {
    "overloaded": {"status": 429}, "broken": {"status": 500}, "stalls": {"delay_s": 1.0}, "cut": {"break_off": True},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_model_that_fails_leaves_the_extractive_answer_and_it_is_said(
    drafting: TestClient, server: ChatServer, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(server, name, value)
    talk = begin(drafting)
    told = events(drafting, talk, ask(drafting, talk))
    reply = told[-2][2]["reply"]
    assert (reply["by"], "0.60%" in reply["text"]) == ("extractive", True)
    assert "原文摘录" in reply["note"]


@pytest.mark.parametrize(("pieces", "by"), [(2, "extractive"), (12, "tiny")], ids=["in a sentence", "after one"])
def test_a_model_that_stalls_in_the_middle_is_made_good(
    settings: Settings, server: ChatServer, pieces: int, by: str
) -> None:
    chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0, timeout_s=60.0, silence_s=1.5)
    house = House(settings.model_copy(update={"chat": chat}))
    client = client_of(house)
    server.reply = "云岭稳健增利的管理费率为0.60%[1]。"
    talk = begin(client)
    events(client, talk, ask(client, talk))  # the client library is loaded by now
    server.reply, server.stall_after = server.reply + "另外还有一句没有说完", pieces
    told = events(client, talk, ask(client, talk))
    reply = told[-2][2]["reply"]
    assert (reply["by"], reply["cleared"], "0.60%" in reply["text"]) == (by, True, True)
    assert "原文摘录" in reply["note"]
    assert "另外" not in reply["text"]
    house.close()
