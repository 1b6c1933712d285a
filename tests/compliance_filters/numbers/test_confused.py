"""The right number on the wrong thing: another name, another period, the benchmark's, another sign."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.finding import Finding

PRODUCTS = [{"code": "990001", "name": "云岭沪深300指数增强A", "risk_level": "R3", "inception": "2019-03-05"}]
SOURCES = [
    {
        "n": 1,
        "text": "云岭沪深300指数增强A近一年净值增长率14.05%，同期业绩比较基准收益率11.20%；近三年净值增长率9.88%。"
        "前三大行业：电子36.2%、计算机21.4%、通信13.9%。机构投资者占比62.4%。卫澄自2021年8月12日起任职。",
    }
]


def quotes(judge: Callable[..., list[Finding]], text: str) -> list[str]:
    found = judge(text, sources=SOURCES, products=PRODUCTS, client_level="C3", client_level_expires="2026-05-20")
    return [f.quote for f in found if f.rule == "number.unverified"]


@pytest.mark.parametrize(
    "text",
    [
        "去年它跑赢了基准：近一年净值增长14.05%，同期基准11.20%[1]。",
        "最大的行业是电子36.2%，其次是计算机（21.4%）[1]。",
        "机构占了62.4%，个人占37.6%[1]。",
        "近一年、三年净值分别上涨14.05%和9.88%[1]。",
        "云岭沪深300指数增强A近一年跑赢基准2.85个百分点[1]。",
        "卫澄2021年8月起管理这只基金[1]。",
        "近一年14.05%的涨幅不小[1]。",
        "柜台交易时间9:30—11:30、13:00—15:00。",
        "您的证件2025年9月12日到期。",
    ],
)
def test_said_in_other_words(text: str, judge: Callable[..., list[Finding]]) -> None:
    assert quotes(judge, text) == []


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("最大的行业是电子21.4%，其次是计算机36.2%[1]。", "21.4%"),
        ("近三年净值增长率为14.05%[1]。", "14.05%"),
        ("近一年净值增长11.20%[1]。", "11.20%"),
        ("近一年、三年净值分别上涨9.88%和14.05%[1]。", "9.88%"),
        ("近一年14.05%的跌幅不小[1]。", "14.05%"),
        ("云岭沪深300指数增强A近一年跑输基准2.85个百分点[1]。", "2.85个百分点"),
        ("卫澄2022年8月起管理这只基金[1]。", "2022年8月"),
        ("云岭沪深300指数增强A是R2，与您相配。", "R2"),
        ("您的风险测评2026年3月20日到期。", "2026年3月20日"),
    ],
)
def test_confused_with_another(text: str, quote: str, judge: Callable[..., list[Finding]]) -> None:
    assert quote in quotes(judge, text)


TWO = [
    {"code": "990011", "name": "云岭双利债券", "risk_level": "R3"},
    {"code": "990012", "name": "远山安和债券A", "risk_level": "R2"},
]
REPORTS = [
    {"n": 1, "title": "云岭双利债券2025年年度报告", "text": "2025年度净值增长率4.9%，业绩比较基准收益率2.8%。"},
    {"n": 2, "title": "远山安和债券2025年年度报告", "text": "2025年度A类净值增长率3.1%，业绩比较基准收益率2.8%。"},
    {"n": 3, "title": "云岭双利债券2026年中期报告", "text": "报告期（2026年1月1日至6月30日）净值增长率4.2%。"},
]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("云岭双利债券2025年度净值增长3.1%；远山安和债券A同年净值增长3.1%[1][2]。", True),
        ("云岭双利债券2025年度净值增长4.9%；远山安和债券A同年净值增长3.1%[1][2]。", False),
        ("云岭双利债券2026年前三季度净值上涨4.2%[3]。", True),
        ("云岭双利债券2026年上半年净值上涨4.2%[3]。", False),
    ],
)
def test_a_report_without_the_class_in_its_title_and_part_of_a_year(
    text: str, wrong: bool, judge: Callable[..., list[Finding]]
) -> None:
    found = judge(text, sources=REPORTS, products=TWO, client_level="C3", client_level_expires="2026-12-20")
    assert bool([f for f in found if f.rule == "number.unverified"]) == wrong
