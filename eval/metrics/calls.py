"""Metrics of `tougu eval calls`: whole calls, leads matched by call and intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from eval.metrics.counts import Counts, compare, share, total


@dataclass(frozen=True, kw_only=True)
class LeadSeen:
    """A lead of gold or of a prediction."""

    intent: str
    evidence: frozenset[int]
    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ScoredCall:
    """Gold and prediction of one call; intents in `neutral` count neither way."""

    gold: tuple[LeadSeen, ...]
    predicted: tuple[LeadSeen, ...]
    neutral: frozenset[str] = frozenset()
    gold_cases: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    gold_tickets: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()
    gold_violations: frozenset[tuple[int, str]] = frozenset()
    violations: frozenset[tuple[int, str]] = frozenset()


def lead_counts(calls: Sequence[ScoredCall]) -> Counts:
    """Counts of leads by call and intent, without neutral ones."""
    return total(
        compare({g.intent for g in c.gold} - c.neutral, {p.intent for p in c.predicted} - c.neutral) for c in calls
    )


def lead_precision(calls: Sequence[ScoredCall]) -> float | None:
    """Precision of leads."""
    return lead_counts(calls).precision


def lead_recall(calls: Sequence[ScoredCall]) -> float | None:
    """Recall of leads."""
    return lead_counts(calls).recall


def lead_f1(calls: Sequence[ScoredCall]) -> float | None:
    """F1 of leads."""
    return lead_counts(calls).f1


def _matched(call: ScoredCall) -> list[tuple[LeadSeen, list[LeadSeen]]]:
    """Gold leads with the predicted leads of the same intent (several where products differ)."""
    by_intent = {g.intent: [p for p in call.predicted if p.intent == g.intent] for g in call.gold}
    return [(g, by_intent[g.intent]) for g in call.gold if by_intent[g.intent] and g.intent not in call.neutral]


def evidence_hit(calls: Sequence[ScoredCall]) -> float | None:
    """Share of matched leads that cite at least one gold turn."""
    return share([any(g.evidence & p.evidence for p in found) for c in calls for g, found in _matched(c)])


def amount_exact(calls: Sequence[ScoredCall]) -> float | None:
    """Share of matched leads with a gold amount whose amount is exactly that, in yuan."""
    matched = [pair for call in calls for pair in _matched(call)]
    return share([any(p.amount == g.amount for p in found) for g, found in matched if g.amount is not None])


def case_recall(calls: Sequence[ScoredCall]) -> float | None:
    """Recall of cases by call and intent."""
    return total(compare(c.gold_cases, c.cases) for c in calls).recall


def ticket_recall(calls: Sequence[ScoredCall]) -> float | None:
    """Recall of tickets by call and intent."""
    return total(compare(c.gold_tickets, c.tickets) for c in calls).recall


def _scored_rules(found: frozenset[tuple[int, str]]) -> frozenset[tuple[int, str]]:
    return frozenset((turn, rule) for turn, rule in found if not rule.startswith(("missing.", "number.")))


def violation_counts(calls: Sequence[ScoredCall]) -> Counts:
    """Counts of advisor violations by turn and rule; `missing.*` and `number.*` are not scored."""
    return total(compare(_scored_rules(c.gold_violations), _scored_rules(c.violations)) for c in calls)


def violation_precision(calls: Sequence[ScoredCall]) -> float | None:
    """Precision of advisor violations."""
    return violation_counts(calls).precision


def violation_recall(calls: Sequence[ScoredCall]) -> float | None:
    """Recall of advisor violations."""
    return violation_counts(calls).recall


def calls_without_lead_clean(calls: Sequence[ScoredCall]) -> float | None:
    """Share of calls without a gold lead for which none is raised."""
    return share([not ({p.intent for p in c.predicted} - c.neutral) for c in calls if not c.gold])
