"""What can go wrong between a cleared report and the client who reads it; each error is one sentence."""

from __future__ import annotations


class LoopError(Exception):
    """Root of the errors of the loop."""


class UnknownReportError(LoopError):
    """There is no such report, link or task that the principal may see."""


class ReportStateError(LoopError):
    """The report, link or task does not allow what was asked."""


class DeliveryRefusedError(LoopError):
    """This client gets no delivery; the message says why."""


class SavedReportError(LoopError):
    """A kept report that this version of the program cannot read."""
