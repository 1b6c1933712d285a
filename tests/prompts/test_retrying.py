"""Another try: only after what may pass, spread by chance, and never beyond the time that is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prompts.chat import Message
from prompts.chat_models import FallbackChat
from prompts.errors import ChatUnavailableError
from prompts.openai_chat import OpenAIChat
from prompts.retrying import retrying
from prompts.settings import ChatSettings
from tests.prompts.chat_server import ChatServer

ASKED = [Message(role="user", content="净值增长率是多少？")]


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status_code = status


class Clock:
    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def run(outcomes: list[Exception | str], clock: Clock, **options: float) -> str:
    rest = list(outcomes)

    def ask() -> str:
        outcome = rest.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return retrying(ask, retries=2, clock=clock, sleep=clock.sleep, **options)


def test_waits_grow_and_differ() -> None:
    clocks = [Clock() for _ in range(8)]
    for clock in clocks:
        assert run([Refused(503), Refused(429), "好。"], clock) == "好。"
        assert clock.waits[0] < clock.waits[1]
    assert len({clock.waits[0] for clock in clocks}) > 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_will_not_pass_is_not_asked_again(status: int) -> None:
    clock = Clock()
    with pytest.raises(Refused):
        run([Refused(status), "好。"], clock)
    assert clock.waits == []


def test_no_try_begins_after_its_time() -> None:
    clock = Clock()
    with pytest.raises(Refused):
        run([Refused(503), "好。"], clock, within_s=0.1)
    assert clock.waits == []


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


def chat(server: ChatServer) -> OpenAIChat:
    return OpenAIChat(ChatSettings(base_url=server.base_url, model="tiny", max_retries=2, timeout_s=5))


def test_a_server_that_recovers_is_heard(server: ChatServer) -> None:
    server.statuses = [503]
    assert chat(server).complete(ASKED).text == "好的。"
    server.statuses = [500]
    assert "".join(chat(server).stream(ASKED)) == "好的。"
    assert len(server.requests) == 4


@pytest.mark.parametrize("asked_for", ["90", "3600"])
def test_a_server_that_asks_for_minutes_is_not_waited_for(server: ChatServer, asked_for: str) -> None:
    server.status, server.retry_after = 429, asked_for
    with pytest.raises(ChatUnavailableError, match="429"):
        chat(server).complete(ASKED)
    with pytest.raises(ChatUnavailableError, match="429"):
        list(chat(server).stream(ASKED))
    assert len(server.requests) == 2


def test_a_reply_that_trickles_is_left(server: ChatServer) -> None:
    server.trickle_s = 0.03  # within every time limit of the connection
    with pytest.raises(ChatUnavailableError, match="took longer"):
        FallbackChat([chat(server)], budget_s=0.4).complete(ASKED)
