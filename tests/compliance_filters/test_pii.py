"""Identifiers in every writing, whose they are, and what replaces them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance_filters.finding import Finding, Outcome
from compliance_filters.pii import find_identifiers, mask
from compliance_filters.pseudonyms import Pseudonyms


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("身份证11010519491231002X", "身份证号", "11010519491231002X"),
        (
            "证件号码 110105 1949 1231 0021",
            "身份证号",
            "110105194912310021",
        ),  # wrong digit, but presented as one
        ("手机１３８００１３８０００", "手机号", "13800138000"),
        ("电话138-0013-8000", "手机号", "13800138000"),
        ("+86 13800138000", "手机号", "+8613800138000"),
        ("我的号码是幺三八零零一三八零零零", "手机号", "13800138000"),
        ("一三八，零零一三，八零零零", "手机号", "13800138000"),
        ("卡号6222 0210 0111 6245 702", "银行卡号", "6222021001116245702"),
        ("转到4111111111111111", "银行卡号", "4111111111111111"),
        ("股东账号：A123456789", "证券账户", "A123456789"),
        ("资金账号是 880012345678", "证券账户", "880012345678"),
        ("邮箱zhang.wei@yuanshan.example", "邮箱", "zhang.wei@yuanshan.example"),
        ("他家住海州市东湖区望江路12号3栋502室", "住址", "海州市东湖区望江路12号3栋502室"),
        ("13800\u200b138000", "手机号", "13800138000"),
    ],
)
def test_found(text: str, kind: str, value: str) -> None:
    found = find_identifiers(text)
    assert [(i.kind, i.value) for i in found] == [(kind, value)]
    assert find_identifiers(mask(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "基金代码000001，净值1.2345，2024年12月31日",
        "期末份额13800138000.00份",
        "规模1380013800012345元",
        "订单号6222021001116245702",
        "手机138****8000",
        "营业部地址：海州市东湖路8号",
        "客服95500，邮箱service@yuanshan.example",
        "登记编号S0990000000001",
        "20241231123456",
    ],
)
def test_not_found(text: str) -> None:
    assert find_identifiers(text) == ()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("您的手机13800138000已登记", Outcome.REVISE),
        ("陈立先生，您预留的手机是13800138000", Outcome.REVISE),
        ("他的手机13800138000", Outcome.BLOCK),
        ("王女士的卡号是6222021001116245702", Outcome.BLOCK),
        ("另一位客户的身份证是11010519491231002X", Outcome.BLOCK),
        ("您问的李总，他的手机是13800138000", Outcome.BLOCK),
        ("昨天王先生来过。您的手机13800138000已登记", Outcome.REVISE),
    ],
)
def test_whose_it_is(text: str, outcome: Outcome, judge: Callable[..., list[Finding]]) -> None:
    found = [f for f in judge(text, client_names=["陈立"]) if f.rule == "pii.leak"]
    assert [f.outcome for f in found] == [outcome]
    assert (found[0].replacement is None) == (outcome is Outcome.BLOCK)


def test_pseudonyms_go_and_come_back() -> None:
    text = "王小明的手机13800138000，王小明的邮箱a.b@yuanshan.example"
    hidden, tokens = Pseudonyms(["王小明"]).hide(text)
    assert hidden == "〔客户1〕的手机〔手机1〕，〔客户1〕的邮箱〔邮箱1〕"
    assert Pseudonyms().restore(hidden, tokens) == text


def test_a_token_that_stands_in_the_text_is_not_reused() -> None:
    hidden, tokens = Pseudonyms().hide("〔手机1〕和13800138000")
    assert tokens == {"〔手机2〕": "13800138000"}
    assert hidden == "〔手机1〕和〔手机2〕"


@pytest.mark.parametrize("draft", ["没有记号了", "〔手机1〕和〔手机2〕", "〔手机1〕〔客户9〕"])
def test_lost_and_invented_tokens_fail(draft: str) -> None:
    with pytest.raises(ValueError, match=r"lost|unknown"):
        Pseudonyms().restore(draft, {"〔手机1〕": "13800138000"})
