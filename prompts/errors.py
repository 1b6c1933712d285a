"""What can go wrong at the boundary to a chat model and with prompt templates."""

from __future__ import annotations


class PromptsError(Exception):
    """Anything wrong in this package; the message is one sentence with the remedy."""


class PromptError(PromptsError):
    """A template is unknown or not well formed, or was rendered with the wrong variables."""


class ChatError(PromptsError):
    """The boundary is set up wrongly: no pseudonymiser, or a server outside."""


class ChatUnavailableError(ChatError):
    """The chat model gave no usable reply; callers fall back to extractive answers and templated prose."""
