"""Identifiers in every writing, whose they are, and what replaces them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Finding, Outcome, Target
from compliance_filters.mend import mend
from compliance_filters.pii.filter import PiiFilter, find_identifiers, mask
from compliance_filters.rules.pack import RulePack

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "pii.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("尾号是5678的那张：4567 8901 2345 6789", "银行卡号", "4567890123456789"),
        ("老李的建行那张4367 4200 1234 5678 901，您核对下", "银行卡号", "4367420012345678901"),
        ("李阿姨说钱打这张：5200 1234 5678 9010", "银行卡号", "5200123456789010"),
        ("信用卡号4000123412341234，是他的", "银行卡号", "4000123412341234"),
        ("何秀兰的身份证我发您：3301 02-1968-0512-1425", "身份证号", "330102196805121425"),
        ("老同志用的还是一代证，320106490815021", "身份证号", "320106490815021"),
        ("身份证11010519491231002X", "身份证号", "11010519491231002X"),
        (
            "证件号码 110105 1949 1231 0021",
            "身份证号",
            "110105194912310021",
        ),  # wrong digit, but presented as one
        ("手机１３８００１３８０００", "手机号", "13800138000"),
        ("电话138-0013-8000", "手机号", "13800138000"),
        ("+86 13800138000", "手机号", "13800138000"),
        ("我的号码是幺三八零零一三八零零零", "手机号", "13800138000"),
        ("她的号码1 3 8 - 0 5 7 1 - 2 2 6 4，也是客户", "手机号", "13805712264"),
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
        "您尾号6789的卡",
        "工行转账流水4000123412341234",
        "编码4000123412341235",
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
        ("查到同名客户两位，其中一位资金账号为880012345678", Outcome.BLOCK),
        ("这不是您的号码吧？系统里另一位蒋国栋登记的是13800138000", Outcome.BLOCK),
        ("客户秦素芬 622 202 100 111 624 5702 今日入金", Outcome.BLOCK),
        ("走访对象吴晓岚，手机13912047856", Outcome.BLOCK),
        ("昨天王先生来过。您的手机13800138000已登记", Outcome.REVISE),
    ],
)
def test_whose_it_is(text: str, outcome: Outcome, judge: Callable[..., list[Finding]]) -> None:
    found = [f for f in judge(text, client_names=["陈立"]) if f.rule == "pii.leak"]
    assert [f.outcome for f in found] == [outcome]
    assert (found[0].replacement is None) == (outcome is Outcome.BLOCK)


@pytest.mark.parametrize("item", CASES, ids=lambda item: item["id"])
def test_case(item: dict[str, Any], pack: RulePack) -> None:
    """Every quote is found and nothing else; the verdict says whose it is; a mend leaves nothing to find."""
    pii, context = PiiFilter(pack), context_from_meta({"today": "2026-03-01"})
    draft = Draft(text=item["text"], target=Target(item["target"]))
    found = pii.find(draft, context)
    assert [f.quote for f in found] == [f["quote"] for f in item["findings"]]
    assert max((f.outcome for f in found), default=Outcome.PASS).word == item["verdict"]
    if item["verdict"] == "revise":
        assert pii.find(Draft(text=mend(draft.text, found), target=draft.target), context) == ()


@pytest.mark.parametrize(
    ("text", "meta", "outcome"),
    [
        ("李女士的手机号是13900005678", {}, Outcome.BLOCK),
        ("李女士的手机号是13900005678", {"client_names": ["李秀英"]}, Outcome.REVISE),
        ("李秀英的手机号是13900005678", {"client_names": ["李秀英"]}, Outcome.REVISE),
        ("李秀英的手机号是13900005678", {"client_names": ["陈立"]}, Outcome.BLOCK),
        ("客户C0003的手机号是13900005678", {"client_id": "C0003"}, Outcome.REVISE),
        ("客户C0007的手机号是13900005678", {"client_id": "C0003"}, Outcome.BLOCK),
        ("李女士，您好。您的手机号是13900005678", {}, Outcome.REVISE),
        ("李女士，您好。王先生的手机号是13900005678", {}, Outcome.BLOCK),
        ("王女士也是我的客户。手机13900005678", {}, Outcome.BLOCK),
        ("手机13900005678", {}, Outcome.REVISE),
        # a surname that no list holds: whoever is named and is not the client is somebody else
        ("禤女士的手机号是13900005678", {"client_names": ["陈立"]}, Outcome.BLOCK),
        ("禤女士的手机号是13900005678", {"client_names": ["禤明远"]}, Outcome.REVISE),
        ("请您联系麴女士，手机13900005678", {"client_names": ["陈立"]}, Outcome.BLOCK),
        ("麴慧兰的手机号是13900005678", {"client_names": ["陈立"]}, Outcome.BLOCK),
        ("麴慧兰的手机号是13900005678", {"client_names": ["麴慧兰"]}, Outcome.REVISE),
        ("麴女士，您好。您的手机号是13900005678", {"client_names": ["麴慧兰"]}, Outcome.REVISE),
        ("预留的手机号是13900005678", {"client_names": ["陈立"]}, Outcome.REVISE),
        ("请确认13900005678是您的手机号", {"client_names": ["陈立"]}, Outcome.REVISE),
        ("尊敬的女士，登记的手机是13900005678", {"client_names": ["陈立"]}, Outcome.REVISE),
    ],
)
def test_whose_by_what_is_known_of_the_client(
    text: str, meta: dict[str, Any], outcome: Outcome, judge: Callable[..., list[Finding]]
) -> None:
    assert [f.outcome for f in judge(text, "advisor_message", **meta) if f.rule == "pii.leak"] == [outcome]


@pytest.mark.parametrize("item", CASES, ids=lambda item: item["id"])
def test_knowing_the_clients_name_makes_nobody_of_nothing(item: dict[str, Any], pack: RulePack) -> None:
    """Of a client whom no case names: whose an identifier is does not turn."""
    pii, draft = PiiFilter(pack), Draft(text=item["text"], target=Target(item["target"]))
    known = context_from_meta({"today": "2026-03-01", "client_names": ["禤明远"]})
    assert [f.outcome for f in pii.find(draft, known)] == [
        f.outcome for f in pii.find(draft, context_from_meta({"today": "2026-03-01"}))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\ud800手机\udfff13800138000", "\u202e手机13800138000\u202c", "手机138\u200b0013\u20608000",
        "٣" * 18, "1" * 50_000, "1 " * 50_000, "一" * 50_000, "路1" * 30_000, "@" * 50_000, "a@" * 30_000,
        "小区" * 30_000, "微信" * 30_000, "0571-8888" * 10_000, "(at)" * 20_000, "身份证" * 30_000,
    ],
    ids=range(15),
)  # fmt: skip
@pytest.mark.timeout(120)  # what grew with the square of the length would take far longer
def test_odd_and_hostile_texts_take_bounded_time(text: str) -> None:
    assert all(0 <= found.start < found.end <= len(text) for found in find_identifiers(text))


@pytest.mark.timeout(120)  # what grew with the square of the length would take far longer
def test_a_megabyte_without_identifiers_is_read_in_bounded_time() -> None:
    text = "云岭稳健债券属于中低风险产品，净值会随市场波动，2024年净值增长率为3.25%，规模1,234,567.89元。\n" * 20_000
    assert find_identifiers(text) == ()
