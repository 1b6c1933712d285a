"""Shares in questions: by code, name, part, pinyin and sound; beside funds; two that fit."""

from __future__ import annotations

import pytest

from knowledge_base.products import KnownName
from knowledge_base.resolve import resolve
from knowledge_base.share_names import ShareNames

MASTER = ShareNames(
    [
        ("000001.SZ", ["平川银行"]),
        ("690118.SH", ["青岩白酒", "青岩白酒股份有限公司", "青岩酒"]),
        ("690139.SH", ["龙门电池"]),
        ("690151.SZ", ["龙门化工"]),
        ("00700.HK", ["飞燕控股"]),
        ("690777.SZ", ["美的电子"]),
    ]
)
FUNDS = (
    KnownName(name="云岭价值精选", code="990002", kind="short", main_code="990002"),
    KnownName(name="华夏成长", code="000001", kind="short", main_code="000001"),
)


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("青岩白酒的营收", ["690118.SH"]),
        ("690118的净利润", ["690118.SH"]),
        ("SH690118怎么样", ["690118.SH"]),
        ("690118.sh", ["690118.SH"]),
        ("青岩酒的分红", ["690118.SH"]),
        ("青岩的评级", ["690118.SH"]),
        ("qybj目标价", ["690118.SH"]),
        ("qingyanbaijiu", ["690118.SH"]),
        ("青盐白酒的利润", ["690118.SH"]),
        ("00700.HK净利润", ["00700.HK"]),
        ("000001.SZ净利润", ["000001.SZ"]),
        ("白酒板块怎么样", []),
        ("这个完美的方案", []),
        ("规模是690118元", []),
        ("云岭价值精选持有青岩白酒多少", ["990002"]),
        ("哪些基金持有青岩白酒", []),
        ("银行理财安全吗", []),
    ],
)
def test_what_a_question_names(question: str, codes: list[str]) -> None:
    found = resolve(question, FUNDS, shares=MASTER)
    assert [code for match in found.products for code in match.codes] == codes
    assert found.ambiguous == ()


@pytest.mark.parametrize(
    ("question", "codes"),
    [("龙门的利润", {"690139.SH", "690151.SZ"}), ("000001的净利润", {"000001", "000001.SZ"})],
)
def test_two_that_fit_are_both_given(question: str, codes: set[str]) -> None:
    found = resolve(question, FUNDS, shares=MASTER)
    assert found.products == ()
    assert {code for match in found.ambiguous[0] for code in match.codes} == codes


def test_a_share_has_metrics_of_its_own() -> None:
    of_share = resolve("青岩白酒的净利润和评级", FUNDS, shares=MASTER)
    of_fund = resolve("云岭价值精选的净利润和评级", FUNDS, shares=MASTER)
    assert [one.id for one in of_share.metrics] == ["share_net_profit", "share_rating"]
    assert [one.id for one in of_fund.metrics] == ["profit"]
