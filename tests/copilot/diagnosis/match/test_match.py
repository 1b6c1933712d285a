"""Suggestions: what may never be suggested, what changing costs, and that doubt speaks for doing nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from copilot.diagnosis.analysis import FundAnalysis, FundInput, analyse
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.ledger import Lot
from copilot.diagnosis.errors import RuleFileError
from copilot.diagnosis.findings import Observation, Severity
from copilot.diagnosis.match.advise import Held, advise
from copilot.diagnosis.match.costs import exit_fee, front_load
from copilot.diagnosis.match.policy import load_policy, parse_policy
from copilot.diagnosis.match.shelf import Candidate, Investor
from copilot.diagnosis.match.suggestion import Advice
from copilot.diagnosis.metrics.costs import FeeSchedule, Tier
from knowledge_base.products import Product

TODAY = date(2026, 11, 20)
C3 = Investor(level="C3", level_expires=date(2027, 1, 1))
CHEAP = FeeSchedule(
    management=0.005,
    custody=0.001,
    subscription=(Tier(below=1_000_000, rate=0.012), Tier(below=None, rate=0.0)),
    redemption=(Tier(below=7, rate=0.015), Tier(below=None, rate=0.0)),
)
DEAR = replace(CHEAP, management=0.02)
OLD_LOT = Lot(code="990001", opened=date(2024, 1, 2), units=Decimal(100_000), cost_cny=Decimal(90_000))


def product(code: str, **changes: object) -> Product:
    plain = Product(
        code=code, name=f"样本{code}", kind="混合型-偏股", risk_level="R3", on_sale_from=date(2020, 1, 1),
        risk_source="评级委员会", risk_as_of=date(2026, 7, 1),
    )  # fmt: skip
    return replace(plain, **changes)


def finding(rule: str, code: str, severity: Severity = Severity.WARNING) -> Observation:
    return Observation(
        rule=rule, title=rule, severity=severity, words="。", evidence=(), facts=(), entity=code
    )  # fmt: skip


Analysed = Callable[..., FundAnalysis]


@pytest.fixture
def analysed(make_fund: Callable[..., FundInput], index: IndexSeries) -> Analysed:
    def make(code: str, *, fees: FeeSchedule | None = CHEAP, **nav: object) -> FundAnalysis:
        made = make_fund(code, seed=int(code[-2:]) + 1, **nav)
        return analyse(replace(made, fund_type="混合型-偏股", fees=fees), index)

    return make


class Shop:
    """A shelf, and what was measured of it."""

    def __init__(self, held: Held, candidates: dict[str, Candidate | None], products: list[Product]) -> None:
        self.held, self.candidates, self.products = held, candidates, products

    def advice(self, investor: Investor = C3, *, found: dict[str, tuple[Observation, ...]] | None = None) -> Advice:
        return advise(
            investor,
            [self.held],
            self.products,
            measure=lambda one: self.candidates[one.code],
            judge=lambda analysis: (found or {}).get(analysis.fund.code, ()),
            today=TODAY,
        )


@pytest.fixture
def shop(analysed: Analysed) -> Callable[..., Shop]:
    def make(*, rules: tuple[str, ...] = ("lags_benchmark", "high_fee.equity"), **changes: object) -> Shop:
        """A dear holding that lags, and one cheap alternative; `changes` are made to the alternative."""
        held = Held(
            code="990001", name="样本990001", amount_cny=Decimal("100000.00"), weight=Decimal(30),
            observations=tuple(finding(rule, "990001") for rule in rules), product=product("990001"),
            analysis=analysed("990001", fees=DEAR), lots=(OLD_LOT,), unit_nav=Decimal(1),
        )  # fmt: skip
        other = product("990002", **changes)
        candidate = Candidate(product=other, analysis=analysed("990002"), fees=CHEAP)
        return Shop(held, {"990002": candidate}, [held.product or other, other])

    return make


def test_a_better_product_is_suggested_with_its_costs_and_evidence(shop: Callable[..., Shop]) -> None:
    advice = shop().advice()
    (suggestion,) = advice.suggestions
    assert advice.recommends == ("990002",)
    chosen = suggestion.chosen
    assert chosen is not None
    assert (chosen.code, chosen.exit_cny, chosen.front_cny) == ("990002", Decimal("0.00"), Decimal("1185.77"))
    assert chosen.yearly_fee == Decimal("0.60")
    evidence = chosen.evidence
    assert evidence is not None
    assert (evidence.client_level, evidence.product_level, evidence.checked_on) == ("C3", "R3", TODAY)
    assert (evidence.client_level_expires, evidence.product_level_as_of) == (date(2027, 1, 1), date(2026, 7, 1))
    keep = next(option for option in suggestion.options if option.keeps)
    assert keep.score < chosen.score


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"restricted_reason": "投行项目"}, "在限制清单内"),
        ({"risk_level": "R4"}, "高于客户风险等级"),
        ({"risk_level": None}, "没有风险等级"),
        ({"on_sale_from": None}, "不在销售期"),
        ({"on_sale_to": date(2026, 10, 31)}, "不在销售期"),
        ({"on_sale_from": date(2026, 12, 1)}, "不在销售期"),
        ({"main_code": "990001"}, "与持仓是同一只基金"),
    ],
)
def test_hard_constraints_leave_a_product_out_whatever_its_score(
    shop: Callable[..., Shop], changes: dict[str, object], reason: str
) -> None:
    made = shop(**changes)
    if "main_code" not in changes:
        made.products = made.products[1:]  # the holding itself is on the shelf too, and falls to its own reason
    advice = made.advice()
    assert advice.recommends == ()
    assert advice.counts[reason] >= 1
    assert advice.suggestions[0].chosen is not None
    assert advice.suggestions[0].chosen.keeps


def test_a_sum_below_the_smallest_purchase_buys_nothing(shop: Callable[..., Shop]) -> None:
    assert shop(minimum_cny=Decimal(1_000_000)).advice().recommends == ()


@pytest.mark.parametrize("first", [date(2026, 6, 1), date(2026, 2, 2)])
def test_nothing_is_suggested_on_a_short_record(shop: Callable[..., Shop], analysed: Analysed, first: date) -> None:
    made = shop()
    made.candidates["990002"] = Candidate(
        product=made.products[1], analysis=analysed("990002", first=first), fees=CHEAP
    )
    advice = made.advice()
    assert advice.recommends == ()
    assert advice.counts["记录过短或有缺口"] == 1


def test_nothing_is_suggested_without_a_record_or_in_another_currency(shop: Callable[..., Shop]) -> None:
    made = shop()
    known = made.candidates["990002"]
    assert known is not None
    made.candidates["990002"] = None
    assert made.advice().counts["没有可用的净值"] == 1
    nav = replace(known.analysis.fund.nav, currency="USD")
    foreign = replace(known.analysis, fund=replace(known.analysis.fund, nav=nav))
    made.candidates["990002"] = replace(known, analysis=foreign)
    assert made.advice().counts["以外币计价"] == 1


def test_without_a_valid_level_nothing_is_suggested(shop: Callable[..., Shop]) -> None:
    advice = shop().advice(replace(C3, level=None))
    assert advice.suggestions == ()
    assert "没有有效的风险承受能力等级" in advice.lead[0]


def test_without_a_finding_that_asks_nothing_is_changed(shop: Callable[..., Shop]) -> None:
    advice = shop(rules=("high_volatility",)).advice()
    assert advice.suggestions == ()
    assert "建议维持现有持仓" in advice.lead[0]


def test_a_small_gain_is_not_worth_a_change(shop: Callable[..., Shop]) -> None:
    made = shop(rules=("lags_benchmark",))
    faults = {"990002": tuple(finding(rule, "990002") for rule in ("deep_drawdown", "data_gap"))}
    (suggestion,) = made.advice(found=faults).suggestions
    assert suggestion.chosen is not None
    assert suggestion.chosen.keeps
    assert suggestion.gain is not None
    assert suggestion.gain < suggestion.least_gain
    assert "建议维持不变" in suggestion.lines[1]


def test_what_is_not_known_counts_against_the_change(shop: Callable[..., Shop]) -> None:
    made = shop()
    before = made.advice().suggestions[0].gain
    known = made.candidates["990002"]
    assert known is not None
    made.candidates["990002"] = replace(known, fees=None)
    (suggestion,) = made.advice().suggestions
    option = next(one for one in suggestion.options if not one.keeps)
    assert (option.front_cny, option.yearly_fee) == (None, None)
    assert "申购费未知" in option.sentence
    assert "费用资料不全" in option.reasons
    assert before is not None
    assert suggestion.gain is not None
    assert suggestion.gain < before


def test_what_is_above_the_clients_level_is_never_kept_by_advice(shop: Callable[..., Shop]) -> None:
    made = shop(rules=("above_risk_level",))
    assert made.advice().suggestions[0].changes
    made.products = []
    (suggestion,) = made.advice().suggestions
    assert suggestion.chosen is None
    assert "请与投资顾问面谈" in suggestion.lines[1]


def test_of_a_restricted_holding_nothing_is_said(shop: Callable[..., Shop]) -> None:
    made = shop()
    made.held = replace(made.held, product=product("990001", restricted_reason="投行项目"))
    assert made.advice().suggestions == ()


def test_a_holding_within_its_least_period_is_not_compared(shop: Callable[..., Shop]) -> None:
    made = shop()
    made.held = replace(made.held, lock_months=36)
    (suggestion,) = made.advice().suggestions
    assert suggestion.locked
    assert len(suggestion.options) == 1
    assert "最短持有期尚未届满" in suggestion.lines[1]
    assert "暂不调整，届满前请与投资顾问复查。" in made.advice().brief  # what to do, on page one


def test_a_least_period_longer_than_the_horizon_is_not_suggested(shop: Callable[..., Shop]) -> None:
    made = shop()
    known = made.candidates["990002"]
    assert known is not None
    made.candidates["990002"] = replace(known, lock_months=36)
    assert made.advice(replace(C3, goal="growth", horizon_months=24)).recommends == ()
    assert made.advice(replace(C3, goal="growth", horizon_months=48)).recommends == ("990002",)


def test_a_goal_keeps_other_classes_out(shop: Callable[..., Shop]) -> None:
    assert shop().advice(replace(C3, goal="preservation")).recommends == ()
    assert shop().advice(replace(C3, goal="growth")).recommends == ("990002",)


def test_interest_counts_only_where_it_is_known(shop: Callable[..., Shop]) -> None:
    plain, seen = shop().advice(), shop().advice(replace(C3, viewed=frozenset({"990002"})))
    named = [{point.criterion for point in one.suggestions[0].options[0].points} for one in (plain, seen)]
    assert "interest" not in named[0]
    assert "interest" in named[1]
    assert "客户近期浏览过" in seen.suggestions[0].options[0].reasons


def test_only_the_excess_of_a_concentrated_holding_is_spoken_of(shop: Callable[..., Shop]) -> None:
    made = shop(rules=("concentrated",))
    made.held = replace(made.held, weight=Decimal(80))
    assert made.advice().suggestions[0].amount_cny == Decimal("50000.00")


def test_exit_fees_go_by_the_days_of_each_lot() -> None:
    lots = (
        replace(OLD_LOT, units=Decimal(6_000)),
        replace(OLD_LOT, opened=date(2026, 11, 16), units=Decimal(4_000)),
    )
    unit = Decimal("2.5")
    assert exit_fee(lots, unit, Decimal(15_000), CHEAP, TODAY) == Decimal("0.00")
    assert exit_fee(lots, unit, Decimal(25_000), CHEAP, TODAY) == Decimal("150.00")  # 1.5 % of the young 10,000
    assert exit_fee((), unit, Decimal(25_000), CHEAP, TODAY) is None
    assert exit_fee(lots, unit, Decimal(30_000), CHEAP, TODAY) is None  # more than the lots hold
    assert exit_fee(lots, unit, Decimal(25_000), replace(CHEAP, redemption=()), TODAY) is None
    same = replace(CHEAP, redemption=(Tier(below=None, rate=0.005),))
    assert exit_fee((), unit, Decimal(25_000), same, TODAY) == Decimal("125.00")


def test_the_front_load_is_taken_from_outside() -> None:
    assert front_load(Decimal(10_120), CHEAP) == Decimal("120.00")
    assert front_load(Decimal(2_000_000), CHEAP) == Decimal("0.00")
    assert front_load(Decimal(10_000), None) is None


def test_the_shipped_policy_is_whole_and_a_broken_one_is_refused() -> None:
    assert sum(load_policy().weights.values()) > 0
    for broken in ("{", "version: 1", "weights: {cost: 1}"):
        with pytest.raises(RuleFileError):
            parse_policy(broken)
