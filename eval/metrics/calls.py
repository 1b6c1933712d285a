"""Metrics of `tougu eval calls`: whole calls, leads matched by call and intent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eval.metrics.counts import Counts, Part, compare, hits, when
from eval.metrics.summed import ratio


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


def lead_counts(call: ScoredCall) -> Counts:
    """Counts of leads by intent, without neutral ones."""
    gold, predicted = ({lead.intent for lead in leads} for leads in (call.gold, call.predicted))
    return compare(gold - call.neutral, predicted - call.neutral)


@ratio
def lead_precision(call: ScoredCall) -> Part:
    """Precision of leads by call and intent."""
    return lead_counts(call).of_precision


@ratio
def lead_recall(call: ScoredCall) -> Part:
    """Recall of leads by call and intent."""
    return lead_counts(call).of_recall


@ratio
def lead_f1(call: ScoredCall) -> Part:
    """F1 of leads by call and intent."""
    return lead_counts(call).of_f1


def _matched(call: ScoredCall) -> list[tuple[LeadSeen, list[LeadSeen]]]:
    """Gold leads with the predicted leads of the same intent (several where products differ)."""
    by_intent = {g.intent: [p for p in call.predicted if p.intent == g.intent] for g in call.gold}
    return [(g, by_intent[g.intent]) for g in call.gold if by_intent[g.intent] and g.intent not in call.neutral]


@ratio
def evidence_hit(call: ScoredCall) -> Part:
    """Share of matched leads that cite at least one gold turn."""
    return hits([any(g.evidence & p.evidence for p in found) for g, found in _matched(call)])


@ratio
def amount_exact(call: ScoredCall) -> Part:
    """Share of matched leads with a gold amount whose amount is exactly that, in yuan."""
    with_amount = [(g, found) for g, found in _matched(call) if g.amount is not None]
    return hits([any(p.amount == g.amount for p in found) for g, found in with_amount])


@ratio
def case_recall(call: ScoredCall) -> Part:
    """Recall of cases by call and intent."""
    return compare(call.gold_cases, call.cases).of_recall


@ratio
def ticket_recall(call: ScoredCall) -> Part:
    """Recall of tickets by call and intent."""
    return compare(call.gold_tickets, call.tickets).of_recall


def violation_counts(call: ScoredCall) -> Counts:
    """Counts of advisor violations by turn and rule; `missing.*` and `number.*` are not scored."""
    return compare(_scored_rules(call.gold_violations), _scored_rules(call.violations))


def _scored_rules(found: frozenset[tuple[int, str]]) -> frozenset[tuple[int, str]]:
    return frozenset((turn, rule) for turn, rule in found if not rule.startswith(("missing.", "number.")))


@ratio
def violation_precision(call: ScoredCall) -> Part:
    """Precision of advisor violations by turn and rule."""
    return violation_counts(call).of_precision


@ratio
def violation_recall(call: ScoredCall) -> Part:
    """Recall of advisor violations by turn and rule."""
    return violation_counts(call).of_recall


@ratio
def calls_without_lead_clean(call: ScoredCall) -> Part:
    """Share of calls without a gold lead for which none is raised."""
    return when(not call.gold, not ({p.intent for p in call.predicted} - call.neutral))
