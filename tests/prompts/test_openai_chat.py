"""The adapter on the wire, against a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prompts.chat import Message, Reply, Tool
from prompts.errors import ChatUnavailableError
from prompts.openai_chat import OpenAIChat, reachable
from prompts.settings import ChatSettings
from tests.prompts.chat_server import ChatServer

ASKED = [Message(role="system", content="只依据资料。"), Message(role="user", content="一个秘密的问题")]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


def chat(server: ChatServer, **changes: object) -> OpenAIChat:
    return OpenAIChat(
        ChatSettings.model_validate(
            {"base_url": server.base_url, "model": "tiny", "max_retries": 0, "timeout_s": 5, **changes}
        )
    )


def test_sends_roles_model_and_limit(server: ChatServer) -> None:
    chat(server, api_key="secret", temperature=0.3).complete(ASKED, max_tokens=77)
    sent = server.requests[0]
    assert sent["model"] == "tiny"
    assert sent["max_tokens"] == 77
    assert sent["temperature"] == 0.3
    assert sent["messages"] == [
        {"role": "system", "content": "只依据资料。"},
        {"role": "user", "content": "一个秘密的问题"},
    ]
    assert server.headers[0]["authorization"] == "Bearer secret"


def test_thinking_is_dropped(server: ChatServer) -> None:
    server.reply = "<think>先想\n一想</think>\n\n增长3.25%。"
    assert chat(server).complete(ASKED).text == "增长3.25%。"
    assert "".join(chat(server).stream(ASKED)) == "增长3.25%。"


def test_thinking_is_kept_apart_however_the_server_gives_it(server: ChatServer) -> None:
    server.reply = "<think>先想</think>增长3.25%。"
    assert chat(server).complete(ASKED).thinking == "先想"
    server.reply, server.reasoning = "增长3.25%。", "想在别处"
    reply = chat(server).complete(ASKED)
    assert (reply.text, reply.thinking) == ("增长3.25%。", "想在别处")


@pytest.mark.parametrize(("reply", "reasoning"), [("<think>先想</think>好。", ""), ("好。", "先想")])
def test_thinking_of_a_stream_is_told_apart_too(server: ChatServer, reply: str, reasoning: str) -> None:
    server.reply, server.reasoning = reply, reasoning
    kept: list[Reply] = []
    assert "".join(chat(server).stream(ASKED, on_thinking=kept.append)) == "好。"
    assert [(one.model, one.thinking) for one in kept] == [("tiny", "先想")]


def test_a_stream_that_begins_within_thinking_is_known_by_setting(server: ChatServer) -> None:
    server.reply = "先想</think>好。"
    kept: list[Reply] = []
    assert "".join(chat(server, thinks_first=True).stream(ASKED, on_thinking=kept.append)) == "好。"
    assert [one.thinking for one in kept] == ["先想"]


def test_a_schema_goes_to_the_server_and_is_held_against_the_reply(server: ChatServer) -> None:
    schema = {"type": "object", "properties": {"wants": {"type": "boolean"}}, "required": ["wants"]}
    server.reply = '{"wants": true}'
    assert chat(server).complete(ASKED, schema=schema).text == '{"wants": true}'
    assert server.requests[0]["response_format"]["json_schema"]["schema"] == schema
    server.reply = '{"wants": "ye'
    with pytest.raises(ChatUnavailableError, match="not the JSON"):
        chat(server).complete(ASKED, schema=schema)


def test_tools_are_offered_and_calls_come_back_even_broken_ones(server: ChatServer) -> None:
    tool = Tool(name="facts", description="查数值", parameters={"type": "object", "properties": {}})
    server.turns = [
        [
            {"id": "a", "type": "function", "function": {"name": "facts", "arguments": '{"products": ["云岭"]}'}},
            {"id": "b", "type": "function", "function": {"name": "facts", "arguments": '{"products": ['}},
        ]
    ]
    reply = chat(server).complete(ASKED, tools=[tool])
    assert server.requests[0]["tools"][0]["function"]["name"] == "facts"
    assert [(call.id, call.name) for call in reply.tool_calls] == [("a", "facts"), ("b", "facts")]
    answered = [
        *ASKED,
        Message(role="assistant", content="", tool_calls=reply.tool_calls[:1]),
        Message(role="tool", content="1.20%", answers="a"),
    ]
    assert chat(server).complete(answered, tools=[tool]).text == "完成"
    said, told = server.requests[1]["messages"][2:]
    assert said["tool_calls"][0]["function"]["arguments"] == '{"products": ["云岭"]}'
    assert told == {"role": "tool", "content": "1.20%", "tool_call_id": "a"}


def test_without_tools_offered_a_call_is_no_reply(server: ChatServer) -> None:
    server.reply = ""
    with pytest.raises(ChatUnavailableError, match="empty reply"):
        chat(server).complete(ASKED)


def test_tokens_are_told(server: ChatServer) -> None:
    reply = chat(server).complete(ASKED)
    assert (reply.prompt_tokens, reply.reply_tokens, reply.model) == (12, 5, "tiny")


def test_a_request_gets_its_share_of_the_time(server: ChatServer) -> None:
    server.delay_s = 1.0
    with pytest.raises(ChatUnavailableError):
        chat(server).complete(ASKED, within_s=0.2)


@pytest.mark.parametrize("reply", ["", "<think>想得太久"])
def test_an_empty_reply_is_an_error(server: ChatServer, reply: str) -> None:
    server.reply = reply
    with pytest.raises(ChatUnavailableError, match="empty reply"):
        chat(server).complete(ASKED)
    with pytest.raises(ChatUnavailableError, match="empty reply"):
        list(chat(server).stream(ASKED))


@pytest.mark.parametrize(
    ("status", "advice"),
    [(400, "too long"), (401, "api_key"), (404, "name of the model"), (429, "overloaded"), (500, "its log")],
)
def test_a_refusal_is_one_sentence_without_the_question(server: ChatServer, status: int, advice: str) -> None:
    server.status = status
    with pytest.raises(ChatUnavailableError, match=advice) as caught:
        chat(server).complete(ASKED)
    assert "秘密" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_tries_again_as_often_as_set(server: ChatServer) -> None:
    server.status = 503
    with pytest.raises(ChatUnavailableError):
        chat(server, max_retries=1).complete(ASKED)
    assert len(server.requests) == 2


def test_a_slow_server_is_given_up(server: ChatServer) -> None:
    server.delay_s = 1.0
    with pytest.raises(ChatUnavailableError, match=r"within 0\.2 s"):
        chat(server, timeout_s=0.2).complete(ASKED)


def test_a_stream_that_breaks_off_is_an_error(server: ChatServer) -> None:
    server.break_off = True
    with pytest.raises(ChatUnavailableError, match="broke off"):
        list(chat(server).stream(ASKED))


def test_a_closed_port_is_said_so() -> None:
    closed = ChatSettings(base_url="http://127.0.0.1:9/v1", model="tiny", max_retries=0)
    with pytest.raises(ChatUnavailableError, match="cannot be reached"):
        OpenAIChat(closed).complete(ASKED)


def test_a_redirect_is_not_followed(server: ChatServer) -> None:
    with ChatServer() as elsewhere:
        server.redirect_to = f"{elsewhere.base_url}/chat/completions"
        with pytest.raises(ChatUnavailableError):
            chat(server).complete(ASKED)
        assert elsewhere.requests == []


def test_the_environment_cannot_divert_or_trace_prompts(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as elsewhere:
        address = elsewhere.base_url.removesuffix("/v1")
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY", "LANGSMITH_ENDPOINT"):
            monkeypatch.setenv(name, address)
        monkeypatch.setenv("LANGSMITH_API_KEY", "key")
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        assert chat(server).complete(ASKED).text == "好的。"
        assert "".join(chat(server).stream(ASKED)) == "好的。"
        assert elsewhere.requests == []


class TestReachable:
    def test_a_server_with_the_model(self, server: ChatServer) -> None:
        assert reachable(ChatSettings(base_url=server.base_url, model="tiny")) == (True, "tiny answers")

    def test_a_server_without_it(self, server: ChatServer) -> None:
        answers, detail = reachable(ChatSettings(base_url=server.base_url, model="large"))
        assert not answers
        assert "offers tiny" in detail

    @pytest.mark.parametrize(
        ("url", "said"),
        [("http://127.0.0.1:9/v1", "cannot be reached"), ("https://8.8.8.8/v1", "lies outside")],
    )
    def test_no_server(self, url: str, said: str) -> None:
        answers, detail = reachable(ChatSettings(base_url=url, model="tiny"))
        assert not answers
        assert said in detail

    def test_a_refusal(self, server: ChatServer) -> None:
        server.status = 401
        assert "api_key" in reachable(ChatSettings(base_url=server.base_url, model="tiny"))[1]
