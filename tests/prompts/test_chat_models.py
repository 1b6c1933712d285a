"""Who is asked for what, and who stands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from prompts.chat import Message, PseudonymisingChat, Reply
from prompts.chat_models import ChatModels, FallbackChat
from prompts.errors import ChatError, ChatUnavailableError
from prompts.scripted_chat import ScriptedChat
from prompts.settings import ChatServer, ChatSettings, ChatTask, ModelRecord
from tests.prompts.chat_server import ChatServer as RunningServer
from tests.prompts.name_hider import NameHider

ASKED = [Message(role="user", content="净值增长率是多少？")]
DOWN = ChatUnavailableError("down")
URL = "http://127.0.0.1:9/v1"


def models(settings: ChatSettings) -> ChatModels:
    return ChatModels(settings, NameHider)


class TestTasks:
    def test_no_server_no_model(self) -> None:
        assert models(ChatSettings()).for_task(ChatTask.ANSWER) is None

    def test_callers_get_the_wrapper(self) -> None:
        chat = models(ChatSettings(base_url=URL, model="tiny")).for_task(ChatTask.ANSWER)
        assert isinstance(chat, PseudonymisingChat)
        assert chat.name == "tiny"

    def test_a_server_without_a_pseudonymiser_is_an_error(self) -> None:
        with pytest.raises(ChatError, match="no pseudonymiser"):
            ChatModels(ChatSettings(base_url=URL, model="tiny"), lambda: None).for_task(ChatTask.NOTE)

    def test_a_model_is_asked_for_its_own_tasks_alone(self) -> None:
        writer = ChatServer(base_url=URL, model="writer", tasks=(ChatTask.NOTE,))
        found = models(ChatSettings(base_url=URL, model="first", tasks=(ChatTask.ANSWER,), others=(writer,)))
        note, answer = found.for_task(ChatTask.NOTE), found.for_task(ChatTask.ANSWER)
        assert (note and note.name, answer and answer.name) == ("writer", "first")
        assert found.for_task(ChatTask.VERIFY) is None

    def test_only_a_filed_model_writes_to_clients(self) -> None:
        filed = ChatServer(base_url=URL, model="filed", record=ModelRecord(filing="网信算备0001号"))
        settings = ChatSettings(base_url=URL, model="internal", others=(filed,))
        chat = models(settings).for_task(ChatTask.REPORT, for_clients=True)
        assert chat is not None
        assert chat.name == "filed"
        assert models(ChatSettings(base_url=URL, model="internal")).for_task(ChatTask.REPORT, for_clients=True) is None

    def test_only_models_that_call_tools_are_offered_some(self) -> None:
        able = ChatServer(base_url=URL, model="able", tools=True)
        settings = ChatSettings(base_url=URL, model="plain", others=(able,))
        chat = models(settings).for_task(ChatTask.ANSWER, tools=True)
        assert chat is not None
        assert chat.name == "able"
        assert models(ChatSettings(base_url=URL, model="plain")).for_task(ChatTask.ANSWER, tools=True) is None

    def test_a_server_outside_is_refused_at_once(self) -> None:
        with pytest.raises(ChatError, match="outside"):
            models(ChatSettings(others=(ChatServer(base_url="https://8.8.8.8/v1", model="m"),)))

    def test_the_next_server_answers_and_both_are_counted(self) -> None:
        with RunningServer() as broken, RunningServer() as good:
            broken.status = 500
            spare = ChatServer(base_url=good.base_url, model="spare")
            found = models(ChatSettings(base_url=broken.base_url, model="first", max_retries=0, others=(spare,)))
            chat = found.for_task(ChatTask.ANSWER)
            assert chat is not None
            assert chat.complete(ASKED).model == "spare"
            first, second = found.usage
        assert (first.failures, first.replies, second.failures, second.replies) == (1, 0, 0, 1)


class TestFallback:
    def test_the_first_that_answers(self) -> None:
        chain = FallbackChat([ScriptedChat([DOWN], name="a"), ScriptedChat(["好。"], name="b")], budget_s=9)
        reply = chain.complete(ASKED)
        assert (reply.text, reply.model) == ("好。", "b")

    def test_a_reply_that_breaks_its_schema_goes_to_the_next(self) -> None:
        chain = FallbackChat([ScriptedChat(["不是"], name="a"), ScriptedChat(["[1]"], name="b")], budget_s=9)
        assert chain.complete(ASKED, schema={"type": "array"}).text == "[1]"

    def test_nobody_answers(self) -> None:
        with pytest.raises(ChatUnavailableError, match="down"):
            FallbackChat([ScriptedChat([DOWN]), ScriptedChat([DOWN])], budget_s=9).complete(ASKED)

    def test_one_time_for_all(self) -> None:
        now = [0.0]

        class Slow(ScriptedChat):
            def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
                self.left = options["within_s"]
                now[0] += 7
                raise DOWN

        first, second, third = Slow([]), Slow([]), ScriptedChat(["晚了"])
        with pytest.raises(ChatUnavailableError, match="longer than 10 s"):
            FallbackChat([first, second, third], budget_s=10, clock=lambda: now[0]).complete(ASKED)
        assert (first.left, second.left, third.asked) == (10, 3, [])

    def test_a_stream_begins_with_the_first_that_speaks(self) -> None:
        chain = FallbackChat([ScriptedChat([DOWN]), ScriptedChat(["说了一些话"])], budget_s=9)
        assert "".join(chain.stream(ASKED)) == "说了一些话"

    def test_a_stream_that_breaks_off_is_not_continued_by_another(self) -> None:
        class Breaking(ScriptedChat):
            def stream(self, messages: Sequence[Message], **options: Any) -> Any:
                yield "说了"
                raise DOWN

        pieces = FallbackChat([Breaking([]), ScriptedChat(["别的"])], budget_s=9).stream(ASKED)
        assert next(pieces) == "说了"
        with pytest.raises(ChatUnavailableError):
            next(pieces)
