"""Numbers are bound by value, unit, sign, period, product and attribute."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.finding import Finding

PRODUCTS = [
    {"code": "990001", "name": "云岭稳健债券", "risk_level": "R2"},
    {"code": "990002", "name": "听松成长混合", "risk_level": "R4"},
]
FACTS = [
    {"name": "2024年净值增长率", "value": "5.13", "unit": "%", "period": "2024", "entity": "990001"},
    {"name": "业绩比较基准收益率", "value": "4.02", "unit": "%", "period": "2024", "entity": "990001"},
    {"name": "2024年净值增长率", "value": "-2.5", "unit": "%", "period": "2024", "entity": "990002"},
    {"name": "期末基金资产净值", "value": "13.5", "unit": "亿元", "entity": "990001"},
    {"name": "最大回撤", "value": "-12.3", "unit": "%", "entity": "990001"},
]
SOURCE = (
    "云岭稳健债券2024年年度报告\n过去一年 净值增长率 5.13% 基准 4.02%\n"
    "期末基金资产净值 1,350,000,000.00 元，持有人 12,345 户"
)


def quotes(judge: Callable[..., list[Finding]], text: str, **meta: object) -> list[str]:
    return [f.quote for f in judge(text, **meta) if f.rule == "number.unverified"]


@pytest.mark.parametrize(
    "text",
    [
        "云岭稳健债券2024年净值增长率为5.13%，同期业绩比较基准收益率为4.02%，跑赢1.11个百分点。",
        "云岭稳健债券2024年净值增长率约5.1%",
        "净值增长率为百分之五点一三",
        "听松成长混合2024年下跌2.5%",
        "云岭稳健债券期末基金资产净值为13.5亿元",
        "期末基金资产净值为135000万元",
        "最大回撤12.3%",
        "1. 云岭稳健债券成立于2019年3月5日，代码990001，跟踪沪深300指数",
        "R2产品，近3年表现如下，第一季度，两只基金",
        "您的手机138****8000",
    ],
)
def test_bound(text: str, judge: Callable[..., list[Finding]]) -> None:
    assert quotes(judge, text, facts=FACTS, products=PRODUCTS) == []


@pytest.mark.parametrize(
    ("text", "quote", "why"),
    [
        ("云岭稳健债券2024年净值增长率为6.13%", "6.13%", "最接近"),
        ("云岭稳健债券2024年净值增长率为4.02%", "4.02%", "对不上"),
        ("听松成长混合2024年净值增长率为5.13%", "5.13%", "对不上"),
        ("听松成长混合2024年上涨2.5%", "2.5%", "正负号"),
        ("云岭稳健债券2023年净值增长率为5.13%", "5.13%", "期间"),
        ("期末基金资产净值为13.5万元", "13.5万元", "最接近"),
        ("净值增长率为5.13个百分点", "5.13个百分点", ""),
        ("净值增长率5.13%，基准4.02%，跑赢1.21个百分点", "1.21个百分点", ""),
        ("同类排名3/120", "3", ""),
        ("净值1.2345元", "1.2345元", ""),
    ],
)
def test_altered(text: str, quote: str, why: str, judge: Callable[..., list[Finding]]) -> None:
    found = [f for f in judge(text, facts=FACTS, products=PRODUCTS) if f.rule == "number.unverified"]
    assert quote in [f.quote for f in found]
    assert why in found[0].reason


def test_only_the_cited_source_counts(judge: Callable[..., list[Finding]]) -> None:
    sources = [{"n": 1, "text": SOURCE}, {"n": 2, "text": "托管费率为0.2%"}]
    assert quotes(judge, "净值增长率为5.13%[1]。托管费率0.2%[2]。", sources=sources) == []
    assert quotes(judge, "净值增长率为5.13%。[2]", sources=sources) == ["5.13%"]
    assert quotes(judge, "净值增长率为5.13%，持有人12345户", sources=sources) == []


def test_without_sources_only_a_generated_text_asks_for_binding(judge: Callable[..., list[Finding]]) -> None:
    assert quotes(judge, "最大回撤12.3%") == []
    assert quotes(judge, "最大回撤12.3%", check_numbers=True) == ["12.3%"]


@pytest.mark.parametrize(
    ("text", "quotes_found"),
    [
        ("云岭稳健债券（990001）成立于2019年3月5日，风险等级R2", []),
        ("云岭稳健债券（990002）", ["990002"]),
        ("云岭稳健债券成立于2018年3月5日", ["2018年3月5日"]),
        ("云岭稳健债券风险等级R3", ["R3"]),
        ("申请须在15:00前提交", []),
        ("申请须在16:00前提交", ["16:00"]),
        ("截至2025年12月31日", []),
        ("权益比例从55%降到60%", ["55%", "60%"]),
    ],
)
def test_dates_levels_and_codes_may_not_contradict(
    text: str, quotes_found: list[str], judge: Callable[..., list[Finding]]
) -> None:
    products = [{**PRODUCTS[0], "inception": "2019-03-05"}, PRODUCTS[1]]
    sources = [{"n": 1, "text": "15:00前提交的申请按当日净值确认。权益比例由60%下调至55%。"}]
    assert quotes(judge, text, products=products, sources=sources) == quotes_found


@pytest.mark.timeout(120)  # what grew with the square of the length would take far longer
def test_a_hundred_thousand_characters_take_bounded_time(judge: Callable[..., list[Finding]]) -> None:
    line = "云岭稳健债券2024年净值增长率为5.13%，同期业绩比较基准收益率为4.02%，期末基金资产净值为13.5亿元。\n"
    assert quotes(judge, line * 2_000, facts=FACTS, products=PRODUCTS) == []
