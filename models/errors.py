"""What can go wrong with weights. Each message is one sentence: what happened, why, what to do."""

from __future__ import annotations


class ModelError(Exception):
    """Anything wrong with a model or its registry.

    `what` says what happened and why, `remedy` what to do; the message is both.
    """

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class RegistryError(ModelError):
    """The registry file cannot be read, or an entry is not well formed, or a name is unknown."""


class ModelUnavailableError(ModelError):
    """The weights are not on this machine, or cannot be put in place or loaded."""


class ModelDamagedError(ModelUnavailableError):
    """The weights are here, but they are not the ones the registry names."""
