"""The one boundary to a chat model. Absent by default: everything works extractively without it.

Callers get what `connect` returns, a PseudonymisingChat; the adapters behind it are nobody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from prompts.errors import ChatError, ChatUnavailableError

if TYPE_CHECKING:
    from prompts.settings import ChatSettings

# Between messages when they are hidden together: one person gets one token in all of them.
SEPARATOR = "\n\ue000\n"


@dataclass(frozen=True, kw_only=True)
class Message:
    role: str  # system | user | assistant
    content: str


class Pseudonymiser(Protocol):
    """Replaces personal data by reversible tokens; the boundary refuses to work without one."""

    def hide(self, text: str) -> tuple[str, dict[str, str]]:
        """Return the text with tokens, and token -> original."""
        ...

    def restore(self, text: str, tokens: dict[str, str]) -> str:
        """Put originals back; raises ValueError when a token was lost or invented."""
        ...


class ChatModel(Protocol):
    """A chat model whose input has been pseudonymised before it gets here.

    Both methods raise ChatUnavailableError when no usable reply comes, `stream` at any piece.
    """

    name: str

    def complete(self, messages: Sequence[Message], *, max_tokens: int = 800) -> str: ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]: ...


def connect(settings: ChatSettings, pseudonymiser: Pseudonymiser | None) -> ChatModel | None:
    """The chat model of the settings behind its pseudonymiser; None when no server is set.

    Opens no connection. Raises ChatError when the server may not be used or the pseudonymiser is absent.
    """
    if settings.base_url is None:
        return None
    from prompts.openai_chat import OpenAIChat

    return PseudonymisingChat(OpenAIChat(settings), pseudonymiser)


class PseudonymisingChat:
    """Hides personal data on the way to a model and restores it on the way back.

    A reply need not name everybody, so only the tokens it mentions are restored; a token that was
    never given out is an error.
    """

    def __init__(self, model: ChatModel, pseudonymiser: Pseudonymiser | None) -> None:
        """Raises ChatError without a pseudonymiser."""
        if pseudonymiser is None:
            raise ChatError("a chat model is set but no pseudonymiser is; client text would leave as it is")
        self.name = model.name
        self._model = model
        self._pseudonymiser = pseudonymiser

    def complete(self, messages: Sequence[Message], *, max_tokens: int = 800) -> str:
        hidden, tokens = self._hide(messages)
        return self._restore(self._model.complete(hidden, max_tokens=max_tokens), tokens)

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]:
        """Pieces end where no token can be cut in two.

        An invented token raises ChatUnavailableError, at the latest after the last piece.
        """
        hidden, tokens = self._hide(messages)
        whole, waiting = "", ""
        for piece in self._model.stream(hidden, max_tokens=max_tokens):
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
        contents = [message.content.replace("\ue000", " ") for message in messages]
        text, tokens = self._pseudonymiser.hide(SEPARATOR.join(contents))
        hidden = text.split(SEPARATOR)
        if len(hidden) != len(messages):
            raise ChatUnavailableError("the pseudonymiser changed the borders between messages; nothing was sent")
        return [replace(m, content=c) for m, c in zip(messages, hidden, strict=True)], tokens

    def _restore(self, text: str, tokens: dict[str, str]) -> str:
        mentioned = {token: original for token, original in tokens.items() if token in text}
        try:
            return self._pseudonymiser.restore(text, mentioned)
        except ValueError as error:
            raise ChatUnavailableError(
                "the model's reply names a person or number that was not in its input; ask again"
            ) from error


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
