"""What the gate had cleared for a member of staff, looked up by the hash of what was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, or_, select

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError, SealedError
from compliance_filters.gate import DELIVERABLE
from compliance_filters.review.proof import require_approval
from compliance_filters.tables import audit_log, compliance_review
from copilot.messages.matching import exact_hash, near_hash
from copilot.talks.tables import sent_messages

VERDICT = "compliance.verdict"
BEFORE = timedelta(days=7)  # a text may be sent so long after it was cleared
AFTER = timedelta(minutes=5)  # clocks of two systems differ
_TARGETS = frozenset(target.value for target in DELIVERABLE)


@dataclass(frozen=True, kw_only=True)
class ClearedText:
    """A text that was cleared: which entry of the audit log says so, and for whom."""

    audit_id: str
    how: str  # exact | near
    for_client: bool  # False: cleared without a client in mind, and so without their level


class ClearedTexts(Protocol):
    """Finds the clearing of a text. `text_hash`: of the text as it stands; `near`: of its bare form."""

    def find(self, user_id: str, client_id: str, text_hash: str, near: str, around: datetime) -> ClearedText | None: ...


class AuditClearedTexts:
    """Reads what was sent from the sidebar by the hash of its clearing, and then the audit log: the verdicts that a
    member of staff was given, and what officers approved.

    A text that was cleared for another client is no match: it was judged by another level.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._hashes: dict[str, tuple[str, str] | None] = {}  # by entry; a batch of messages asks for the same ones

    def find(self, user_id: str, client_id: str, text_hash: str, near: str, around: datetime) -> ClearedText | None:
        """The latest clearing that fits, one for this client before one without a client, exact before near."""
        subject = self._audit.keyed_hash(client_id)
        with self._audit.engine.connect() as connection:
            sent = _sent(connection, user_id, client_id, text_hash, around)
            found = [(row.client_id is not None, True, str(row.audit_id)) for row in sent]
            if any(for_client for for_client, _exact, _id in found):  # known without opening a text, sealed ones too
                return _best(found)
            for row in _given(connection, user_id, around):
                known = self._cleared(connection, row) if row.subject in ("", subject) else None
                if known is not None and known[1] == near:
                    found.append((row.subject == subject, known[0] == text_hash, row.id))
        return _best(found) if found else None

    def _cleared(self, connection: Connection, row: Row[Any]) -> tuple[str, str] | None:
        """Exact and near hash of what an entry cleared; None where it cleared nothing that can be read."""
        if row.id not in self._hashes:
            text = self._read(connection, row)
            self._hashes[row.id] = None if text is None else (exact_hash(text), near_hash(text))
        return self._hashes[row.id]

    def _read(self, connection: Connection, row: Row[Any]) -> str | None:
        data: Mapping[str, Any] = json.loads(row.data)
        if data["target"] not in _TARGETS or data.get("edit_of"):
            return None
        if data["outcome"] in ("pass", "revise"):
            return self._text(row.id)
        query = select(compliance_review.c.id, compliance_review.c.decision_id).where(
            compliance_review.c.audit_id == row.id, compliance_review.c.state == "approved"
        )
        item = connection.execute(query).one_or_none()
        return self._approved(item.id, str(item.decision_id)) if item else None

    def _approved(self, review_id: str, decision_id: str) -> str | None:
        try:
            require_approval(self._audit, review_id, decision_id)
        except (SealedError, AuditError):
            return None
        return self._text(decision_id)

    def _text(self, audit_id: str) -> str | None:
        try:
            payload = self._audit.payload(audit_id)
        except (SealedError, AuditError):
            return None
        return str(payload["text"]) if payload and "text" in payload else None


def _best(found: Sequence[tuple[bool, bool, str]]) -> ClearedText:
    """One for this client before one without, exact before near, the latest first."""
    for_client, exact, audit_id = max(found, key=lambda each: each[:2])
    return ClearedText(audit_id=audit_id, how="exact" if exact else "near", for_client=for_client)


def _sent(connection: Connection, user_id: str, client_id: str, text_hash: str, around: datetime) -> Sequence[Any]:
    """What a member of staff sent from the sidebar about that time with this very text, to the client or to nobody
    known there; the latest first."""
    row = sent_messages.c
    query = select(row.audit_id, row.client_id).where(
        row.user_id == user_id, or_(row.client_id == client_id, row.client_id.is_(None)),
        row.cleared_sha256 == text_hash, row.sent_at >= around - BEFORE, row.sent_at <= around + AFTER,
    )  # fmt: skip
    return connection.execute(query.order_by(row.sent_at.desc())).all()


def _given(connection: Connection, user_id: str, around: datetime) -> Sequence[Any]:
    """Verdicts on texts of a member of staff about that time, the latest first."""
    query = select(audit_log.c.id, audit_log.c.subject, audit_log.c.data).where(
        audit_log.c.event == VERDICT, audit_log.c.actor == user_id,
        audit_log.c.at >= around - BEFORE, audit_log.c.at <= around + AFTER,
    )  # fmt: skip
    return connection.execute(query.order_by(audit_log.c.seq.desc())).all()
