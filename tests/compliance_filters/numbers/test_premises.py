"""Premises of examples and what the client said need no proof; what is computed from them does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.finding import Finding

SOURCES = [{"n": 1, "text": "管理费率每年1.20%，托管费率每年0.20%。近三年最大回撤12.5%，单位净值1.0436元。"}]


def quotes(judge: Callable[..., list[Finding]], text: str, **meta: object) -> list[str]:
    return [f.quote for f in judge(text, sources=SOURCES, **meta) if f.rule == "number.unverified"]


@pytest.mark.parametrize(
    "text",
    [
        "近三年最大回撤12.5%，若投入10万元，最深时账面会少约1.25万元[1]。",
        "以1万元为例，一年管理费120元[1]。",
        "10万元一年的管理费就是1,200元[1]。",
        "举例：每月1,000元，连投12个月，共投入12,000元。",
        "市场跌10%时，它也会跌。",
        "您上回说最多能接受亏15%，我们按这个来安排。",
        "您表示账面下跌10%会睡不着觉。",
        "您提到手头有80万，其中30万两年后要用，剩下50万可以放久一些。",
        "建议您拿三万元配置这只基金，分三次买。",
        "可以先上一成仓位，观察一个季度再说。",
        "另外推荐您每月定投2000元。",
        "15万里留5万备用，剩下10万分五个月、每月2万慢慢投。",
    ],
)
def test_premises_and_what_follows(text: str, judge: Callable[..., list[Finding]]) -> None:
    facts = [{"name": "到期存款", "value": "150000", "unit": "元"}]
    assert quotes(judge, text, facts=facts) == []


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("近三年最大回撤12.5%，若投入10万元，最深时账面会少约2.15万元[1]。", "2.15万元"),
        ("以1万元为例，一年管理费210元[1]。", "210元"),
        ("10万元一年的管理费就是2,100元[1]。", "2,100元"),
        ("如果碰上近三年最大回撤21.5%那样的行情，您受得了吗[1]。", "21.5%"),
        ("按1.0463元的单位净值计算[1]。", "1.0463元"),
        ("您提到手头有80万，其中30万两年后要用，剩下60万可以放久一些。", "60万"),
        ("建议您看看它近三年最大回撤21.5%的那一段[1]。", "21.5%"),
        ("建议您留意管理费率每年2.10%[1]。", "2.10%"),
        ("您问的这只基金近三年最大回撤是21.5%[1]。", "21.5%"),
    ],
)
def test_what_does_not_follow(text: str, quote: str, judge: Callable[..., list[Finding]]) -> None:
    assert quote in quotes(judge, text)


def test_two_numbers_do_not_prove_each_other(judge: Callable[..., list[Finding]]) -> None:
    facts = [{"name": "持仓成本", "value": "46000", "unit": "元"}]
    assert quotes(judge, "持仓成本46,000元，市值47,518元，浮盈1,518元。", facts=facts) == ["47,518元", "1,518元"]
