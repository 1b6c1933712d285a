"""Which prompts are in use is written into the audit log whenever it changes: name, version, hash, whose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_filters.audit.log import AuditEvent
from compliance_filters.audit.read import entries_of

if TYPE_CHECKING:
    from compliance_filters.audit.log import AuditLog
    from prompts.library import PromptLibrary

ACTIVE, REFUSED = "prompt.active", "prompt.refused"


def record_prompts(audit: AuditLog, library: PromptLibrary) -> int:
    """Append what differs from the last record; returns how many entries. Raises AuditError."""
    known = {
        (entry.event, str(entry.data["name"])): dict(entry.data)
        for entry in entries_of(audit, None, events=(ACTIVE, REFUSED))
    }
    told: list[tuple[str, dict[str, Any]]] = [
        (ACTIVE, {"name": t.name, "version": t.front.version, "sha256": t.sha256, "own": library.is_own(t.name)})
        for t in library.list()
    ]
    told += [(REFUSED, {"name": name, "why": why}) for name, why in library.refused.items()]
    new = [
        AuditEvent(event=event, actor="system", subject=None, data=data, payload=None)
        for event, data in told
        if known.get((event, data["name"])) != data
    ]
    audit.append_many(new)
    return len(new)
