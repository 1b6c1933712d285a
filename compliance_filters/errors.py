"""The error tree of the compliance room; each message says what happened, why, and what to do."""

from __future__ import annotations


class ComplianceError(Exception):
    """Base of everything this package raises on purpose."""


class RulePackError(ComplianceError):
    """A rule pack is missing, unreadable or wrong; the gate does not start on it."""


class AuditError(ComplianceError):
    """The audit log could not be written or its key is unfit; nothing may be cleared."""


class ReviewQueueError(ComplianceError):
    """A review item does not exist or cannot take this decision."""


class FilterError(ComplianceError):
    """A filter cannot judge this text; the gate turns it into an officer's review."""
