from __future__ import annotations

import pytest

from intent.notes.note import CallNote
from intent.notes.wording import NoteWriter
from intent.notes.write import NoteMaker
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat
from tests.intent.notes.talk import TAXONOMY, call

SAID = ("a:您好，李老师。", "c:我有三十万想放半年，别亏就行。", "a:我明天上午把资料发您。", "c:好，佣金也帮我问问。")
PROMISE = "我明天上午把资料发您（9月16日周三12:00前）"


def worded(*replies: str | Exception) -> tuple[CallNote, ScriptedChat]:
    chat = ScriptedChat(list(replies))
    writer = NoteWriter(chat, PromptLibrary())
    return NoteMaker(TAXONOMY, writer=writer).note(call(*SAID), ()), chat


def test_sentences_that_their_turns_hold_stand() -> None:
    note, chat = worded("【客户情况】\n- 客户有30万，想放半年。[2]\n【顾问承诺】\n- 顾问于9月16日上午发送资料。[3]")
    assert "- 客户有30万，想放半年。（第2轮）" in note.text
    assert "- 顾问于9月16日上午发送资料。（第3轮）" in note.text
    assert note.by == "scripted"
    assert "下一步" not in chat.asked[0][1].content
    assert "[2] 我有三十万想放半年，别亏就行。" in chat.asked[0][1].content


def test_the_structure_is_never_the_models() -> None:
    plain = NoteMaker(TAXONOMY).note(call(*SAID), ())
    note, _ = worded("【顾问承诺】\n- 顾问明天上午发送资料。[3]")
    assert (note.promised, note.facts, note.next_steps) == (plain.promised, plain.facts, plain.next_steps)


@pytest.mark.parametrize(
    "sentence",
    [
        "顾问后天上午发送资料。[3]",  # another day
        "顾问9月17日上午发送资料。[3]",
        "顾问明天上午发送3份资料。[3]",
        "顾问明天上午发送资料。",  # no turn
        "顾问明天上午发送资料。[9]",  # no such turn
        "顾问明天上午发送资料。[2]",  # a turn of another section
        "顾问明天上午向赵老师发送资料。[3]",  # a name from nowhere
        "顾问明天上午发送云岭基金资料。[3]",
        "顾问明天上午发送ETF资料。[3]",
    ],
)
def test_a_sentence_with_something_of_its_own_falls_back(sentence: str) -> None:
    note, _ = worded(f"【顾问承诺】\n- {sentence}")
    assert f"【顾问承诺】\n- {PROMISE}（第3轮）" in note.text
    assert note.by == "extractive"


def test_a_line_that_no_sentence_covers_stays() -> None:
    note, _ = worded("【客户情况】\n- 客户想放半年。[2]\n【顾问承诺】\n- 顾问明天上午发送云岭资料。[3]")
    assert "- 客户想放半年。（第2轮）" in note.text
    assert "- 我有三十万想放半年，别亏就行（第2轮）" in note.text  # the sum would be lost
    assert f"- {PROMISE}（第3轮）" in note.text


def test_without_an_answer_the_extractive_note_stands() -> None:
    note, _ = worded(ChatUnavailableError("the server is away"))
    assert note == NoteMaker(TAXONOMY).note(call(*SAID), ())


def test_an_empty_call_is_not_sent() -> None:
    chat = ScriptedChat([])
    note = NoteMaker(TAXONOMY, writer=NoteWriter(chat, PromptLibrary())).note(call(), ())
    assert (chat.asked, note.by) == ([], "extractive")
