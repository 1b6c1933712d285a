"""What an officer's mark is about: a text with its verdict, from the queue, from the log, or as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from compliance_filters.audit.entry import AuditEntry
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import proven_entry
from compliance_filters.context import snapshot
from compliance_filters.errors import MistakeError
from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.review.item import ReviewItem
from compliance_filters.review.queue import findings_of
from compliance_filters.review.short_ids import the_id
from compliance_filters.tables import audit_log
from knowledge_base.access import Principal, Role

VERDICT = "compliance.verdict"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A text and what was found in it."""

    text: str
    target: Target
    findings: tuple[Finding, ...]
    context: Mapping[str, Any]  # the snapshot: level, products, channel, day
    client_id: str | None = None
    names: tuple[str, ...] = ()  # of the client, to be masked
    audit_id: str | None = None  # of the verdict; None: the text was given, and judged for the mark alone


def judged_item(item: ReviewItem) -> Judged:
    """The text of a review item, as it was judged."""
    return Judged(
        text=item.text, target=item.target, findings=item.findings, context=item.context, client_id=item.client_id,
        names=item.judged_in.client_names if item.judged_in else (), audit_id=item.audit_id,
    )  # fmt: skip


def judged_entry(audit: AuditLog, entry_id: str, *, principal: Principal) -> Judged:
    """The text of a verdict in the log, delivered or not; the beginning of its id is enough.

    Raises MistakeError for what is no verdict, or is about the officer who asks, in confidence; AuditError for an
    entry that was changed, SealedError for a client whose texts were sealed.
    """
    principal.require("mark a mistake", Role.COMPLIANCE)
    verdicts = audit_log.c.event == VERDICT
    full = the_id(audit.engine, audit_log.c.id, entry_id, verdicts, kind="a_")
    with audit.engine.connect() as connection:
        known = connection.execute(select(audit_log.c.seq).where(audit_log.c.id == full, verdicts)).first()
    entry = proven_entry(audit, full) if known else None
    if entry is None or _is_about(entry, principal):
        raise MistakeError(f"{entry_id} is no verdict that you may mark: give the audit id that a verdict names.")
    payload = audit.payload(full) or {}
    whole = (payload.get("review") or {}).get("context") or {}
    return Judged(
        text=str(payload.get("original", "")), target=Target(entry.data["target"]),
        findings=findings_of(entry.data["findings"], payload.get("findings", ())),
        context=payload.get("context") or {}, client_id=payload.get("client_id"),
        names=tuple(whole.get("client_names") or ()), audit_id=full,
    )  # fmt: skip


def _is_about(entry: AuditEntry, principal: Principal) -> bool:
    """Whether a verdict was told to compliance in confidence, about this principal."""
    return bool(entry.data.get("escalated")) and principal.user_id in (entry.actor, entry.data.get("by"))


def judged_text(draft: Draft, findings: tuple[Finding, ...], context: ReviewContext) -> Judged:
    """A text that an officer gives, with what is found in it today."""
    return Judged(
        text=draft.text, target=draft.target, findings=findings, context=snapshot(context),
        client_id=context.client_id, names=context.client_names,
    )  # fmt: skip
