"""The review queue: texts in doubt wait for a compliance officer; escalations and samples lie beside them.

Rows hold no client's words. The texts are in the payload of the verdict's audit entry, under the client's key,
so that sealing and erasure reach them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, insert, or_, select

from compliance_filters.audit.bound import claims, whole_row
from compliance_filters.audit.log import AuditEvent, AuditLog, canonical
from compliance_filters.context import context_from_meta
from compliance_filters.errors import ReviewNotFoundError, ReviewQueueError, SealedError
from compliance_filters.finding import Draft, Finding, Outcome, Target
from compliance_filters.review.item import (
    OPEN,
    Answered,
    Kind,
    ReviewItem,
    ReviewPolicy,
    ReviewSummary,
    State,
    Step,
    View,
)
from compliance_filters.review.proof import require_approval
from compliance_filters.review.short_ids import the_id
from compliance_filters.tables import audit_log, compliance_review, compliance_review_event
from jobs.clock import database_now
from knowledge_base.access import Principal, Role

MOST = 200  # items a page
_columns = compliance_review.c
_DECIDED = (State.APPROVED, State.REJECTED, State.EXPIRED)
_WAITING = _columns.state.in_(OPEN)
_WHICH: Mapping[View, ColumnElement[bool]] = {
    View.OPEN: and_(_columns.kind == Kind.DOUBT, _WAITING),
    View.OVERDUE: and_(_columns.kind == Kind.DOUBT, _WAITING),
    View.DECIDED: and_(_columns.kind == Kind.DOUBT, _columns.state.in_(_DECIDED)),
    View.SAMPLES: and_(_columns.kind == Kind.SAMPLE, _WAITING),
    View.CONFIDENTIAL: and_(_columns.kind == Kind.ESCALATION, _WAITING),
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some items, and where the next page begins; None on the last one."""

    items: tuple[ReviewSummary, ...]
    cursor: str | None


