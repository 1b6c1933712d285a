"""The double: a chat model that says what it was told to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompts.chat import Message
from prompts.errors import ChatUnavailableError


class ScriptedChat:
    """Gives its replies in turn and keeps what it was asked; an exception in the script is raised."""

    def __init__(
        self, replies: Sequence[str | Exception], *, name: str = "scripted", piece_characters: int = 3
    ) -> None:
        """`piece_characters`: how much of a reply `stream` yields at a time."""
        self.name = name
        self.asked: list[tuple[Message, ...]] = []
        self._replies = list(replies)
        self._piece_characters = piece_characters

    def complete(self, messages: Sequence[Message], *, max_tokens: int = 800) -> str:
        self.asked.append(tuple(messages))
        if not self._replies:
            raise ChatUnavailableError("the script of the chat model is at its end: give it more replies")
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]:
        reply = self.complete(messages, max_tokens=max_tokens)
        for start in range(0, len(reply), self._piece_characters):
            yield reply[start : start + self._piece_characters]
