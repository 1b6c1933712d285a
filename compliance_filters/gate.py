"""The gate: the only maker of `Cleared`. It fails closed: no rules, a broken filter, a late verdict or an
unwritten audit entry never mean pass."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from compliance_filters.audit import AuditLog
from compliance_filters.errors import AuditError, ComplianceError
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
from compliance_filters.review import ReviewQueue
from compliance_filters.rules import RulePack
from knowledge_base.access import Principal

log = logging.getLogger(__name__)
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
        time_budget_ms: int = 2_000,
        max_chars: int = 200_000,
    ) -> None:
        self._pack = pack
        self._filters, self._missing = _in_order(pack.order, filters)
        self._audit = audit
        self._queue = queue
        self._time_budget_ms = time_budget_ms
        self._max_chars = max_chars

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        """The verdict on one text. Never raises for a text: what cannot be judged goes to an officer.

        pass and revise carry `Cleared` for the delivered targets; spoken words and client input have
        findings only, since nothing is delivered.
        """
        findings, errors = self._judge(draft, context)
        outcome = worst(findings, errors)
        text = draft.text
        if outcome is Outcome.REVISE:
            text, errors = self._mended(draft, findings, context)
            outcome = Outcome.REVIEW if errors else outcome
        audit_id = self._record(draft, text, outcome, findings, errors, context, principal)
        if audit_id is None:
            errors = (*errors, "audit: the log could not be written")
            outcome = max(outcome, Outcome.REVIEW)
        elif outcome is Outcome.REVIEW and self._queue is not None:
            errors = self._queued(draft, findings, errors, audit_id, context, principal)
        delivered = text if outcome is Outcome.REVISE else draft.text
        return Verdict(
            outcome=outcome,
            findings=findings,
            original=draft.text,
            text=delivered,
            rule_pack=self._pack.label,
            audit_id=audit_id,
            cleared=_cleared(delivered, draft.target, outcome, audit_id),
            errors=errors,
        )

    def release(self, item_id: str, *, reason: str, principal: Principal) -> Cleared:
        """An officer approves a text in doubt. Raises ReviewQueueError or AuditError."""
        if self._queue is None:
            raise ComplianceError("this gate has no review queue: give it one to release texts.")
        item = self._queue.decide(item_id, approve=True, reason=reason, principal=principal)
        audit_id = self._audit.append(
            event="review.approved",
            actor=principal.user_id,
            subject=item.client_id,
            data={"review": item.id, "of": item.audit_id},
            payload={"text": item.text, "reason": reason},
        )
        return _make_cleared(item.text, item.target, audit_id)

    def reject(self, item_id: str, *, reason: str, principal: Principal) -> None:
        """An officer rejects a text in doubt, with a reason."""
        if self._queue is None:
            raise ComplianceError("this gate has no review queue: give it one to reject texts.")
        item = self._queue.decide(item_id, approve=False, reason=reason, principal=principal)
        self._audit.append(
            event="review.rejected",
            actor=principal.user_id,
            subject=item.client_id,
            data={"review": item.id, "of": item.audit_id},
            payload={"reason": reason},
        )

    def judge_speech(self, text: str, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in what an adviser said, with severity and disposition; raises when a filter fails."""
        findings, errors = self._judge(Draft(text=text, target=Target.ADVISOR_SPEECH, generated=False), context)
        if errors:
            raise ComplianceError(f"the speech could not be judged ({'; '.join(errors)}).")
        return findings

    def _judge(self, draft: Draft, context: ReviewContext) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """All findings, sorted by place, and the filters that failed. Runs on after a failure."""
        if len(draft.text) > self._max_chars:
            return (), (f"gate: the text has {len(draft.text)} characters, more than {self._max_chars}",)
        findings: list[Finding] = []
        errors = list(self._missing)
        began = time.monotonic()
        for each in self._filters:
            try:
                findings += each.find(draft, context)
            except Exception as error:  # any failure of a filter is a doubt, never a pass
                log.warning("compliance filter %s failed: %s", each.name, type(error).__name__)
                errors.append(f"{each.name}: {type(error).__name__}")
            if (time.monotonic() - began) * 1_000 > self._time_budget_ms:
                errors.append(f"gate: the time budget of {self._time_budget_ms} ms ran out at {each.name}")
                break
        if not self._filters or not self._pack.rules:
            errors.append("gate: there are no rules to judge by")
        return tuple(sorted(findings, key=lambda f: (f.start, f.end, f.rule))), tuple(errors)

    def _mended(
        self, draft: Draft, findings: tuple[Finding, ...], context: ReviewContext
    ) -> tuple[str, tuple[str, ...]]:
        """The mended text, judged again; an error when it cannot be mended or is still not clean."""
        helpless = [f.rule for f in findings if f.replacement is None and f.append is None]
        if helpless:
            return draft.text, (f"mend: nothing approved to mend {', '.join(sorted(set(helpless)))}",)
        text = mend(draft.text, findings)
        again, errors = self._judge(replace(draft, text=text), context)
        if errors or again:
            left = ", ".join(sorted({f.rule for f in again}))
            return draft.text, (*errors, f"mend: the mended text is still not clean ({left})")
        return text, ()

    def _record(
        self,
        draft: Draft,
        text: str,
        outcome: Outcome,
        findings: tuple[Finding, ...],
        errors: tuple[str, ...],
        context: ReviewContext,
        principal: Principal,
    ) -> str | None:
        escalated = sorted({f.rule for f in findings if self._pack.rules[f.rule].escalate})
        incident = any(f.rule == "pii.leak" and f.outcome is Outcome.BLOCK for f in findings)
        try:
            return self._audit.append(
                event="compliance.verdict",
                actor=principal.user_id,
                subject=context.client_id,
                data={
                    "outcome": outcome.word, "target": draft.target.value, "by": draft.by,
                    "channel": context.channel, "rule_pack": self._pack.label, "errors": list(errors),
                    "findings": [[f.rule, f.start, f.end, f.outcome.word, f.by] for f in findings],
                    "escalated": escalated, "incident": incident, "text": self._audit.keyed_hash(draft.text),
                },
                payload={"original": draft.text, "text": text, "client_id": context.client_id},
            )  # fmt: skip
        except AuditError as error:
            log.error("the audit log could not be written; nothing is cleared: %s", error)
            return None

    def _queued(
        self,
        draft: Draft,
        findings: tuple[Finding, ...],
        errors: tuple[str, ...],
        audit_id: str,
        context: ReviewContext,
        principal: Principal,
    ) -> tuple[str, ...]:
        """The errors, with one more when the doubt could not be put into the queue."""
        assert self._queue is not None
        try:
            self._queue.add(
                draft=draft, findings=findings, errors=errors, audit_id=audit_id,
                rule_pack=self._pack.label, client_id=context.client_id, principal=principal,
            )  # fmt: skip
        except Exception as error:  # the text stays uncleared; the caller sees why nobody will look
            log.error("a doubt could not be put into the review queue: %s", type(error).__name__)
            return (*errors, f"queue: {type(error).__name__}")
        return errors


