"""Fees in tiers and managers with their first day, as documents and imports state them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.clients import Clients
from knowledge_base.fact_tiers import _window
from knowledge_base.imports import import_csv
from knowledge_base.products import FeeTier, Products
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM
from tests.knowledge_base.test_facts import facts

SHEET = """---
title: 云岭价值精选混合A产品资料概要
type: fund_profile
codes: ["990002"]
published: 2026-06-30
---
# 云岭价值精选混合A产品资料概要

| 持有期限 | 赎回费率 |
|---|---|
| {first} | {rate} |
| 7日及以上 | 0.00% |

| 申购金额（M） | 申购费率 |
|---|---|
| M＜100万元 | 1.50% |
| 100万元≤M＜500万元 | 1.00% |

| 姓名 | 职务 | 任职日期 | 离任日期 |
|---|---|---|---|
| 程怀谨 | 基金经理 | 2018-06-11 | - |
| 沈砚秋 | 基金经理 | 2015-01-05 | 2018-06-10 |
"""


def tiers(first: str = "7日以内（不含7日）", rate: str = "1.50%") -> dict[tuple[str, str | None], str]:
    found = facts(SHEET.format(first=first, rate=rate), name="a.md")
    return {(fact.attribute, fact.window): str(fact.value) for fact in found if fact.attribute.endswith("ion_fee_rate")}


def test_each_tier_is_a_fact_with_its_bound() -> None:
    assert tiers() == {
        ("redemption_fee_rate", "D<7"): "1.50",
        ("redemption_fee_rate", "D"): "0.00",
        ("subscription_fee_rate", "CNY<1000000"): "1.50",
        ("subscription_fee_rate", "CNY<5000000"): "1.00",
    }


def test_a_table_with_a_row_that_cannot_be_read_gives_none_at_all() -> None:
    for broken in (tiers(first="视情况而定"), tiers(rate="每笔1000元")):
        assert not any(attribute == "redemption_fee_rate" for attribute, _ in broken)


def test_the_manager_in_office_has_a_first_day() -> None:
    found = facts(SHEET.format(first="7日以内", rate="1.50%"), name="a.md")
    told = [(fact.attribute, fact.value_text) for fact in found if fact.attribute in ("fund_manager", "manager_since")]
    assert told == [("fund_manager", "程怀谨"), ("manager_since", "2018-06-11")]


@pytest.mark.parametrize(
    ("words", "bound"),
    [("7日以内（不含7日）", "D<7"), ("7日以内（含7日）", "D<8"), ("N＜7日", "D<7"), ("7日≤持有期限<30日", "D<30"),
     ("30日（含）-180日（不含）", "D<180"), ("Y≥1年", "D"), ("180天以上", "D"), ("不限", "D"), ("随缘", None)],
)  # fmt: skip
def test_bounds_in_the_words_of_prospectuses(words: str, bound: str | None) -> None:
    assert _window(words, "D") == bound


@pytest.fixture
def kb(engine: Engine) -> Engine:
    metadata.create_all(engine)
    return engine


def imported(kb: Engine, folder: Path, kind: str, text: str) -> list[str]:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    return [row.column for row in import_csv(kind, path, engine=kb, principal=SYSTEM).bad]


def test_what_the_match_needs_of_products_is_imported(kb: Engine, tmp_path: Path) -> None:
    head = "code,name,manager_since,size_cny,size_as_of,subscription_fee,redemption_fee,lock_months\n"
    row = "990002,云岭价值,2018-06-11,3091136427.70,2026-09-30,1000000:1.5;:0.3,7:1.5;30:0.75;:0,36\n"
    assert imported(kb, tmp_path, "products", head + row) == []
    product = Products(kb).get("990002", principal=SYSTEM)
    assert product.manager_since == date(2018, 6, 11)
    assert (product.size_cny, product.lock_months) == (Decimal("3091136427.70"), 36)
    assert product.subscription_fee[0] == FeeTier(below=Decimal(1_000_000), percent=Decimal("1.5"))
    assert [tier.below for tier in product.redemption_fee] == [Decimal(7), Decimal(30), None]


@pytest.mark.parametrize("fee", ["1.5", "30:0.75;7:1.5", ":0;7:1.5", "7:-1", "7:15", "7:much"])
def test_tiers_that_make_no_sense_are_bad_rows(kb: Engine, tmp_path: Path, fee: str) -> None:
    text = f"code,name,redemption_fee\n990002,云岭价值,{fee}\n"
    assert imported(kb, tmp_path, "products", text) == ["redemption_fee"]


def test_what_the_match_needs_of_clients_is_imported(kb: Engine, tmp_path: Path) -> None:
    head = "id,name,risk_level,risk_level_as_of,questionnaire_id,goal,horizon_months,liquidity_cny\n"
    assert imported(kb, tmp_path, "clients", head + "C1,谷雨生,C3,2025-11-20,WJ-1,growth,60,20000\n") == []
    client = Clients(kb).get("C1", principal=SYSTEM)
    assert (client.goal, client.horizon_months, client.liquidity_cny) == ("growth", 60, Decimal(20_000))
    assert (client.questionnaire_id, client.risk_level_as_of) == ("WJ-1", date(2025, 11, 20))
    wrong = imported(kb, tmp_path, "clients", head + "C1,谷雨生,C3,,,riches,60个月,-1\n")
    assert wrong == ["goal", "horizon_months", "liquidity_cny"]
