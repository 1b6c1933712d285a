"""Errors of the composition root, and how any error of the house becomes one line for a person."""

from __future__ import annotations


class ServeError(Exception):
    """Base of the errors raised by `serve`; the message is one sentence with the remedy."""


class SettingsError(ServeError):
    """A setting is unknown, of the wrong type, or contradicts another."""


class OpenDoorError(ServeError):
    """The server was asked to listen where others could reach it before rights exist."""


class UserError(ServeError):
    """A user cannot be given what was asked for."""


class NotFoundError(ServeError):
    """What was named does not exist, or the principal may not see it."""
