"""What one person does to the knowledge base: each decision stands in the audit log."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from knowledge_base.access import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from knowledge_base.access import Principal
    from knowledge_base.conflict_queue import Holds, KeptConflict
    from knowledge_base.document import DocumentVersion
    from knowledge_base.wordings import Wording, WordingDraft
    from serve.wiring import House

EDITORS = (Role.EDITOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)


class KnowledgeDesk:
    """Decisions of an editor or officer. Raises AuditError where the log cannot be written."""

    def __init__(self, house: House, principal: Principal) -> None:
        self._house, self._principal = house, principal

    def settle(self, conflict_id: str, *, holds: Holds, why: str) -> KeptConflict:
        """Say which side of a contradiction holds."""
        settled = self._house.conflict_queue.settle(conflict_id, holds=holds, why=why, principal=self._principal)
        sides = (settled.conflict.left, settled.conflict.right)
        self._log(
            "knowledge.conflict.settled",
            {"conflict": conflict_id, "holds": holds, "versions": [side.version_id for side in sides]},
            {"about": settled.conflict.about, "why": settled.why, "quotes": [side.quote for side in sides]},
        )
        return settled

    def propose(self, draft: WordingDraft) -> Wording:
        """Write a wording, or its next version."""
        made = self._house.wordings.propose(draft, principal=self._principal)
        self._log_wording("knowledge.wording.proposed", made)
        return made

    def decide(self, wording_id: str, version: int, *, approve: bool, reason: str) -> Wording:
        """Approve or refuse another person's wording."""
        made = self._house.wordings.decide(
            wording_id, version, approve=approve, reason=reason, principal=self._principal
        )
        self._log_wording("knowledge.wording.approved" if approve else "knowledge.wording.refused", made)
        return made

    def retire(self, wording_id: str, *, reason: str) -> Sequence[Wording]:
        """Serve a wording no more."""
        retired = self._house.wordings.retire(wording_id, reason=reason, principal=self._principal)
        for made in retired:
            self._log_wording("knowledge.wording.retired", made)
        return retired

    def amend(self, version_id: str, changed: Mapping[str, Any]) -> DocumentVersion:
        """Change validity, status, labels, risk level or retention of a version, in the catalog and in the index."""
        version = self._house.amend_document(version_id, changed, principal=self._principal)
        told = {key: value.isoformat() if isinstance(value, date) else value for key, value in changed.items()}
        self._log("knowledge.document.amended", {"version": version_id, **told}, {})
        return version

    def _log_wording(self, event: str, made: Wording) -> None:
        self._log(
            event,
            {"wording": made.id, "version": made.version, "state": made.state, "author": made.author},
            {"question": made.question, "text": made.text, "reason": made.reason},
        )

    def _log(self, event: str, data: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        self._house.audit.append(event=event, actor=self._principal.user_id, data=dict(data), payload=dict(payload))