def worst(findings: Sequence[Finding], errors: Sequence[str] = ()) -> Outcome:
    """The worst finding wins; any error is at least a review."""
    outcome = max((f.outcome for f in findings), default=Outcome.PASS)
    return max(outcome, Outcome.REVIEW) if errors else outcome


def mend(text: str, findings: Sequence[Finding]) -> str:
    """Put replacements at their places and approved texts at the end, each once. Pure."""
    position = 0
    pieces: list[str] = []
    masks = sorted((f for f in findings if f.replacement is not None), key=lambda f: f.start)
    for finding in masks:
        if finding.start < position:
            continue
        pieces += (text[position : finding.start], finding.replacement or "")
        position = finding.end
    body = "".join([*pieces, text[position:]])
    added = dict.fromkeys(f.append for f in findings if f.append)
    return "\n".join([body.rstrip("\n"), *added]) if added else body


_WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "可以发送。",
    Outcome.REVISE: "已按批准的文字补正后放行，原文与改后文均已留存。",
    Outcome.RETURN: "请修改标出的内容后重新提交。",
    Outcome.REVIEW: "需要合规人员审核后才能发送。",
    Outcome.BLOCK: "不得发送。",
}


def explain(verdict: Verdict) -> str:
    """The verdict in a few Chinese lines for the adviser: what, where, why, and what to say instead."""
    lines = [_WORDS[verdict.outcome]]
    for number, finding in enumerate(verdict.findings, 1):
        law = f"（依据：{finding.law}）" if finding.law and finding.law != "-" else ""
        lines.append(f"{number}. {finding.reason}{law}")
        if finding.suggestion:
            lines.append(f"   建议：{finding.suggestion}")
    if verdict.errors:
        lines.append("部分检查未能完成，已转交合规人员。")
    return "\n".join(lines)


def _in_order(order: Sequence[str], filters: Sequence[Filter]) -> tuple[tuple[Filter, ...], tuple[str, ...]]:
    """Filters as the pack orders them, others after; a filter the pack names and nobody gave is an error."""
    by_name = {f.name: f for f in filters}
    named = [by_name.pop(name) for name in order if name in by_name]
    given = {f.name for f in filters}
    missing = tuple(f"{name}: this filter is not installed" for name in order if name not in given)
    return (*named, *by_name.values()), missing


def _cleared(text: str, target: Target, outcome: Outcome, audit_id: str | None) -> Cleared | None:
    if audit_id is None or outcome > Outcome.REVISE or target not in DELIVERABLE:
        return None
    return _make_cleared(text, target, audit_id)


def _make_cleared(text: str, target: Target, audit_id: str) -> Cleared:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Cleared(text=text, target=target, sha256=digest, audit_id=audit_id, key=_GATE_KEY)
