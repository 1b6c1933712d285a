"""The double: a chat model that says what it was told to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompts.chat import Message, OnThinking, Reply, Schema, Tool, ToolCall
from prompts.errors import ChatUnavailableError
from prompts.json_replies import json_text


class ScriptedChat:
    """Gives its replies in turn and keeps what it was asked; an exception in the script is raised."""

    def __init__(
        self,
        replies: Sequence[str | Exception | tuple[ToolCall, ...]],
        *,
        name: str = "scripted",
        piece_characters: int = 3,
    ) -> None:
        """`piece_characters`: how much of a reply `stream` yields at a time."""
        self.name = name
        self.asked: list[tuple[Message, ...]] = []
        self._replies = list(replies)
        self._piece_characters = piece_characters

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """See ChatModel. Calls of tools stand in the script as a tuple."""
        said = self._next(messages)
        if isinstance(said, tuple):
            return Reply(text="", model=self.name, tool_calls=said)
        text = said if schema is None else json_text(said, schema, model=self.name)
        return Reply(text=text, model=self.name)

    def _next(self, messages: Sequence[Message]) -> str | tuple[ToolCall, ...]:
        self.asked.append(tuple(messages))
        if not self._replies:
            raise ChatUnavailableError("the script of the chat model is at its end: give it more replies")
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Iterator[str]:
        """See ChatModel."""
        reply = self._next(messages)
        if isinstance(reply, tuple):
            raise ChatUnavailableError("the script calls tools where a text is streamed: give it a text here")
        for start in range(0, len(reply), self._piece_characters):
            yield reply[start : start + self._piece_characters]