class ReviewQueue:
    """Puts texts before officers and shows them; `decisions.py` decides."""

    def __init__(self, audit: AuditLog, policy: ReviewPolicy | None = None) -> None:
        self.audit = audit
        self.policy = policy or ReviewPolicy()

    @property
    def engine(self) -> Engine:
        return self.audit.engine

    def add(
        self,
        *,
        kind: Kind,
        draft: Draft,
        outcome: Outcome,
        findings: Sequence[Finding],
        errors: Sequence[str],
        grave: bool,
        confidential: bool,
        audit_id: str,
        rule_pack: str,
        client_id: str | None,
        principal: Principal,
    ) -> str:
        """Put a text before the officers and return the item's id; anybody's text may come here."""
        item_id = f"rv_{uuid.uuid4().hex}"
        with self.audit.turn() as turn:
            row = whole_row(
                compliance_review,
                id=item_id, audit_id=audit_id, kind=kind.value, state=State.PENDING.value, created_at=turn.now,
                created_by=principal.user_id, written_by=draft.by[:120], target=draft.target.value,
                client_id=client_id, outcome=outcome.word, rules=canonical(sorted({f.rule for f in findings})),
                errors=canonical(list(errors)), rule_pack=rule_pack, grave=grave, confidential=confidential,
                due_at=turn.now + timedelta(hours=self.policy.due_h),
            )  # fmt: skip
            bound = claims(self.audit.secrets, (compliance_review, None, row))
            data = {"review": item_id, "of": audit_id, **bound}
            told = AuditEvent(event="review.added", actor=principal.user_id, subject=client_id, data=data)
            turn.write([self.audit.entry(told)])
            turn.connection.execute(insert(compliance_review).values(row))
        return item_id

    def is_sampled(self, audit_id: str) -> bool:
        """Whether a delivered text is looked at afterwards: by a keyed hash of its entry, which nobody can guess.

        The log alone tells which texts were to be looked at, so that none can be left out unseen.
        """
        drawn = int(self.audit.keyed_hash(f"sample {audit_id}")[:12], 16) / 16**12
        return drawn < self.policy.sample_share

    def page(self, view: View = View.OPEN, *, principal: Principal, after: str = "", limit: int = 50) -> Page:
        """One page of a list. Raises AccessDeniedError unless the principal may read it."""
        _may_read(principal, confidential=view is View.CONFIDENTIAL)
        with self.engine.connect() as connection:
            now = database_now(connection)
            count = max(1, min(limit, MOST))
            order: tuple[Any, ...] = (_columns.due_at, _columns.id)
            which = [_WHICH[view], _visible(principal)]
            if view is View.OVERDUE:
                which.append(_columns.due_at <= now)
            if after:
                which.append(_beyond(after, newest_first=view is View.DECIDED))
            if view is View.DECIDED:
                order = (_columns.due_at.desc(), _columns.id.desc())
            rows = connection.execute(select(compliance_review).where(*which).order_by(*order).limit(count + 1)).all()
        items = tuple(_summary(row, now) for row in rows[:count])
        more = len(rows) > count
        return Page(items=items, cursor=f"{items[-1].due_at.isoformat()} {items[-1].id}" if more else None)

    def counts(self, *, principal: Principal) -> dict[str, int]:
        """How many items each list holds that the principal may read."""
        _may_read(principal)
        found: dict[str, int] = {}
        with self.engine.connect() as connection:
            now = database_now(connection)
            for view in (View.OPEN, View.OVERDUE, View.SAMPLES, View.CONFIDENTIAL):
                which = and_(_WHICH[view], _visible(principal))
                which = and_(which, _columns.due_at <= now) if view is View.OVERDUE else which
                query = select(func.count()).select_from(compliance_review).where(which)
                found[view.value] = connection.execute(query).scalar_one()
        return found

    def summary(self, item_id: str, *, principal: Principal) -> ReviewSummary:
        """One item without its texts. Raises ReviewNotFoundError."""
        _may_read(principal)
        query = select(compliance_review).where(_columns.id == item_id, _visible(principal))
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
            now = database_now(connection)
        if row is None:
            raise ReviewNotFoundError(f"there is no review item {item_id}: list the queue to see which wait.")
        return _summary(row, now)

    def full_id(self, item_id: str, *, principal: Principal) -> str:
        """The id of the one item that begins like this. Raises ReviewQueueError where several do."""
        _may_read(principal)
        return the_id(self.engine, _columns.id, item_id, _visible(principal), kind="rv_")

    def get(self, item_id: str, *, principal: Principal) -> ReviewItem:
        """One item with its texts. Raises ReviewNotFoundError, or SealedError where they were sealed."""
        summary = self.summary(item_id, principal=principal)
        payload = self.audit.payload(summary.audit_id) or {}
        doubt = payload.get("review") or {}
        edited = (self.audit.payload(summary.edit_id) or {}).get("text") if summary.edit_id else None
        with self.engine.connect() as connection:
            data = connection.execute(select(audit_log.c.data).where(audit_log.c.id == summary.audit_id)).scalar_one()
            history = _history(connection, item_id)
        return ReviewItem(
            **vars(summary), text=str(payload.get("original", "")), edited=edited,
            generated=bool(doubt.get("generated", True)),
            findings=findings_of(json.loads(data)["findings"], payload.get("findings", ())),
            context=payload.get("context") or {},
            judged_in=context_from_meta(doubt["context"]) if doubt else None, history=history,
        )  # fmt: skip

    def mine(self, *, principal: Principal, limit: int = 50) -> tuple[Answered, ...]:
        """What became of the principal's own doubtful texts, the newest first; never an escalation or a sample."""
        query = (
            select(compliance_review)
            .where(_columns.created_by == principal.user_id, _columns.kind == Kind.DOUBT)
            .order_by(_columns.created_at.desc(), _columns.id.desc())
            .limit(max(1, min(limit, MOST)))
        )
        with self.engine.connect() as connection:
            now = database_now(connection)
            found = [_summary(row, now) for row in connection.execute(query)]
        return tuple(self._answered(item) for item in found)

    def approved_text(self, item_id: str, *, principal: Principal) -> tuple[ReviewSummary, str]:
        """The approved text of the principal's own item. Raises ReviewQueueError where there is none."""
        query = select(compliance_review).where(_columns.id == item_id, _columns.created_by == principal.user_id)
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
            now = database_now(connection)
        if row is None:
            raise ReviewNotFoundError(f"there is no review item {item_id} of yours: list yours to see them.")
        if row.state != State.APPROVED:
            raise ReviewQueueError(f"review item {item_id} is not approved: only an approved text can be delivered.")
        require_approval(self.audit, row.id, str(row.decision_id))
        return _summary(row, now), str((self.audit.payload(row.decision_id) or {})["text"])

    def _answered(self, item: ReviewSummary) -> Answered:
        approved = item.state is State.APPROVED
        try:
            payload = (self.audit.payload(item.decision_id) or {}) if item.decision_id and approved else {}
        except SealedError:
            payload = {}
        return Answered(
            id=item.id, created_at=item.created_at, state=State.PENDING if item.state in OPEN else item.state,
            target=item.target, client_id=item.client_id, due_at=item.due_at, decided_at=item.decided_at,
            reason=item.reason, text=payload.get("text"),
            edited=approved and item.edit_id is not None,
        )  # fmt: skip


