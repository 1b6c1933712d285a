"""Errors of the jobs room; each message is one sentence."""

from __future__ import annotations


class JobsError(Exception):
    """Base of the errors raised by `jobs`."""


class LeaseLostError(JobsError):
    """The lease on a row ran out or passed to another worker; nothing was changed."""


class UnknownJobError(JobsError):
    """No job or message has this id."""


class JobStateError(JobsError):
    """The job's state does not allow what was asked."""


class PoisonJobError(JobsError):
    """Raised by a handler whose input can never succeed: the job is quarantined without a retry."""


class JobInterruptedError(JobsError):
    """Raised by a handler that stopped because the worker is stopping: the job goes back, uncounted."""


class DeliveryError(JobsError):
    """Raised by a deliverer: the message could not be handed over.

    permanent: the receiver will never take it, so that it is dead at once.
    retry_in_s: the receiver's own wish for the next attempt, in seconds; None leaves it to the backoff.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_in_s: float | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_in_s = retry_in_s


class PoolError(JobsError):
    """The workers of a pool cannot start."""


class EngineMissingError(JobsError):
    """An optional engine is not installed."""
