"""People, texts and a doubt for tests of the review queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.tables import compliance_review
from knowledge_base.access import Principal, Role

ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}))
SUPERVISOR = Principal(user_id="s1", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({"B1"}))
SYSTEM = Principal(user_id="operator", roles=frozenset({Role.SYSTEM}))
ANNA, BEN, CHEN = (Principal(user_id=name, roles=frozenset({Role.COMPLIANCE})) for name in ("anna", "ben", "chen"))
PLAIN = ReviewContext(today=date(2026, 3, 1))
BLOCKED = "放心，稳赚不赔。"
INSIDER = "我有内部消息，下周要发重组公告你先买。"

MakeGate = Callable[..., Gate]


class Doubtful:
    """Suspects one word, as the semantic model does, so that texts with it wait for an officer."""

    name = "doubtful"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        at = draft.text.find("疑")
        if at < 0:
            return ()
        return (
            Finding(
                rule="disparagement", start=at, end=at + 1, quote="疑", outcome=Outcome.REVIEW, reason="像是贬低。"
            ),
        )


def ask(gate: Gate, text: str = "这句有疑。", context: ReviewContext = PLAIN, by: Principal = ADVISOR) -> str:
    """Put a doubtful text before the officers; the item's id."""
    verdict = gate.review(Draft(text=text, target=Target.ANSWER), context, principal=by)
    assert verdict.outcome is Outcome.REVIEW
    with queue_of(gate).engine.connect() as connection:
        query = select(compliance_review.c.id).where(compliance_review.c.audit_id == verdict.audit_id)
        return str(connection.execute(query).scalar_one())


def queue_of(gate: Gate) -> ReviewQueue:
    return gate._officers_queue
