"""Answers drafted by a chat model: what stands, what is replaced, and how they grow"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from prompts.chat import Message
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat
from rag.draft import Drafter
from rag.passage import Answer
from tests.rag.asked import ask
from tests.rag.documents import ADVISOR, TODAY
from tests.rag.firm import Firm


class TestChatModel:
    QUESTION = "云岭稳健混合报告期内的投资策略和运作分析"

    def test_a_draft_that_stands(self, firm: Firm) -> None:
        model = ScriptedChat(["该基金降低了信用债久期，同时提高利率债仓位。[1]"])
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert answer.by == "scripted"
        assert answer.text == "该基金降低了信用债久期，同时提高利率债仓位。[1]"
        assert "利率债" in model.asked[0][-1].content
        assert "赵启明" not in model.asked[0][-1].content

    @pytest.mark.parametrize(
        "bad",
        [
            "仓位提高到了88%[1]。",
            "仓位有所提高。",
            "仓位有所提高[99]。",
            "The fund cut its duration[1].",
            "该基金非常适合您，现在就可以大胆买入[1]。",
        ],
        ids=["number", "bare", "range", "english", "elsewhere"],
    )
    def test_a_sentence_that_fails_is_replaced_by_the_extractive_one(self, firm: Firm, bad: str) -> None:
        model = ScriptedChat([f"该基金降低了信用债久期[1]。{bad}"] * 2)
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert bad.replace("[1]", "") not in answer.text.replace("[1]", "")
        assert answer.sentences[0].text == "该基金降低了信用债久期。"
        assert answer.sentences[1].text == "本基金降低了信用债久期，提高了利率债仓位。"

    def test_the_model_may_write_once_more_what_failed(self, firm: Firm) -> None:
        good = "该基金降低了信用债久期，提高了利率债仓位[1]。"
        model = ScriptedChat(["该基金降低了信用债久期[1]。仓位提高到了88%[1]。", good])
        answer = ask(firm, self.QUESTION, drafter=Drafter(model, PromptLibrary()))
        assert [sentence.text for sentence in answer.sentences] == ["该基金降低了信用债久期，提高了利率债仓位。"]
        assert "仓位提高到了88%[1]。" in model.asked[1][-1].content

    @pytest.mark.parametrize("reply", ["全是编造，收益8.8%。", ChatUnavailableError("no answer")])
    def test_the_extractive_answer_stands_in(self, firm: Firm, reply: str | Exception) -> None:
        answer = ask(firm, self.QUESTION, drafter=Drafter(ScriptedChat([reply]), PromptLibrary()))
        assert answer.by == "extractive"
        assert "提高了利率债仓位" in answer.text
        assert "原文摘录" in str(answer.note), "it is said"


class Breaks(ScriptedChat):
    """Says what it was told to, then breaks off."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]:
        yield from super().stream(messages, max_tokens=max_tokens)
        raise ChatUnavailableError("the server said no more")


class TestGrowing:
    """The answer as it comes into being: each begins as the one before."""

    QUESTION = TestChatModel.QUESTION
    FIRST, SECOND = "该基金降低了信用债久期。", "该基金提高了利率债仓位。"

    def grown(self, firm: Firm, model: ScriptedChat | None) -> list[Answer]:
        drafter = Drafter(model, PromptLibrary()) if model else None
        answers = list(firm.answerer(drafter=drafter).growing(self.QUESTION, ADVISOR, on=TODAY))
        for before, after in pairwise(answers):
            assert after.sentences[: len(before.sentences)] == before.sentences
            assert after.citations[: len(before.citations)] == before.citations
        return answers

    def test_without_a_model_it_is_there_at_once(self, firm: Firm) -> None:
        (only,) = self.grown(firm, None)
        assert only == ask(firm, self.QUESTION)

    @pytest.mark.parametrize("piece", [1, 3, 1000])
    def test_sentence_by_sentence_as_the_model_writes(self, firm: Firm, piece: int) -> None:
        said = "该基金降低了信用债久期[1]。该基金提高了利率债仓位。[1]"
        *growing, whole = self.grown(firm, ScriptedChat([said], piece_characters=piece))
        assert [len(answer.sentences) for answer in growing] == [1, 2]
        assert [sentence.text for sentence in whole.sentences] == [self.FIRST, self.SECOND]
        assert (whole.by, whole.note) == ("scripted", None)

    def test_what_fails_is_never_in_it_and_the_extractive_follows(self, firm: Firm) -> None:
        answers = self.grown(firm, ScriptedChat(["仓位提高到了88%[1]。该基金降低了信用债久期[1]。稳赚不赔。"]))
        assert "88%" not in repr([answer.sentences for answer in answers])
        assert answers[0].sentences[0].text == self.FIRST
        assert answers[-1].sentences[-1].text == "本基金降低了信用债久期，提高了利率债仓位。"
        assert "无法与原文核对" in (answers[-1].note or "")

    def test_a_model_that_breaks_off_is_made_good_and_it_is_said(self, firm: Firm) -> None:
        whole = self.grown(firm, Breaks(["该基金降低了信用债久期[1]。该基金提高"]))[-1]
        assert whole.sentences[0].text == self.FIRST
        assert whole.sentences[-1].text == "本基金降低了信用债久期，提高了利率债仓位。"
        assert "模型中途停止" in (whole.note or "")

    @pytest.mark.parametrize("reply", ["全是编造，收益8.8%。", ChatUnavailableError("no answer")])
    def test_the_extractive_answer_stands_in_and_it_is_said(self, firm: Firm, reply: str | Exception) -> None:
        (only,) = self.grown(firm, ScriptedChat([reply]))
        assert (only.by, only.sentences) == ("extractive", ask(firm, self.QUESTION).sentences)
        assert "原文摘录" in (only.note or "")

    def test_a_loop_is_said_once(self, firm: Firm) -> None:
        whole = self.grown(firm, ScriptedChat(["该基金降低了信用债久期[1]。" * 40]))[-1]
        assert [sentence.text for sentence in whole.sentences] == [self.FIRST]
