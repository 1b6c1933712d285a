"""What the audit log keeps of a verdict: by which program, rules and models, of what, in which context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from compliance_filters.audit.bound import WAITS_FOR
from compliance_filters.context import snapshot, to_meta
from compliance_filters.finding import Draft, Outcome, ReviewContext
from compliance_filters.review.item import why_officers
from compliance_filters.rulebook import Judged, Rulebook


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A verdict on its way into the log."""

    draft: Draft
    text: str  # after mends
    outcome: Outcome
    judged: Judged
    context: ReviewContext
    branches: frozenset[str]  # of the one who asked
    left_out: frozenset[str]
    edit_of: str | None  # the review item for which an officer wrote the text


def entry_data(verdict: Recorded, book: Rulebook, keyed_hash: Callable[[str], str]) -> dict[str, Any]:
    """The open part of the entry: never a client's words or id."""
    findings, draft = verdict.judged.findings, verdict.draft
    escalated = sorted({f.rule for f in findings if book.pack.rules[f.rule].escalate})
    incident = any(f.rule == "pii.leak" and f.outcome is Outcome.BLOCK for f in findings)
    officers = None if verdict.edit_of else why_officers(verdict.outcome, bool(escalated))
    return {
        "outcome": verdict.outcome.word, "target": draft.target.value, "by": draft.by,
        "channel": verdict.context.channel, "rule_pack": book.pack.label, "program": program_version(),
        "models": dict(book.models), "errors": list(verdict.judged.errors),
        "left_out": sorted(verdict.left_out), "branches": sorted(verdict.branches), "edit_of": verdict.edit_of,
        "findings": [[f.rule, f.start, f.end, f.outcome.word, f.by] for f in findings],
        "acquitted": [[f.rule, f.start, f.end] for f in verdict.judged.acquitted],
        "escalated": escalated, "incident": incident, WAITS_FOR: officers,
        "text": keyed_hash(draft.text),
        **({"prompt": draft.prompt} if draft.prompt else {}),
    }  # fmt: skip


def entry_payload(verdict: Recorded) -> Mapping[str, Any]:
    """The part under the client's key. Of a doubt the whole context is kept, since it will be judged again."""
    draft, context = verdict.draft, verdict.context
    doubt = {"generated": draft.generated, "context": to_meta(context)} if verdict.outcome is Outcome.REVIEW else None
    return {
        "original": draft.text, "text": verdict.text, "client_id": context.client_id,
        "findings": [[f.rule, f.quote, f.reason] for f in verdict.judged.findings], "context": snapshot(context),
        "review": doubt,
    }  # fmt: skip


@cache
def program_version() -> str:
    """The version of this program; a source tree that nobody installed has none."""
    try:
        return version("tougu")
    except PackageNotFoundError:
        return "unknown"
