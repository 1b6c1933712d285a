"""The one boundary to a chat model. Absent by default: everything works extractively without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


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
    """A chat model whose input has been pseudonymised before it gets here."""

    name: str

    def complete(self, messages: Sequence[Message], *, max_tokens: int = 800) -> str: ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]: ...
