"""The language of tag rules: what it answers, until when, and what it says of mistakes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intent.errors import SegmentError
from intent.segments.parse import read_rule
from intent.segments.rules import check_rules, load_rules

DAY = date(2026, 11, 22)


def rule(when: Any) -> Any:
    found, mistakes = read_rule({"id": "t", "zh": "t", "owner": "o", "expires": date(2030, 1, 1), "when": when}, "t")
    assert not mistakes, mistakes
    assert found is not None
    return found.when


def item(**fields: Any) -> dict[str, Any]:
    return {"holding": (), "event": (), "intent": (), **fields}


def event(day: date, kind: str = "login", **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "day": day, "times": 1, "amount_cny": Decimal(0), **fields}


@pytest.mark.parametrize(
    ("ahead", "within"), [(-1, False), (0, True), (30, True), (31, False)], ids=["past", "today", "last", "after"]
)
def test_a_window_to_come_counts_today(ahead: int, within: bool) -> None:
    asked = rule({"some": "event", "within_next": 30, "where": {"field": "kind", "op": "is", "value": "maturity"}})
    assert asked.judge(item(event=(event(DAY + timedelta(days=ahead), "maturity"),)), DAY) is within


@pytest.mark.parametrize(("ago", "within"), [(0, True), (6, True), (7, False), (-1, False)])
def test_the_last_seven_days_are_today_and_six_before(ago: int, within: bool) -> None:
    asked = rule({"some": "event", "within_last": 7})
    assert asked.judge(item(event=(event(DAY - timedelta(days=ago)),)), DAY) is within


def test_what_is_unknown_never_sets_a_tag_not_even_by_not() -> None:
    loss = {"field": "loss_share", "op": ">", "value": 0.2}
    unknown, lost = item(loss_share=None), item(loss_share=Decimal("0.3"))
    assert rule(loss).judge(unknown, DAY) is None
    assert rule({"not": loss}).judge(unknown, DAY) is None
    assert rule({"any": [loss, {"field": "holdings", "op": "=", "value": 0}]}).judge({**unknown, "holdings": 0}, DAY)
    assert (
        rule({"all": [loss, {"field": "holdings", "op": "=", "value": 1}]}).judge({**unknown, "holdings": 0}, DAY)
        is False
    )
    assert rule(loss).judge(lost, DAY) is True
    assert rule({"field": "loss_share", "op": "missing"}).judge(unknown, DAY) is True


def test_counts_add_up_over_days_and_sums_over_amounts() -> None:
    often = rule({"some": "event", "within_last": 7, "at_least": 3})
    assert often.judge(item(event=(event(DAY, times=2), event(DAY - timedelta(days=1)))), DAY) is True
    assert often.judge(item(event=(event(DAY, times=2), event(DAY - timedelta(days=9)))), DAY) is False
    much = rule({"some": "event", "within_last": 30, "sum": {"field": "amount_cny", "op": ">", "value": 100000}})
    parts = (event(DAY, amount_cny=Decimal(60000)), event(DAY, amount_cny=Decimal("40000.01")))
    assert much.judge(item(event=parts), DAY) is True
    assert much.judge(item(event=parts[:1]), DAY) is False


def test_a_holding_of_unknown_price_may_be_the_one() -> None:
    asked = rule({"some": "holding", "where": {"field": "loss_share", "op": ">", "value": 0.2}})
    known, unknown = {"loss_share": Decimal("0.1")}, {"loss_share": None}
    assert asked.judge(item(holding=(known,)), DAY) is False
    assert asked.judge(item(holding=(known, unknown)), DAY) is None
    assert asked.next_day(item(holding=(known,)), DAY) == DAY + timedelta(days=1), "prices come every day"
    assert asked.next_day(item(holding=(unknown,)), DAY) is None


days = st.dates(DAY - timedelta(days=120), DAY + timedelta(days=120))
events = st.builds(
    event,
    days,
    st.sampled_from(["login", "product_view", "deposit", "withdrawal", "maturity"]),
    amount_cny=st.sampled_from([Decimal(0), Decimal(70000)]),
    product_kind=st.sampled_from([None, "债券型", "混合型"]),
)
intents = st.fixed_dictionaries(
    {
        "intent": st.sampled_from(["fund.buy", "churn.transfer_out"]),
        "state": st.sampled_from(["new", "wrong"]),
        "day": days,
    }
)
people = st.fixed_dictionaries(
    {
        "risk_level": st.sampled_from([None, "C3"]),
        "risk_level_expires": st.none() | days,
        "account_state": st.sampled_from(["open", "closed"]),
        "assets_cny": st.sampled_from([None, Decimal(0), Decimal(900000)]),
        "holdings": st.sampled_from([0, 2]),
        "loss_share": st.sampled_from([None]),
        "holding": st.just(()),
        "event": st.lists(events, max_size=6).map(tuple),
        "intent": st.lists(intents, max_size=3).map(tuple),
    }
)


@settings(max_examples=60, deadline=None)
@given(people)
def test_nothing_changes_before_the_next_day(person: dict[str, Any]) -> None:
    for each in load_rules().by_id.values():
        now, until = each.when.judge(person, DAY), each.when.next_day(person, DAY)
        assert until is None or until > DAY
        last = until - timedelta(days=1) if until else DAY + timedelta(days=400)
        for ahead in range(1, (last - DAY).days + 1):
            assert each.when.judge(person, DAY + timedelta(days=ahead)) == now, (each.id, ahead)


def test_the_shipped_rules_have_no_mistake_and_know_the_named_tags() -> None:
    rules, mistakes = check_rules(today=DAY)
    assert mistakes == ()
    named = {rule.zh for rule in rules.by_id.values()}
    assert {"产品30天内到期", "亏损超20%", "近7天看过固收", "测评已过期", "测评30天内到期"} <= named
    assert rules.days_back("event") == 89
    assert rules.days_back("intent") == 89


@pytest.mark.parametrize(
    ("when", "place", "what"),
    [
        ({"field": "risk_levl", "op": "is", "value": "C3"}, "t.when.field", "perhaps you meant risk_level"),
        ({"field": "risk_level", "op": ">", "value": "C3"}, "t.when.op", "cannot be asked of risk_level"),
        ({"field": "risk_level", "op": "in", "value": ["C9"]}, "t.when.value", "never 'C9'"),
        ({"field": "assets_cny", "op": ">", "value": "5"}, "t.when.value", "no number"),
        ({"field": "assets_cny", "op": ">", "value": float("nan")}, "t.when.value", "no finite number"),
        ({"field": "assets_cny", "op": ">", "value": 5, "days": 3}, "t.when", "'days' does not belong"),
        ({"field": "risk_level_expires", "op": "within_next", "days": -1}, "t.when.days", "no number of days"),
        ({"all": []}, "t.when.all", "no parts"),
        ({"any": [{"not": {}}]}, "t.when.any[0].not", "no condition"),
        ({"some": "event"}, "t.when", "the window is not clear"),
        ({"some": "event", "within_last": 7, "at_least": 0}, "t.when.at_least", "no count"),
        ({"some": "cat"}, "t.when.some", "there is no 'cat'"),
        ({"some": "holding", "where": {"some": "holding"}}, "t.when.where", "inside another"),
        ("__import__('os')", "t.when", "no condition"),
    ],
)  # fmt: skip
def test_mistakes_name_place_and_remedy(when: Any, place: str, what: str) -> None:
    found, mistakes = read_rule({"id": "t", "zh": "t", "owner": "o", "expires": DAY, "when": when}, "t")
    assert found is None
    assert mistakes[0].where == place
    assert what in str(mistakes[0])


def test_a_rule_too_large_is_refused() -> None:
    deep: Any = {"field": "holdings", "op": "=", "value": 0}
    for _ in range(20):
        deep = {"not": deep}
    wide = {"any": [{"field": "holdings", "op": "=", "value": n} for n in range(300)]}
    for when in (deep, wide):
        _, mistakes = read_rule({"id": "t", "zh": "t", "owner": "o", "expires": DAY, "when": when}, "t")
        assert "too large" in str(mistakes[0])


def test_own_rules_come_over_those_shipped_and_owner_and_expiry_are_asked(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "tags:\n  - {id: assets_500k, zh: 大客户, owner: 张三, expires: 2027-01-01, "
        "when: {field: assets_cny, op: '>=', value: 800000}}\n",
        "utf-8",
    )
    rules = load_rules(own)
    assert rules.by_id["assets_500k"].zh == "大客户"
    assert "loss_over_20" in rules.by_id
    assert "assets_500k" not in rules.in_force(date(2027, 1, 2))
    _, mistakes = check_rules(own, today=date(2027, 1, 2))
    assert "ended on 2027-01-01" in str(mistakes[0])
    own.write_text("tags:\n  - {id: x, zh: x, when: {field: holdings, op: '=', value: 0}}\n", "utf-8")
    with pytest.raises(SegmentError, match="owner is missing"):
        load_rules(own)
    own.write_text("tags: [", "utf-8")
    with pytest.raises(SegmentError, match="no YAML"):
        load_rules(own)
