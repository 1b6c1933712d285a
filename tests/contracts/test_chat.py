"""What every chat model keeps: the double, the adapter to a server, and the wrapper that callers get."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prompts.chat import ChatModel, Message, PseudonymisingChat
from prompts.errors import ChatUnavailableError
from prompts.openai_chat import OpenAIChat
from prompts.scripted_chat import ScriptedChat
from prompts.settings import ChatSettings
from tests.prompts.chat_server import ChatServer
from tests.prompts.name_hider import NameHider

REPLY = "近一年净值增长率为3.25%。[1]"
ASKED = [
    Message(role="system", content="只依据资料回答。"),
    Message(role="user", content="净值增长率是多少？"),
]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture(params=["scripted", "openai", "pseudonymising"])
def answering(request: pytest.FixtureRequest, server: ChatServer) -> ChatModel:
    server.reply = REPLY
    return {
        "scripted": ScriptedChat([REPLY]),
        "openai": OpenAIChat(ChatSettings(base_url=server.base_url, model="tiny")),
        "pseudonymising": PseudonymisingChat(ScriptedChat([REPLY]), NameHider()),
    }[request.param]


@pytest.fixture(params=["scripted", "openai", "pseudonymising"])
def failing(request: pytest.FixtureRequest, server: ChatServer) -> ChatModel:
    server.status = 503
    down = ChatUnavailableError("down")
    return {
        "scripted": ScriptedChat([down]),
        "openai": OpenAIChat(ChatSettings(base_url=server.base_url, model="tiny", max_retries=0)),
        "pseudonymising": PseudonymisingChat(ScriptedChat([down]), NameHider()),
    }[request.param]


class TestChatModel:
    def test_has_a_name(self, answering: ChatModel) -> None:
        assert answering.name

    def test_completes(self, answering: ChatModel) -> None:
        assert answering.complete(ASKED, max_tokens=50).text == REPLY

    def test_streams_the_same_text_in_pieces(self, answering: ChatModel) -> None:
        pieces = list(answering.stream(ASKED, max_tokens=50))
        assert "".join(pieces) == REPLY
        assert len(pieces) > 1

    def test_a_dead_model_is_one_kind_of_error(self, failing: ChatModel) -> None:
        with pytest.raises(ChatUnavailableError):
            failing.complete(ASKED)

    def test_a_dead_model_is_the_same_error_when_streaming(self, failing: ChatModel) -> None:
        with pytest.raises(ChatUnavailableError):
            list(failing.stream(ASKED))
