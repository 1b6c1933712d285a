"""Why a client is on the list of the day: reasons from what the firm knows, each with its proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from copilot.day.rules import DayRules, Kind, ReasonRule
from intent.leads.lead import Lead
from intent.notes.desk import Task
from knowledge_base.client_facts import ClientFacts
from knowledge_base.document import DocumentVersion
from knowledge_base.events import SHANGHAI, event_kinds


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Where a reason can be looked up."""

    call_id: str | None = None
    start_s: float | None = None  # the second of the call at which it was said
    quote: str | None = None
    lead_id: str | None = None
    task_id: str | None = None
    version_id: str | None = None  # of a document


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason to speak to a client today."""

    kind: Kind
    zh: str  # one phrase for the advisor
    points: int
    due: date | None = None  # of a promise, a lead, a questionnaire, a maturity; of other reasons the day it happened
    proof: Proof = Proof()


@dataclass(frozen=True, kw_only=True)
class Maturity:
    """A day on which a client's product ends or may be sold again."""

    product_code: str
    day: date
    why: str  # 到期 | 锁定期满


def promises(tasks: Sequence[Task], rules: DayRules, today: date) -> Iterator[tuple[str, Reason]]:
    """Open promises due today or before, by client id."""
    rule = rules.reasons["promise"]
    for task in tasks:
        if task.client_id is None or task.due_at is None or (due := _day(task.due_at)) > today:
            continue
        first = task.evidence[0] if task.evidence else {}
        proof = Proof(
            call_id=task.call_id, start_s=first.get("start_s"), quote=first.get("quote"), task_id=task.id
        )  # fmt: skip
        words = f"{rule.zh}：{task.what}（{_when(due, today)}）"
        yield (
            task.client_id,
            Reason(kind="promise", zh=words, points=_late(rule, rules, due, today), due=due, proof=proof),
        )


def open_leads(leads: Sequence[Lead], words: Mapping[str, str], rules: DayRules, today: date, now: datetime) -> (
    Iterator[tuple[str, Reason]]
):  # fmt: skip
    """Leads that nobody has followed up, late or due today. words: Chinese names of intents."""
    for lead in leads:
        due = _day(lead.due_at)
        kind: Kind = "lead" if lead.due_at < now else "lead_today"
        if due > today:
            continue
        rule = rules.reasons[kind]
        first = lead.evidence[0] if lead.evidence else {}
        proof = Proof(
            call_id=first.get("call"), start_s=first.get("start_s"), quote=first.get("quote"), lead_id=lead.id
        )  # fmt: skip
        said = f"{rule.zh}：{words.get(lead.intent, lead.intent)}（{_when(due, today)}）"
        yield lead.client_id, Reason(kind=kind, zh=said, points=_late(rule, rules, due, today), due=due, proof=proof)


def of_facts(
    facts: ClientFacts, maturities: Sequence[Maturity], news: Mapping[str, Sequence[DocumentVersion]],
    names: Mapping[str, str], rules: DayRules, today: date,
) -> Iterator[Reason]:  # fmt: skip
    """Reasons from the client's master data, holdings, events and documents. news: new documents by product code."""
    yield from _questionnaire(facts, rules.reasons["questionnaire"], today)
    yield from _maturities(maturities, names, rules.reasons["maturity"], today)
    yield from _cash(facts, rules.reasons["cash"], today)
    yield from _announcements(facts, news, names, rules.reasons["announcement"])


def _questionnaire(facts: ClientFacts, rule: ReasonRule, today: date) -> Iterator[Reason]:
    last = facts.client.risk_level_expires
    if last is None or last > today + timedelta(days=rule.ahead_days):
        return
    words = f"风险测评已于 {last} 过期" if last < today else f"风险测评有效至 {last}"
    yield Reason(kind="questionnaire", zh=words, points=rule.weight, due=last)


def _maturities(found: Sequence[Maturity], names: Mapping[str, str], rule: ReasonRule, today: date) -> Iterator[Reason]:
    for each in found:
        if today <= each.day <= today + timedelta(days=rule.ahead_days):
            words = f"{names.get(each.product_code, each.product_code)} {each.day} {each.why}"
            yield Reason(kind="maturity", zh=words, points=rule.weight, due=each.day)


def _cash(facts: ClientFacts, rule: ReasonRule, today: date) -> Iterator[Reason]:
    for done in facts.event_days:
        recent = today - timedelta(days=rule.past_days) <= done.day <= today
        if recent and done.kind in rule.kinds and done.amount_cny >= rule.amount_cny:
            words = f"{done.day} {event_kinds().get(done.kind, done.kind)} {_yuan(done.amount_cny)}"
            yield Reason(kind="cash", zh=words, points=rule.weight, due=done.day)


def _announcements(
    facts: ClientFacts, news: Mapping[str, Sequence[DocumentVersion]], names: Mapping[str, str], rule: ReasonRule
) -> Iterator[Reason]:
    told: set[str] = set()
    for held in facts.holdings:
        for version in news.get(held.product_code, ()) if held.units > 0 else ():
            if version.id not in told:
                told.add(version.id)
                words = f"持有的{names.get(held.product_code, held.product_code)}：《{version.title}》"
                yield Reason(
                    kind="announcement", zh=words, points=rule.weight, due=version.published_on,
                    proof=Proof(version_id=version.id),
                )  # fmt: skip


def total(reasons: Collection[Reason]) -> int:
    """Points of a client: of each kind the strongest reason."""
    best: dict[str, int] = {}
    for reason in reasons:
        best[reason.kind] = max(best.get(reason.kind, 0), reason.points)
    return sum(best.values())


def _late(rule: ReasonRule, rules: DayRules, due: date, today: date) -> int:
    return rule.weight + rules.per_late_day * min(max((today - due).days, 0), rules.most_late_days)


def _when(due: date, today: date) -> str:
    return "今天" if due == today else f"{due}，逾期 {(today - due).days} 天"


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _yuan(amount: Decimal) -> str:
    return f"{amount / 10_000:,.4f}".rstrip("0").rstrip(".") + " 万元"
