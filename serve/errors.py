"""Errors of the composition root, and how any error of the house becomes one line for a person."""

from __future__ import annotations


class ServeError(Exception):
    """Base of the errors raised by `serve`; the message is one sentence with the remedy."""


class SettingsError(ServeError):
    """A setting is unknown, of the wrong type, or contradicts another."""


class OpenDoorError(ServeError):
    """The server was asked to listen where others could reach it before rights exist."""


class UserError(ServeError):
    """A user, or a key, cannot be given what was asked for; `zh` says it on the pages."""

    def __init__(self, message: str, *, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh


class NotFoundError(ServeError):
    """What was named does not exist, or the principal may not see it."""
