"""The one boundary to a chat model. Absent by default: everything works extractively without it.

Callers get what `ChatModels.for_task` returns, a PseudonymisingChat; the adapters behind it are nobody else's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from prompts.errors import ChatError, ChatUnavailableError

Schema = Mapping[str, Any]  # JSON Schema

# Between messages when they are hidden together: one person gets one token in all of them.
SEPARATOR = "\n\ue000\n"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function that a model may ask for."""

    name: str
    description: str
    parameters: Schema  # of its arguments, an object


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """What a model asks a tool for; `arguments` as it wrote them: JSON, if it kept to it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Message:
    role: str  # system | user | assistant | tool
    content: str
    tool_calls: tuple[ToolCall, ...] = ()  # of an assistant
    answers: str = ""  # of a tool: the id of the call


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model said."""

    text: str
    model: str  # which one answered, where several may
    thinking: str = ""  # what a reasoning model thought aloud; never part of an answer
    prompt_tokens: int = 0  # as the server counts them; 0 where it does not
    reply_tokens: int = 0
    tool_calls: tuple[ToolCall, ...] = ()  # only where tools were offered; the text may be empty then


OnThinking = Callable[[Reply], None]


class Pseudonymiser(Protocol):
    """Replaces personal data by reversible tokens; the boundary refuses to work without one."""

    def hide(self, text: str) -> tuple[str, dict[str, str]]:
        """Return the text with tokens, and token -> original."""
        ...

    def restore(self, text: str, tokens: dict[str, str]) -> str:
        """Put originals back; raises ValueError when a token was lost or invented."""
        ...


class ChatModel(Protocol):
    """A chat model.

    Both methods raise ChatUnavailableError when no usable reply comes, `stream` at any piece.
    """

    name: str

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """`schema`: the reply's text is JSON that keeps it. `within_s`: the longest that it may take, retries
        included; None leaves it to the settings. `tools`: what the reply may call."""
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Iterator[str]:
        """The reply piece by piece; `on_thinking` gets, at its end, what the model thought aloud, if it did."""
        ...


class PseudonymisingChat:
    """Hides personal data on the way to a model and restores it on the way back.

    A reply need not name everybody, so only the tokens it mentions are restored; a token that was
    never given out is an error.
    """

    def __init__(
        self,
        model: ChatModel,
        pseudonymiser: Pseudonymiser | None,
        *,
        on_thinking: OnThinking = lambda reply: None,
    ) -> None:
        """`on_thinking` gets replies whose model thought aloud, before names come back into them.

        Raises ChatError without a pseudonymiser.
        """
        if pseudonymiser is None:
            raise ChatError("a chat model is set but no pseudonymiser is; client text would leave as it is")
        self.name = model.name
        self._model = model
        self._pseudonymiser = pseudonymiser
        self._on_thinking = on_thinking

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """See ChatModel."""
        hidden, tokens = self._hide(messages)
        reply = self._model.complete(hidden, max_tokens=max_tokens, schema=schema, within_s=within_s, tools=tools)
        if reply.thinking:
            self._on_thinking(reply)
        # Within JSON a restored name is escaped as its string asks.
        in_json = {token: json.dumps(original, ensure_ascii=False)[1:-1] for token, original in tokens.items()}
        return replace(
            reply,
            text=self._restore(reply.text, tokens if schema is None else in_json),
            tool_calls=tuple(
                replace(call, arguments=self._restore(call.arguments, in_json)) for call in reply.tool_calls
            ),
        )

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Iterator[str]:
        """Pieces end where no token can be cut in two.

        An invented token raises ChatUnavailableError, at the latest after the last piece.
        """
        hidden, tokens = self._hide(messages)
        whole, waiting = "", ""
        keep = on_thinking or self._on_thinking
        for piece in self._model.stream(hidden, max_tokens=max_tokens, on_thinking=keep):
            whole += piece
            waiting += piece
            ready = len(waiting) - unfinished(waiting, tokens)
            if ready:
                yield self._restore(waiting[:ready], tokens)
                waiting = waiting[ready:]
        self._restore(whole, tokens)
        if waiting:
            yield self._restore(waiting, tokens)

    def _hide(self, messages: Sequence[Message]) -> tuple[list[Message], dict[str, str]]:
        texts = [text.replace("\ue000", " ") for message in messages for text in _texts(message)]
        text, tokens = self._pseudonymiser.hide(SEPARATOR.join(texts))
        hidden = text.split(SEPARATOR)
        if len(hidden) != len(texts):
            raise ChatUnavailableError("the pseudonymiser changed the borders between messages; nothing was sent")
        rest = iter(hidden)
        return [_with_texts(message, rest) for message in messages], tokens

    def _restore(self, text: str, tokens: dict[str, str]) -> str:
        mentioned = {token: original for token, original in tokens.items() if token in text}
        try:
            return self._pseudonymiser.restore(text, mentioned)
        except ValueError as error:
            raise ChatUnavailableError(
                "the model's reply names a person or number that was not in its input; ask again"
            ) from error


def _texts(message: Message) -> list[str]:
    """Everything in a message that may name somebody."""
    return [message.content, *(call.arguments for call in message.tool_calls)]


def _with_texts(message: Message, texts: Iterator[str]) -> Message:
    content = next(texts)
    return replace(
        message,
        content=content,
        tool_calls=tuple(replace(call, arguments=next(texts)) for call in message.tool_calls),
    )


def unfinished(text: str, tokens: Collection[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a token still being written.

    A whole token counts too while a longer one starts with it.
    """
    at = 0
    while at < len(text):
        rest = text[at:]
        if any(len(token) > len(rest) and token.startswith(rest) for token in tokens):
            return len(rest)
        at += max((len(token) for token in tokens if rest.startswith(token)), default=1)
    return 0
