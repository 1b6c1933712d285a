"""The gate: the only maker of `Cleared`. It fails closed: no rules, a broken filter, a late verdict or an
unwritten audit entry never mean pass."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError, ComplianceError, ReviewQueueError
from compliance_filters.finding import (
    _GATE_KEY,
    Cleared,
    Draft,
    Filter,
    Finding,
    Outcome,
    ReviewContext,
    Target,
    Verdict,
)
from compliance_filters.mend import mended, worst
from compliance_filters.review.decisions import Decisions
from compliance_filters.review.fit import approved_text
from compliance_filters.review.item import Kind, ReviewItem, State, judged_in, why_officers
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rulebook import Judged, Rulebook, budgets
from compliance_filters.rules.pack import RulePack
from compliance_filters.verdict_entry import Recorded, entry_data, entry_payload
from compliance_filters.watch import Watch
from knowledge_base.access import Principal

log = logging.getLogger(__name__)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PATIENCE_MS = 600_000  # for a text that an officer approves; a filter that takes longer hangs
DELIVERABLE = frozenset({Target.ANSWER, Target.REPORT, Target.ADVISOR_MESSAGE})


class Gate:
    """Judges drafts by the filters of a rule pack, mends what may be mended, and writes the audit log."""

    def __init__(
        self,
        pack: RulePack,
        filters: Sequence[Filter],
        audit: AuditLog,
        *,
        queue: ReviewQueue | None = None,
        time_budget_ms: int = 5_000,
        max_chars: int = 200_000,
        left_out: frozenset[str] = frozenset(),
        renewed: Callable[[], Rulebook] | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`left_out` names filters that an explicit setting does without; every verdict's entry says so.

        `renewed` gives the rules of the moment, where they change with the day; pack and filters are the first.
        `watch` knows which filters hang.
        """
        self._book = Rulebook.of(pack, filters, left_out=left_out)
        self._renewed = renewed
        self._left_out = left_out
        self._audit = audit
        self._queue = queue
        self._time_budget_ms = time_budget_ms
        self._max_chars = max_chars
        self._watch = watch or Watch()

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        """The verdict on one text. Never raises for a text: what cannot be judged goes to an officer.

        pass and revise carry `Cleared` for the delivered targets; spoken words and client input have
        findings only, since nothing is delivered.
        """
        book = self._rules()
        verdict = self._verdict(book, draft, context, principal)
        if self._queue is None or verdict.audit_id is None:
            return verdict
        return self._queued(book.pack, draft, verdict, context, principal)

    def _verdict(
        self, book: Rulebook, draft: Draft, context: ReviewContext, principal: Principal, *, edit_of: str | None = None
    ) -> Verdict:
        """Judged, mended and recorded. edit_of: the review item for which an officer wrote the text."""
        judged = self._judged(book, draft, context)
        findings, errors, unread = judged.findings, judged.errors, judged.errors
        outcome = worst(findings, errors)
        text = draft.text
        if outcome is Outcome.REVISE:
            after = mended(draft, findings, lambda changed: self._judged(book, changed, context))
            text, errors, unread = after.text, after.errors, after.unread
            outcome = Outcome.REVIEW if errors else outcome
        recorded = Recorded(
            draft=draft, text=text, outcome=outcome, judged=replace(judged, errors=errors), context=context,
            branches=principal.branches, left_out=self._left_out, edit_of=edit_of,
        )  # fmt: skip
        audit_id = self._record(recorded, book, principal)
        if audit_id is None:
            errors = (*errors, "audit: the log could not be written")
            outcome = max(outcome, Outcome.REVIEW)
        delivered = text if outcome is Outcome.REVISE else draft.text
        return Verdict(
            outcome=outcome,
            findings=findings,
            original=draft.text,
            text=delivered,
            rule_pack=book.pack.label,
            audit_id=audit_id,
            cleared=None if edit_of else _cleared(delivered, draft.target, outcome, audit_id),
            errors=errors,
            unread=unread,
        )

    def release(self, item_id: str, *, reason: str, principal: Principal) -> Cleared | None:
        """An officer approves a text in doubt; None while a second officer is needed.

        The text is judged once more, in its own context and as of today: what a rule blocks or returns by now cannot
        be approved, nor what a filter still does not look at. Raises ReviewQueueError, SealedError or AuditError.
        """
        decisions, item = self._asked(item_id, reason, principal)
        text = self._still_fit(item)
        decision = decisions.approve(item, text=text, reason=reason, principal=principal)
        return _make_cleared(text, item.target, decision.entry_id) if decision.state is State.APPROVED else None

    def edit(self, item_id: str, *, text: str, reason: str, principal: Principal) -> Verdict:
        """An officer writes another text and approves it; it passes the gate like any other, and both are kept.

        The verdict is cleared unless it returns or blocks the new text, which leaves the item as it was, or a
        second officer is needed. Raises ReviewQueueError, also where a filter did not look at the new text or a rule
        returns it beside a doubt, SealedError or AuditError.
        """
        decisions, item = self._asked(item_id, reason, principal)
        if len(text) > self._max_chars:
            raise ReviewQueueError(
                f"the text has {len(text)} characters, more than the {self._max_chars} that are judged at once: "
                "approve it in parts."
            )
        draft = Draft(text=text, target=item.target, by=principal.user_id, generated=item.generated)
        book, context = self._rules(), _as_of_today(item)
        verdict = self._verdict(book, draft, context, principal, edit_of=item.id)
        if verdict.audit_id is None:
            raise AuditError("the audit log could not be written, so nothing was approved: see the log of the service.")
        if verdict.outcome in (Outcome.RETURN, Outcome.BLOCK):
            return verdict
        text = verdict.text
        if verdict.outcome is Outcome.REVIEW:
            found = Judged(findings=verdict.findings, errors=verdict.unread)
            text = approved_text(draft, found, lambda mended: self._judged(book, mended, context))
        decision = decisions.approve(item, text=text, edit_id=verdict.audit_id, reason=reason, principal=principal)
        if decision.state is not State.APPROVED:
            return verdict
        return replace(verdict, text=text, cleared=_make_cleared(text, item.target, decision.entry_id))

    def reject(self, item_id: str, *, reason: str, principal: Principal) -> None:
        """An officer rejects a text in doubt, with a reason."""
        Decisions(self._officers_queue).reject(item_id, reason=reason, principal=principal)

    def collect(self, item_id: str, *, principal: Principal) -> Cleared:
        """An approved text, for the one who asked for it. Raises ReviewQueueError, or SealedError."""
        item, text = self._officers_queue.approved_text(item_id, principal=principal)
        return _make_cleared(text, item.target, item.decision_id or item.audit_id)

    @property
    def _officers_queue(self) -> ReviewQueue:
        if self._queue is None:
            raise ComplianceError("this gate has no review queue: give it one to decide on texts.")
        return self._queue

    def _asked(self, item_id: str, reason: str, principal: Principal) -> tuple[Decisions, ReviewItem]:
        decisions = Decisions(self._officers_queue)
        decisions.check(item_id, reason=reason, principal=principal)
        return decisions, self._officers_queue.get(item_id, principal=principal)

    def _still_fit(self, item: ReviewItem) -> str:
        """The text that an approval delivers, with mechanical mends.

        Raises ReviewQueueError when a rule blocks or returns it by now, or a filter does not look at it.
        """
        book, context = self._rules(), _as_of_today(item)
        draft = Draft(text=item.current, target=item.target, by=item.written_by, generated=item.generated)

        # What was too long or too slow to judge for one who waits is judged to its end before anybody approves it.
        def to_its_end(text: Draft) -> Judged:
            length = len(text.text)
            budget_ms, most = PATIENCE_MS / budgets(length), max(self._max_chars, length)
            return book.judge(text, context, time_budget_ms=budget_ms, max_chars=most, watch=self._watch)

        return approved_text(draft, to_its_end(draft), to_its_end)

    def judge_speech(self, texts: Sequence[str], context: ReviewContext) -> list[tuple[Finding, ...]]:
        """Findings in each of the texts that an adviser spoke, with severity and disposition.

        Raises ComplianceError when a filter fails.
        """
        book = self._rules()
        drafts = [Draft(text=text, target=Target.ADVISOR_SPEECH, generated=False) for text in texts]
        book.read_ahead(drafts)
        found = [self._judged(book, draft, context) for draft in drafts]
        if errors := sorted({error for judged in found for error in judged.errors}):
            raise ComplianceError(f"the speech could not be judged ({'; '.join(errors)}).")
        return [judged.findings for judged in found]

    def is_confidential(self, rule: str) -> bool:
        """Whether a finding of this rule is told to compliance alone."""
        return self._rules().pack.rule(rule).escalate

    def judge(self, draft: Draft, context: ReviewContext) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """All findings, sorted by place, and the filters that failed; writes nothing and clears nothing.

        Runs on after a failure: every other filter still looks.
        """
        judged = self._judged(self._rules(), draft, context)
        return judged.findings, judged.errors

    def _rules(self) -> Rulebook:
        """The rules of this moment; where they cannot be had there are no filters, which is never a pass."""
        try:
            self._book = self._renewed() if self._renewed else self._book
        except Exception as error:
            log.error("the rules in force could not be loaded; nothing is cleared: %s", error)
            return replace(self._book, filters=(), missing=(f"rules: {type(error).__name__}",))
        return self._book

    def _judged(self, book: Rulebook, draft: Draft, context: ReviewContext) -> Judged:
        return book.judge(
            draft, context, time_budget_ms=self._time_budget_ms, max_chars=self._max_chars, watch=self._watch
        )

    def _record(self, verdict: Recorded, book: Rulebook, principal: Principal) -> str | None:
        try:
            return self._audit.append(
                event="compliance.verdict",
                actor=principal.user_id,
                subject=verdict.context.client_id,
                data=entry_data(verdict, book, self._audit.keyed_hash),
                payload=entry_payload(verdict),
            )
        except AuditError as error:
            log.error("the audit log could not be written; nothing is cleared: %s", error)
            return None

    def _queued(
        self, pack: RulePack, draft: Draft, verdict: Verdict, context: ReviewContext, principal: Principal
    ) -> Verdict:
        """The verdict with the id of its doubt, or with one more error where that could not be put into the queue.

        What is told in confidence, and a sample, leaves no trace in the verdict; the log shows both.
        """
        queue, found = self._officers_queue, [pack.rules[f.rule] for f in verdict.findings]
        confidential = any(rule.escalate for rule in found)
        kind = why_officers(verdict.outcome, confidential) or _drawn(verdict, queue)
        if kind is None or verdict.audit_id is None:
            return verdict
        try:
            item_id = queue.add(
                kind=kind, draft=draft, outcome=verdict.outcome, findings=verdict.findings, errors=verdict.errors,
                grave=any(rule.outcome is Outcome.BLOCK or rule.severity == "high" for rule in found),
                confidential=confidential, audit_id=verdict.audit_id, rule_pack=pack.label,
                client_id=context.client_id, principal=principal,
            )  # fmt: skip
        except Exception as error:  # the text stays as it was judged; the caller sees why nobody will look at a doubt
            log.error("a text could not be put into the review queue: %s", type(error).__name__)
            doubt = kind is Kind.DOUBT
            return replace(verdict, errors=(*verdict.errors, f"queue: {type(error).__name__}")) if doubt else verdict
        return replace(verdict, review_id=item_id) if kind is Kind.DOUBT else verdict


def _drawn(verdict: Verdict, queue: ReviewQueue) -> Kind | None:
    return Kind.SAMPLE if verdict.cleared and queue.is_sampled(verdict.cleared.audit_id) else None


def _as_of_today(item: ReviewItem) -> ReviewContext:
    """The context an item was judged in, with what has expired since."""
    return replace(judged_in(item), today=datetime.now(SHANGHAI).date())


def _cleared(text: str, target: Target, outcome: Outcome, audit_id: str | None) -> Cleared | None:
    if audit_id is None or outcome > Outcome.REVISE or target not in DELIVERABLE:
        return None
    return _make_cleared(text, target, audit_id)


def _make_cleared(text: str, target: Target, audit_id: str) -> Cleared:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Cleared(text=text, target=target, sha256=digest, audit_id=audit_id, key=_GATE_KEY)
