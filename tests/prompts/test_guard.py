"""A model is not asked more than it can take."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from prompts.chat import Message, Reply, Tool
from prompts.errors import ChatUnavailableError
from prompts.guard import GuardedChat
from prompts.scripted_chat import ScriptedChat

ASKED = [Message(role="user", content="净值增长率是多少？")]
DOWN = ChatUnavailableError("down")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def guarded(model: ScriptedChat, clock: Clock | None = None, **changes: int) -> GuardedChat:
    limits: dict[str, Any] = {"context_tokens": 2000, "concurrency": 1, "failures": 2, "rest_s": 30, **changes}
    return GuardedChat(model, clock=clock or Clock(), **limits)


def test_a_text_that_does_not_fit_is_not_sent() -> None:
    model = ScriptedChat(["好。"])
    with pytest.raises(ChatUnavailableError, match="too long for scripted"):
        guarded(model, context_tokens=512).complete(ASKED, max_tokens=600)
    with pytest.raises(ChatUnavailableError, match="too long"):
        list(guarded(model, context_tokens=512).stream(ASKED, max_tokens=600))
    assert model.asked == []


def test_tools_count_as_text() -> None:
    model, tool = ScriptedChat(["好。"]), Tool(name="facts", description="查" * 600, parameters={})
    with pytest.raises(ChatUnavailableError, match="too long"):
        guarded(model, context_tokens=512).complete(ASKED, max_tokens=100, tools=[tool])
    assert model.asked == []


def test_the_tokens_of_a_day_are_bounded_and_counted_where_the_server_does_not() -> None:
    days = [date(2026, 3, 2)]
    model = ScriptedChat(["好。" * 30] * 4)
    chat = GuardedChat(
        model, context_tokens=2000, concurrency=1, failures=2, rest_s=30, tokens_a_day=100, today=lambda: days[-1]
    )
    chat.complete(ASKED)
    "".join(chat.stream(ASKED))
    assert (chat.usage.reply_tokens, chat.usage.spent) == (120, True)
    with pytest.raises(ChatUnavailableError, match="tokens of today"):
        chat.complete(ASKED)
    with pytest.raises(ChatUnavailableError, match="tokens of today"):
        "".join(chat.stream(ASKED))
    days.append(date(2026, 3, 3))
    assert chat.complete(ASKED).text
    assert len(model.asked) == 3


def test_a_stream_that_was_not_asked_for_uses_up_no_tokens() -> None:
    chat = guarded(ScriptedChat([DOWN, DOWN, "好。"]), tokens_a_day=100)
    for _ in range(2):
        with pytest.raises(ChatUnavailableError, match="down"):
            "".join(chat.stream(ASKED))
    sent = chat.usage.prompt_tokens
    for _ in range(20):
        with pytest.raises(ChatUnavailableError, match="rests"):
            "".join(chat.stream(ASKED))
    assert (chat.usage.prompt_tokens, chat.usage.spent) == (sent, False)


def test_it_rests_after_failures_and_one_request_tries_again() -> None:
    clock, model = Clock(), ScriptedChat([DOWN, DOWN, DOWN, "好。", "又好。"])
    chat = guarded(model, clock)
    for _ in range(2):
        with pytest.raises(ChatUnavailableError, match="down"):
            chat.complete(ASKED)
    with pytest.raises(ChatUnavailableError, match="rests"):
        chat.complete(ASKED)
    assert (len(model.asked), chat.usage.resting) == (2, True)
    clock.now += 31
    with pytest.raises(ChatUnavailableError, match="down"):
        chat.complete(ASKED)
    with pytest.raises(ChatUnavailableError, match="rests"):
        chat.complete(ASKED)
    clock.now += 31
    assert chat.complete(ASKED).text == "好。"
    assert chat.complete(ASKED).text == "又好。"
    assert (chat.usage.replies, chat.usage.failures, chat.usage.resting) == (2, 3, False)


def test_failures_that_do_not_follow_each_other_bring_no_rest() -> None:
    chat = guarded(ScriptedChat([DOWN, "好。", DOWN, "好。"]))
    for _ in range(2):
        with pytest.raises(ChatUnavailableError):
            chat.complete(ASKED)
        assert chat.complete(ASKED).text == "好。"


def test_a_stream_that_breaks_counts_and_one_that_is_left_does_not() -> None:
    class Breaking(ScriptedChat):
        def stream(self, messages: Sequence[Message], **options: Any) -> Any:
            yield "说了"
            raise DOWN

    broken = guarded(Breaking([]))
    with pytest.raises(ChatUnavailableError):
        list(broken.stream(ASKED))
    assert broken.usage.failures == 1
    left = guarded(ScriptedChat(["说了很多", "再说"]))
    with closing(left.stream(ASKED)) as pieces:
        next(pieces)
    assert left.usage.failures == 0
    assert "".join(left.stream(ASKED)) == "再说", "its place is free again"


def test_further_requests_wait_for_a_place() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(ScriptedChat):
        def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
            inside.set()
            go_on.wait(5)
            return super().complete(messages, **options)

    chat = guarded(Slow(["一", "二"]))
    first = threading.Thread(target=chat.complete, args=(ASKED,))
    first.start()
    inside.wait(5)
    with pytest.raises(ChatUnavailableError, match="no place free"):
        chat.complete(ASKED, within_s=0.05)
    go_on.set()
    first.join()
    assert chat.complete(ASKED, within_s=5).text == "二"


def test_tokens_are_added_up() -> None:
    class Counting(ScriptedChat):
        def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
            return Reply(text="好。", model="m", prompt_tokens=120, reply_tokens=7)

    chat = guarded(Counting([]))
    chat.complete(ASKED)
    chat.complete(ASKED)
    assert (chat.usage.prompt_tokens, chat.usage.reply_tokens) == (240, 14)
