"""An approval rests on the entry of its decision, which nobody without the key can make; a row alone proves nothing."""

from __future__ import annotations

from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import proven_entry
from compliance_filters.errors import AuditError

APPROVED = "review.approved"


def require_approval(audit: AuditLog, review_id: str, decision_id: str) -> None:
    """Raises AuditError where the entry `decision_id` is missing, was changed, or does not approve this review item."""
    decision = proven_entry(audit, decision_id)
    if decision.event != APPROVED or decision.data.get("review") != review_id:
        raise AuditError(f"no entry approves review item {review_id}: run `tougu audit verify`.")
