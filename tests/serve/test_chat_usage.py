"""A reasoning model behind the answers: counted for the collector, its thinking in the audit log alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from compliance_filters.tables import audit_log
from prompts.chat import Message
from prompts.settings import ChatSettings, ChatTask
from serve.settings import Settings
from serve.wiring import House
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import client_of


@pytest.fixture
def thinking(settings: Settings) -> Iterator[House]:
    with ChatServer() as server:
        server.reply = "<think>先看资料</think>管理费为0.60%。"
        chat = ChatSettings(base_url=server.base_url, model="tiny")
        house = House(settings.model_copy(update={"chat": chat}))
        yield house
        house.close()


def test_requests_are_counted_and_thoughts_kept_apart(thinking: House) -> None:
    chat = thinking.chat(ChatTask.ANSWER)
    assert chat is not None
    reply = chat.complete([Message(role="user", content="管理费是多少？")])
    assert reply.text == "管理费为0.60%。"
    shown = client_of(thinking).get("/metrics").text
    assert 'tougu_chat_requests_total{model="tiny",outcome="reply"} 1.0' in shown
    assert 'tougu_chat_resting{model="tiny"} 0.0' in shown
    assert 'tougu_chat_spent{model="tiny"} 0.0' in shown
    with thinking.engine.connect() as connection:
        events = connection.scalars(select(audit_log.c.event)).all()
    assert events.count("model.thinking") == 1
    assert "".join(chat.stream([Message(role="user", content="管理费是多少？")])) == "管理费为0.60%。"
    with thinking.engine.connect() as connection:
        events = connection.scalars(select(audit_log.c.event)).all()
    assert events.count("model.thinking") == 2, "of a stream too"


def test_without_a_model_there_is_nothing_to_count(house: House) -> None:
    assert "tougu_chat" not in client_of(house).get("/metrics").text