def _may_read(principal: Principal, *, confidential: bool = False) -> None:
    if confidential:
        principal.require("read confidential escalations", Role.COMPLIANCE)
    principal.require("read the review queue", Role.COMPLIANCE, Role.SYSTEM)


def _visible(principal: Principal) -> ColumnElement[bool]:
    """Confidential items are for compliance alone, and never for the one whom they are about."""
    if not principal.has(Role.COMPLIANCE):
        return ~_columns.confidential
    return or_(~_columns.confidential, _columns.created_by != principal.user_id)


def _beyond(cursor: str, *, newest_first: bool) -> ColumnElement[bool]:
    moment, _, item_id = cursor.partition(" ")
    try:
        due_at = datetime.fromisoformat(moment)
        if due_at.tzinfo is None:
            raise ValueError(moment)
        due_at = due_at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ReviewQueueError("the cursor is none of this list: begin again without it.") from error
    same = _columns.due_at == due_at
    if newest_first:
        return or_(_columns.due_at < due_at, and_(same, _columns.id < item_id))
    return or_(_columns.due_at > due_at, and_(same, _columns.id > item_id))


def _history(connection: Connection, item_id: str) -> tuple[Step, ...]:
    steps = compliance_review_event.c
    query = select(steps.at, steps.by, steps.act, steps.reason).where(steps.review_id == item_id)
    return tuple(Step(**row._mapping) for row in connection.execute(query.order_by(steps.at, steps.audit_id)))


def findings_of(places: Sequence[Sequence[Any]], words: Sequence[Sequence[str]]) -> tuple[Finding, ...]:
    """Findings from an entry: rule, start, end, outcome and filter in its data, quote and reason in its payload."""
    return tuple(
        Finding(rule=rule, start=start, end=end, quote=said[1], outcome=Outcome[outcome.upper()], reason=said[2], by=by)
        for (rule, start, end, outcome, by), said in zip(places, words, strict=False)
    )


def _summary(row: Row[Any], now: datetime) -> ReviewSummary:
    values = dict(row._mapping)
    state = State(values["state"])
    return ReviewSummary(
        **{
            **values, "kind": Kind(values["kind"]), "state": state, "target": Target(values["target"]),
            "rules": tuple(json.loads(values["rules"])), "errors": tuple(json.loads(values["errors"])),
        },
        overdue=state in OPEN and values["due_at"] <= now,
    )  # fmt: skip
