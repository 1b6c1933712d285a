"""The review queue: texts in doubt wait for a compliance officer, who approves or rejects with a reason."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from compliance_filters.audit import canonical
from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Draft, Finding, Outcome, Target
from compliance_filters.tables import compliance_review
from jobs.clock import database_now
from knowledge_base.access import Principal, Role


@dataclass(frozen=True, kw_only=True)
class ReviewItem:
    """One text in doubt with what was found, and the decision once there is one."""

    id: str
    audit_id: str
    created_at: datetime
    created_by: str
    state: str  # pending | approved | rejected
    target: Target
    client_id: str | None
    text: str
    findings: tuple[Finding, ...]
    errors: tuple[str, ...]
    rule_pack: str
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


class ReviewQueue:
    """Rows of `compliance_review`; only compliance officers read and decide them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        *,
        draft: Draft,
        findings: tuple[Finding, ...],
        errors: tuple[str, ...],
        audit_id: str,
        rule_pack: str,
        client_id: str | None,
        principal: Principal,
    ) -> str:
        """Store a doubt and return its id; anybody whose text was judged may cause one."""
        item_id = f"rv_{uuid.uuid4().hex}"
        with self._engine.begin() as connection:
            connection.execute(
                insert(compliance_review).values(
                    id=item_id, audit_id=audit_id, created_at=database_now(connection),
                    created_by=principal.user_id, state="pending", target=draft.target.value,
                    client_id=client_id,
                    text=json.dumps(draft.text), findings=canonical([_plain(f) for f in findings]),
                    errors=canonical(list(errors)), rule_pack=rule_pack,
                )
            )  # fmt: skip
        return item_id

    def list(self, *, principal: Principal, state: str | None = "pending", limit: int = 100) -> list[ReviewItem]:
        """Items, oldest first. Raises AccessDeniedError unless the principal is a compliance officer."""
        principal.require("read the review queue", Role.COMPLIANCE, Role.SYSTEM)
        query = select(compliance_review).order_by(compliance_review.c.created_at).limit(limit)
        if state is not None:
            query = query.where(compliance_review.c.state == state)
        with self._engine.connect() as connection:
            return [_item(row) for row in connection.execute(query)]

    def get(self, item_id: str, *, principal: Principal) -> ReviewItem:
        """One item. Raises ReviewQueueError when there is none of this id."""
        principal.require("read the review queue", Role.COMPLIANCE, Role.SYSTEM)
        with self._engine.connect() as connection:
            row = connection.execute(select(compliance_review).where(compliance_review.c.id == item_id)).first()
        if row is None:
            raise ReviewQueueError(f"there is no review item {item_id}: list the queue to see which wait.")
        return _item(row)

    def decide(self, item_id: str, *, approve: bool, reason: str, principal: Principal) -> ReviewItem:
        """Approve or reject a pending item, once. Nobody decides on their own text, nor without a reason.

        An approval by itself delivers nothing: `Gate.release` makes the text deliverable.
        """
        principal.require("decide a review", Role.COMPLIANCE)
        if not reason.strip():
            raise ReviewQueueError("a decision needs a reason: write one sentence.")
        item = self.get(item_id, principal=principal)
        if item.created_by == principal.user_id:
            raise ReviewQueueError("nobody decides on a text of their own: let another officer do it.")
        if approve and any(f.outcome is Outcome.BLOCK for f in item.findings):
            raise ReviewQueueError("a text with a blocking finding cannot be approved: it must be rewritten.")
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(compliance_review)
                .where(compliance_review.c.id == item_id, compliance_review.c.state == "pending")
                .values(
                    state="approved" if approve else "rejected", decided_by=principal.user_id,
                    decided_at=database_now(connection), reason=reason,
                )
            )  # fmt: skip
        if changed.rowcount != 1:
            raise ReviewQueueError(f"review item {item_id} has been decided already: reload the queue.")
        return self.get(item_id, principal=principal)


def _plain(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "outcome": finding.outcome.word}


def _item(row: Row[Any]) -> ReviewItem:
    findings = tuple(
        Finding(**{**item, "outcome": Outcome[item["outcome"].upper()]}) for item in json.loads(row.findings)
    )
    return ReviewItem(
        id=row.id, audit_id=row.audit_id, created_at=row.created_at, created_by=row.created_by,
        state=row.state,
        target=Target(row.target), client_id=row.client_id, text=json.loads(row.text), findings=findings,
        errors=tuple(json.loads(row.errors)), rule_pack=row.rule_pack, decided_by=row.decided_by,
        decided_at=row.decided_at, reason=row.reason,
    )  # fmt: skip
