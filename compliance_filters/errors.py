"""The error tree of the compliance room; each message says what happened, why, and what to do."""

from __future__ import annotations


class ComplianceError(Exception):
    """Base of everything this package raises on purpose."""


class RulePackError(ComplianceError):
    """A rule pack is missing, unreadable or wrong; the gate does not start on it."""


class AuditError(ComplianceError):
    """The audit log could not be written or read, or its key is unfit; nothing may be cleared."""


class SealedError(AuditError):
    """Texts of a client that were sealed or erased: nothing reads them."""


class ErasureError(AuditError):
    """A step of an erasure or a legal hold is not possible now; the message says what stands in the way."""


class ReviewQueueError(ComplianceError):
    """A review item does not exist or cannot take this decision."""


class ReviewNotFoundError(ReviewQueueError):
    """There is no such review item that the principal may see."""


class MistakeError(ComplianceError):
    """A mistake cannot be marked, approved or exported like this."""


class FilterError(ComplianceError):
    """A filter cannot judge this text; the gate turns it into an officer's review."""


class SemanticDataError(ComplianceError):
    """Labelled sentences cannot be read; the message names the line."""
