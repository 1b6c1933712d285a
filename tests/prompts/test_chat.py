"""The wrapper: nothing personal goes out, whole tokens come back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from prompts.chat import Message, PseudonymisingChat, Reply, Tool, ToolCall, unfinished
from prompts.errors import ChatUnavailableError
from prompts.scripted_chat import ScriptedChat
from prompts.settings import ChatSettings
from tests.prompts.name_hider import NameHider

ASKED = [
    Message(role="system", content="客户是李秀英。"),
    Message(role="user", content="张伟民和李秀英各持有什么？"),
]
SEARCH = Tool(name="search", description="找原文", parameters={})


def test_names_stay_here_and_come_back() -> None:
    model = ScriptedChat(["〔客户1〕持有基金A。"])
    chat = PseudonymisingChat(model, NameHider())
    assert chat.complete(ASKED).text == "张伟民持有基金A。"
    sent = "".join(message.content for message in model.asked[0])
    assert "张伟民" not in sent
    assert "李秀英" not in sent


def test_one_person_is_one_token_in_all_messages() -> None:
    model = ScriptedChat(["好。"])
    PseudonymisingChat(model, NameHider()).complete(ASKED)
    system, user = model.asked[0]
    assert system == Message(role="system", content="客户是〔客户2〕。")
    assert user == Message(role="user", content="〔客户1〕和〔客户2〕各持有什么？")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50])
def test_a_stream_never_cuts_a_token(size: int) -> None:
    model = ScriptedChat(["先看〔客户1〕，再看〔客户2〕〔客户1〕"], piece_characters=size)
    pieces = list(PseudonymisingChat(model, NameHider()).stream(ASKED))
    assert "".join(pieces) == "先看张伟民，再看李秀英张伟民"
    assert not any("〔" in piece or "〕" in piece for piece in pieces)


@pytest.mark.parametrize("size", [1, 4, 50])
def test_an_invented_token_is_an_error(size: int) -> None:
    script = ["〔客户7〕持有基金A。"]
    with pytest.raises(ChatUnavailableError, match="was not in its input"):
        PseudonymisingChat(ScriptedChat(script), NameHider()).complete(ASKED)
    streaming = PseudonymisingChat(ScriptedChat(script, piece_characters=size), NameHider())
    with pytest.raises(ChatUnavailableError, match="was not in its input"):
        list(streaming.stream(ASKED))


def test_a_pseudonymiser_that_moves_borders_sends_nothing() -> None:
    class Merging(NameHider):
        def hide(self, text: str) -> tuple[str, dict[str, str]]:
            return text.replace("\n", ""), {}

    model = ScriptedChat(["好。"])
    with pytest.raises(ChatUnavailableError, match="nothing was sent"):
        PseudonymisingChat(model, Merging()).complete(ASKED)
    assert model.asked == []


@pytest.mark.parametrize(
    ("text", "tokens", "held"),
    [
        ("你好〔客", {"〔客户1〕"}, 2),
        ("你好〔客户1〕", {"〔客户1〕"}, 0),
        ("@1@", {"@1@"}, 0),
        ("P1", {"P1", "P12"}, 2),
        ("P1。", {"P1", "P12"}, 0),
        ("你好", set(), 0),
    ],
)
def test_unfinished_tokens_wait(text: str, tokens: set[str], held: int) -> None:
    assert unfinished(text, tokens) == held


def test_names_in_json_are_escaped_as_its_strings_ask() -> None:
    class Quoting(NameHider):
        def hide(self, text: str) -> tuple[str, dict[str, str]]:
            return text, {"〔客户1〕": '张"伟"民'}

    model = ScriptedChat(['{"who": "〔客户1〕"}'])
    reply = PseudonymisingChat(model, Quoting()).complete(ASKED, schema={"type": "object"})
    assert json.loads(reply.text) == {"who": '张"伟"民'}


def test_names_in_calls_of_tools_go_out_and_come_back_as_tokens() -> None:
    model = ScriptedChat([(ToolCall(id="a", name="search", arguments='{"query": "〔客户1〕的基金"}'),), "好。"])
    chat = PseudonymisingChat(model, NameHider())
    (call,) = chat.complete(ASKED, tools=[SEARCH]).tool_calls
    assert call.arguments == '{"query": "张伟民的基金"}'
    chat.complete([*ASKED, Message(role="assistant", content="", tool_calls=(call,))], tools=[SEARCH])
    assert "张伟民" not in repr(model.asked)


def test_a_call_that_invents_a_person_is_an_error() -> None:
    model = ScriptedChat([(ToolCall(id="a", name="search", arguments='{"query": "〔客户9〕"}'),)])
    with pytest.raises(ChatUnavailableError, match="was not in its input"):
        PseudonymisingChat(model, NameHider()).complete(ASKED, tools=[SEARCH])


def test_what_a_model_thought_is_told_apart_and_without_names() -> None:
    class Thinking(ScriptedChat):
        def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
            return replace(super().complete(messages, **options), thinking="〔客户1〕持有什么呢")

    told: list[Reply] = []
    chat = PseudonymisingChat(Thinking(["〔客户1〕持有A。"]), NameHider(), on_thinking=told.append)
    assert chat.complete(ASKED).text == "张伟民持有A。"
    assert [reply.thinking for reply in told] == ["〔客户1〕持有什么呢"]


@pytest.mark.parametrize("wrong", [{"base_url": "localhost:1"}, {"base_url": "http://x/v1"}, {"port": 1}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ChatSettings.model_validate(wrong)
