"""The boundary against a running vLLM (`make test-vllm`): streams, schemas, tools, and how it refuses.

The model has random weights, so no test looks at what it says.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from prompts.chat import Message, PseudonymisingChat, Tool
from prompts.chat_models import ChatModels
from prompts.errors import ChatUnavailableError
from prompts.openai_chat import OpenAIChat, reachable
from prompts.settings import ChatSettings, ChatTask
from tests.prompts.name_hider import NameHider

URL, KEY = os.environ.get("TOUGU_VLLM_URL", ""), os.environ.get("TOUGU_VLLM_KEY", "")
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not URL, reason="expected: no vLLM server is named by TOUGU_VLLM_URL (make test-vllm)"),
]
ASKED = [Message(role="system", content="只依据资料回答。"), Message(role="user", content="管理费率是多少？")]
CHOICE = {
    "type": "object",
    "properties": {"wants": {"type": "boolean"}, "kind": {"enum": ["费率", "业绩", "风险"]}},
    "required": ["wants", "kind"],
    "additionalProperties": False,
}
FACTS = Tool(
    name="facts",
    description="查数值",
    parameters={"type": "object", "properties": {"product": {"type": "string"}}, "required": ["product"]},
)


def settings(**changes: object) -> ChatSettings:
    server = {"base_url": URL, "model": "tiny", "api_key": KEY, "context_tokens": 2048, "max_retries": 0}
    return ChatSettings.model_validate({**server, **changes})


def test_it_answers_and_counts_tokens() -> None:
    reply = OpenAIChat(settings()).complete(ASKED, max_tokens=32)
    assert reply.text
    assert reply.prompt_tokens > 10
    assert 0 < reply.reply_tokens <= 32


def test_it_streams_in_pieces() -> None:
    pieces = list(OpenAIChat(settings()).stream(ASKED, max_tokens=48))
    assert len(pieces) > 3


def test_a_stream_may_be_left_in_the_middle() -> None:
    chat = OpenAIChat(settings())
    for _ in range(3):
        stream = chat.stream(ASKED, max_tokens=400)
        assert next(iter(stream))
        stream.close()  # type: ignore[attr-defined]
    assert chat.complete(ASKED, max_tokens=8).text


@pytest.mark.parametrize("attempt", range(3))
def test_a_schema_is_kept_even_by_noise(attempt: int) -> None:
    reply = OpenAIChat(settings(temperature=1.0)).complete(ASKED, max_tokens=256, schema=CHOICE)
    assert set(json.loads(reply.text)) == {"wants", "kind"}


def test_tools_may_be_offered_and_their_results_told() -> None:
    chat = OpenAIChat(settings())
    reply = chat.complete(ASKED, max_tokens=32, tools=[FACTS])
    assert reply.text or reply.tool_calls


def test_many_at_once_are_all_answered() -> None:
    chat = OpenAIChat(settings(concurrency=8))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: chat.complete(ASKED, max_tokens=24).text, range(16)))
    assert all(replies)


@pytest.mark.parametrize(
    ("changes", "messages", "says"),
    [
        ({"api_key": "wrong"}, ASKED, "401"),
        ({"model": "another"}, ASKED, "404"),
        ({}, [Message(role="user", content="费率" * 3000)], "400"),
    ],
    ids=["wrong key", "another model", "too long"],
)
def test_a_refusal_is_one_sentence(changes: dict[str, object], messages: list[Message], says: str) -> None:
    chat = OpenAIChat(settings(**changes))
    with pytest.raises(ChatUnavailableError, match=says) as refused:
        chat.complete(messages, max_tokens=32)
    with pytest.raises(ChatUnavailableError, match=says):
        list(chat.stream(messages, max_tokens=32))
    assert "费率费率" not in str(refused.value)


def test_a_text_that_is_too_long_is_not_even_sent() -> None:
    chat = ChatModels(settings(), NameHider).for_task(ChatTask.ANSWER)
    assert isinstance(chat, PseudonymisingChat)
    with pytest.raises(ChatUnavailableError, match="too long"):
        chat.complete([Message(role="user", content="费率" * 3000)], max_tokens=32)


def test_more_time_than_allowed_is_not_waited() -> None:
    with pytest.raises(ChatUnavailableError):
        OpenAIChat(settings()).complete(ASKED, max_tokens=1500, within_s=0.05)


def test_doctor_knows_the_server_and_its_model() -> None:
    assert reachable(settings()) == (True, "tiny answers")
    assert reachable(settings(model="another"))[0] is False
    assert "401" in reachable(settings(api_key="wrong"))[1]
