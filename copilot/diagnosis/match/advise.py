"""Suggestions for a client: each holding that a finding asks about, against the shelf and against doing nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import isfinite, nan

from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.data.ledger import Lot
from copilot.diagnosis.findings import Observation
from copilot.diagnosis.match import costs, words
from copilot.diagnosis.match.policy import Policy, load_policy
from copilot.diagnosis.match.score import Scored, Standing, score
from copilot.diagnosis.match.shelf import (
    NO_RECORD,
    SAME_FUND,
    TOO_RISKY,
    Candidate,
    Investor,
    barred,
    snapshot,
    unfitting,
    unproven,
)
from copilot.diagnosis.match.suggestion import Advice, Option, Suggestion
from copilot.diagnosis.metrics.costs import FeeSchedule
from copilot.diagnosis.metrics.holdings import correlation_matrix
from copilot.diagnosis.windows import add_months
from knowledge_base.products import Product

ABOVE_LEVEL = "above_risk_level"
CONCENTRATED = "concentrated"
_OVERLAP_MONTHS = 36
_ORDER = ("serious", "warning", "notice")
Judge = Callable[[FundAnalysis], tuple[Observation, ...]]  # what the rules say of a fund by itself
Measure = Callable[[Product], Candidate | None]  # None: no NAV that can be used


@dataclass(frozen=True, kw_only=True)
class Held:
    """A holding as the match needs it."""

    code: str
    name: str
    amount_cny: Decimal
    weight: Decimal  # per cent of the account
    observations: tuple[Observation, ...]
    product: Product | None = None
    analysis: FundAnalysis | None = None
    lots: tuple[Lot, ...] = ()
    unit_nav: Decimal = Decimal(0)
    lock_months: int | None = None  # least holding period; None = none known

    def locked(self, today: date) -> bool:
        """Whether some of it may not be redeemed yet; doubt about when it was bought counts as locked."""
        if not self.lock_months:
            return False
        return not self.lots or any(add_months(lot.opened, self.lock_months) > today for lot in self.lots)


def no_advice(reason: str) -> Advice:
    """No suggestion, and why."""
    return Advice(lead=(reason,), suggestions=(), closing=(), counts={})


def advise(
    investor: Investor,
    holdings: Sequence[Held],
    shelf: Sequence[Product],
    *,
    measure: Measure,
    judge: Judge,
    today: date,
    policy: Policy | None = None,
) -> Advice:
    """Suggestions for the holdings that findings ask about; `measure` reads a product of the shelf when it may fit."""
    chosen = policy or load_policy()
    if investor.level is None:
        return no_advice("客户没有有效的风险承受能力等级，不作任何产品建议：请先完成风险测评。")
    asked = _asked(holdings, chosen)
    if not asked:
        return no_advice("建议维持现有持仓：没有诊断发现要求调整。")
    desk = _Desk(investor=investor, holdings=holdings, judge=judge, today=today, policy=chosen)
    candidates, counts = desk.candidates(shelf, measure, asked)
    suggestions = tuple(desk.suggest_each(asked, candidates))
    return Advice(
        lead=tuple(words.lead(investor, chosen)),
        suggestions=suggestions,
        closing=tuple(words.closing(counts, suggestions)),
        counts=counts,
    )


def _asked(holdings: Sequence[Held], policy: Policy) -> list[Held]:
    """Holdings with a finding that asks, the weightiest first; nothing is said of what is restricted."""
    open_ones = [one for one in holdings if not (one.product and one.product.restricted)]
    asked = [one for one in open_ones if _asking(one, policy)]
    asked.sort(key=lambda one: (min(_ORDER.index(s.severity.value) for s in _asking(one, policy)), -one.amount_cny))
    return asked[: policy.most_suggestions]


def _asking(held: Held, policy: Policy) -> list[Observation]:
    return [seen for seen in held.observations if seen.rule.partition(".")[0] in policy.asks]


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """Everything that the suggestions for one client share."""

    investor: Investor
    holdings: Sequence[Held]
    judge: Judge
    today: date
    policy: Policy
    _close: dict[str, dict[str, float]] = field(default_factory=dict)  # correlations, found once a fund

    def candidates(
        self, shelf: Sequence[Product], measure: Measure, asked: Sequence[Held]
    ) -> tuple[list[Candidate], dict[str, int]]:
        """Products that pass every constraint that does not depend on the sum; and how many fell to which."""
        wanted = {self._class_of(one) for one in asked if not self._must_go(one)}
        everything = self.investor.goal is not None or any(self._must_go(one) for one in asked)
        counts: Counter[str] = Counter()
        found = []
        for product in shelf:
            reason = self._same_fund(product) or barred(product, self.investor, self.today)
            if reason is None and not (everything or self._kind_class(product) in wanted):
                continue
            candidate = measure(product) if reason is None else None
            if reason is None:
                record = self.policy.least_record_months
                reason = unproven(candidate.analysis, record) if candidate else NO_RECORD
            if reason is None and candidate is not None:
                found.append(candidate)
            else:
                counts[str(reason)] += 1
        return found, {"参与比较": len(found), **dict(sorted(counts.items()))}

    def suggest_each(self, asked: Sequence[Held], candidates: Sequence[Candidate]) -> Iterator[Suggestion]:
        """One after the other: what one holding is to become no other becomes too, or all would end in one product."""
        taken: set[str] = set()
        for held in asked:
            made = self.suggest(held, [one for one in candidates if one.product.code not in taken])
            if made.chosen is not None and made.changes:
                taken.add(made.chosen.code)
            yield made

    def suggest(self, held: Held, candidates: Sequence[Candidate]) -> Suggestion:
        """Keeping and the best alternatives, scored alike."""
        amount = self._amount(held)
        keep = self._keep(held)
        locked = held.locked(self.today)
        fitting = [one for one in candidates if unfitting(one, self.investor, amount) is None]
        compared = [] if locked else self._comparable(held, fitting)
        changes = [self._change(held, one, amount) for one in compared]
        changes.sort(key=lambda option: (-option.score, option.code))
        best = changes[: self.policy.most_options]
        gain = best[0].score - keep.score if best else None
        least = Decimal(str(self.policy.least_gain))
        better = bool(best) and (keep.barred is not None or (gain is not None and gain >= least))
        chosen = best[0] if better else None if keep.barred else keep
        return Suggestion(
            code=held.code,
            name=held.name,
            amount_cny=amount,
            why=tuple(dict.fromkeys(seen.title for seen in _asking(held, self.policy))),
            options=tuple(sorted([keep, *best], key=lambda option: (option is not chosen, -option.score))),
            chosen=chosen,
            gain=gain,
            least_gain=least,
            locked=locked,
        )

    def _keep(self, held: Held) -> Option:
        fees = held.analysis.fund.fees if held.analysis else None
        scored = self._score(held, held.observations, held.analysis, fees, Decimal(0), keeps=held.code)
        above = self._must_go(held)
        reasons = (*scored.reasons, "风险等级不匹配，不作为建议") if above else (*scored.reasons, "不产生转换费用")
        return Option(
            code=held.code,
            name=held.name,
            keeps=True,
            score=scored.score,
            points=scored.points,
            reasons=reasons,
            risk_level=held.product.risk_level if held.product else None,
            exit_cny=Decimal("0.00"),
            front_cny=Decimal("0.00"),
            yearly_fee=costs.yearly_fee(fees),
            barred=TOO_RISKY if above else None,
        )

    def _change(self, held: Held, candidate: Candidate, amount: Decimal) -> Option:
        fees = held.analysis.fund.fees if held.analysis else None
        leaving = costs.exit_fee(held.lots, held.unit_nav, amount, fees, self.today)
        entering = costs.front_load(amount - (leaving or Decimal(0)), candidate.fees)
        whole = leaving + entering if leaving is not None and entering is not None else None
        seen = self.judge(candidate.analysis)
        scored = self._score(held, seen, candidate.analysis, candidate.fees, whole, lock=candidate.lock_months)
        return Option(
            code=candidate.product.code,
            name=candidate.product.name,
            keeps=False,
            score=scored.score,
            points=scored.points,
            reasons=scored.reasons,
            risk_level=candidate.product.risk_level,
            exit_cny=leaving,
            front_cny=entering,
            yearly_fee=costs.yearly_fee(candidate.fees),
            evidence=snapshot(candidate, self.investor, self.today),
        )

    def _score(
        self, held: Held, seen: tuple[Observation, ...], analysis: FundAnalysis | None, fees: FeeSchedule | None,
        change: Decimal | None, *, keeps: str = "", lock: int | None = None,
    ) -> Scored:  # fmt: skip
        yearly = costs.yearly_fee(fees)
        standing = Standing(
            code=keeps or (analysis.fund.code if analysis else ""),
            keeps=bool(keeps),
            kind=analysis.fund.kind.id if analysis else "unknown",
            observations=seen,
            correlation=self._closest(analysis, held) if analysis else nan,
            yearly_fee=nan if yearly is None else float(yearly),
            change_cny=nan if change is None else float(change),
            amount_cny=float(self._amount(held)),
            lock_months=lock,
        )
        return score(standing, self.investor, self.policy)

    def _closest(self, analysis: FundAnalysis, held: Held) -> float:
        """The highest correlation with what else is held; 0 where nothing else is, NaN where none is known."""
        code = analysis.fund.code
        if code not in self._close:
            self._close[code] = _correlations(analysis, [one.analysis for one in self.holdings if one.analysis])
        others = {one.code for one in self.holdings} - {held.code, code}
        found = [value for other, value in self._close[code].items() if other in others]
        return max(found, default=nan) if others else 0.0

    def _amount(self, held: Held) -> Decimal:
        """Of a holding whose only fault is its size, what lies above the line; else all of it."""
        faults = {seen.rule for seen in _asking(held, self.policy)}
        line = Decimal(str(self.policy.concentration_line))
        if faults == {CONCENTRATED} and held.weight > line:
            return (held.amount_cny * (held.weight - line) / held.weight).quantize(costs.PENNY)
        return held.amount_cny

    def _comparable(self, held: Held, candidates: Sequence[Candidate]) -> list[Candidate]:
        """With a goal the classes that serve it, without one the class of the holding; what must go takes any."""
        goal = self.policy.goals.get(self.investor.goal or "")
        classes = {one.product.code: self.policy.class_of(one.analysis.fund.kind.id) for one in candidates}
        if goal:
            serving = [one for one in candidates if goal[classes[one.product.code]] >= self.policy.least_goal_fit]
        else:
            serving = [one for one in candidates if classes[one.product.code] == self._class_of(held)]
        return serving or (list(candidates) if self._must_go(held) else [])

    def _must_go(self, held: Held) -> bool:
        return any(seen.rule == ABOVE_LEVEL for seen in held.observations)

    def _class_of(self, held: Held) -> str:
        return self.policy.class_of(held.analysis.fund.kind.id if held.analysis else "unknown")

    def _kind_class(self, product: Product) -> str:
        from copilot.diagnosis.data.calendars import fund_kind

        return self.policy.class_of(fund_kind(product.kind).id)

    def _same_fund(self, product: Product) -> str | None:
        funds = {one.product.main_code or one.code if one.product else one.code for one in self.holdings}
        return SAME_FUND if (product.main_code or product.code) in funds else None


def _correlations(analysis: FundAnalysis, others: Sequence[FundAnalysis]) -> dict[str, float]:
    """Of daily returns of three years, by code; pairs that share too few days are not there."""
    start = add_months(analysis.fund.nav.last_day, -_OVERLAP_MONTHS)
    row = correlation_matrix([one.returns.between(start) for one in (analysis, *others)])[0][1:].tolist()
    return {one.fund.code: value for one, value in zip(others, row, strict=True) if isfinite(value)}
