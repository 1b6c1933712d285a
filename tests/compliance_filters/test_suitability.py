"""Suitability, shelf and restricted list: judged from metadata."""

from __future__ import annotations

from typing import Any

import pytest

from compliance_filters.context import case_context, context_from_meta
from compliance_filters.finding import Draft, Outcome, Target
from compliance_filters.rules.pack import RulePack
from compliance_filters.suitability import RecommendationReader
from tests.compliance_filters.judged import CLIENT, HIGH, LOW, Judge, rules


@pytest.mark.parametrize("client", ["C1", "C2", "C3", "C4", "C5"])
@pytest.mark.parametrize("product", ["R1", "R2", "R3", "R4", "R5"])
def test_the_matrix(client: str, product: str, judge: Judge) -> None:
    meta = {**CLIENT, "client_level": client, "products": [{**LOW, "risk_level": product}]}
    broken = rules(judge, "建议您买入云岭稳健债券", "suitability", **meta)
    assert broken == (["suitability.mismatch"] if product[1] > client[1] else [])


@pytest.mark.parametrize(
    "change", [{"client_level": None}, {"client_level_expires": "2026-02-28"}, {"client_level_expires": None}]
)
def test_unknown_blocks_a_recommendation_and_lets_information_pass(change: dict[str, Any], judge: Judge) -> None:
    meta = {**CLIENT, **change, "products": [LOW]}
    assert rules(judge, "推荐云岭稳健债券", "suitability", **meta) == ["suitability.unknown"]
    assert rules(judge, "云岭稳健债券的托管人是远山银行", "suitability", **meta) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("相比澄湖成长股票，云岭稳健债券更适合您", ["990005"]),
        ("推荐云岭稳健债券，不推荐澄湖成长股票", ["990005"]),
        ("澄湖成长股票近期公布了年报。这只可以考虑定投。", ["990003"]),
        ("您持有澄湖成长股票。今天天气不错。", []),
        ("您是想买入澄湖成长股票吗？", []),
        ("基金经理在本期加仓了制造业，澄湖成长股票仓位上升", []),
        ("您去年买入的澄湖成长股票已分红", []),
        ("澄湖成长股票是偏股基金。我的建议是在现有基础上再加两万", ["990003"]),
        ("澄湖成长股票是偏股基金。我的建议是再看一季", []),
        ("建议您用每月结余的一部分定投云岭稳健债券", ["990005"]),
        ("我的建议是买“竹溪医疗健康混合”，先上一成仓位", ["竹溪医疗健康混合"]),
        ("“竹溪医疗健康混合”不在我司代销，我不能推荐", []),
        ("澄湖成长股票高出一级，系2023年等级为C4时买入，现占持仓的一成", []),
        ("现在正是低位，建议此时买入澄湖成长股票", ["990003"]),
        ("外面有只“鹭洲周周盈”，咱们公司没代销，我劝您去那家银行买一点", ["鹭洲周周盈"]),
        ("外面那只“鹭洲周周盈”我们公司没代销，我劝您别买", []),
        ("您问的“鹭洲周周盈”，我们公司没有代销，说明书写着每周开放", []),
        ("9 9 0 0 0 3先不看，990005可以定投", ["990005"]),
        ("建议您用不超过一成的资金买入澄湖成长股票，分三次进入", ["990003"]),
        ("结合您的安排，建议您拿不高于两成的钱申购澄湖成长股票", ["990003"]),
        ("方案：其中三万元申购澄湖成长股票（990003），以分散风险", ["990003"]),
        ("不妨换成澄湖成长股票，弹性更大", ["990003"]),
        ("可以把定存到期的钱不超过一成转入澄湖成长股票", ["990003"]),
        ("不建议您用超过一成的资金买入澄湖成长股票", []),
        ("您问能不能用不超过一成的资金买入澄湖成长股票：不能，超出您的等级", []),
        ("澄湖成长股票单日申购不超过1万元", []),
        ("不妨换成货币基金，澄湖成长股票的波动太大", []),
        ("建议您不要买入澄湖成长股票", []),
        ("手里债太多了，建议您转20万到澄湖成长股票，配置上能均衡一些", ["990003"]),
        ("您那50万到期资金，要不就放到澄湖成长股票里，比放活期有意思", ["990003"]),
        ("干脆把这笔钱都挪进澄湖成长股票", ["990003"]),
        ("建议您别把钱转到澄湖成长股票", []),
        ("您问钱怎么转到澄湖成长股票：在App里点转换", []),
    ],
)
def test_recommended_and_not_merely_mentioned(text: str, codes: list[str], pack: RulePack) -> None:
    context = context_from_meta({"products": [LOW, HIGH]})
    read = RecommendationReader(pack).read(Draft(text=text, target=Target.ANSWER), context)
    assert [item.code for item in read] == codes


def test_a_word_of_a_funds_name_hides_no_recommendation(pack: RulePack) -> None:
    fund = {**HIGH, "name": "澄湖优选混合"}
    for text, codes in (("还是推荐你把澄湖优选混合买上一些", [HIGH["code"]]), ("澄湖优选混合三季度调仓", [])):
        read = RecommendationReader(pack).read(
            Draft(text=text, target=Target.ANSWER), context_from_meta({"products": [fund]})
        )
        assert [item.code for item in read] == codes


def test_declared_recommendations_hold(judge: Judge) -> None:
    meta = {**CLIENT, "products": [HIGH]}
    assert rules(judge, "见附表", "suitability", recommends=["990003"], **meta) == ["suitability.mismatch"]
    assert rules(judge, "建议您买入澄湖成长股票", "suitability", recommends=[], **meta) == []


def test_shelf_and_restricted_list(judge: Judge) -> None:
    text = "建议您买入云岭稳健债券"
    assert rules(judge, text, "product", products=[{**LOW, "on_shelf": None}], **CLIENT) == ["product.off_shelf"]
    assert rules(judge, text, "product", products=[{**LOW, "restricted": True}], **CLIENT) == ["product.restricted"]
    assert rules(judge, "建议您买入990077", "product", products=[LOW], **CLIENT) == ["product.off_shelf"]
    unknown = [f for f in judge("建议您买入990077") if f.rule == "product.off_shelf"]
    assert [f.outcome for f in unknown] == [Outcome.REVIEW]


def test_a_shelf_that_nobody_told_of_is_no_shelf(judge: Judge) -> None:
    text, told = "建议您买入云岭稳健债券", {name: value for name, value in LOW.items() if name != "on_shelf"}
    assert rules(judge, text, "product", products=[told], **CLIENT) == ["product.off_shelf"]
    assert rules(judge, text, "product", products=[told], shelf_kept=True, **CLIENT) == ["product.off_shelf"]
    assert rules(judge, text, "product", products=[told], shelf_kept=False, **CLIENT) == []
    for unsold in (False, None):
        products = [{**told, "on_shelf": unsold}]
        assert rules(judge, text, "product", products=products, shelf_kept=False, **CLIENT) == ["product.off_shelf"]


def test_a_case_tells_of_the_shelf_only_where_it_is_about_it() -> None:
    sold = [case_context({"products": [{"code": "990005", **told}]}).products[0].on_shelf
            for told in ({}, {"on_shelf": None}, {"on_shelf": False})]  # fmt: skip
    assert sold == [True, None, False]


PROOF = {
    "document_id": "doc-7", "sha256": "a" * 64, "signed_at": "2026-02-11T09:30:00+08:00", "product": "990003",
    "recording_id": "rec-7", "client_level": "C3", "risk_level": "R4",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "level", "broken"),
    [
        ({}, "C3", []),
        ({"client_level": "C1"}, "C1", ["suitability.mismatch"]),
        ({"sha256": "abc"}, "C3", ["suitability.mismatch"]),
        ({"recording_id": ""}, "C3", ["suitability.mismatch"]),
        ({"product": "990005"}, "C3", ["suitability.mismatch"]),
        ({"signed_at": "2026-03-02T09:30:00+08:00"}, "C3", ["suitability.mismatch"]),
        ({"client_level": "C2"}, "C3", ["suitability.mismatch"]),
        ({"risk_level": "R3"}, "C3", ["suitability.mismatch"]),
    ],
)
def test_insistence_is_evidence_and_never_lifts_the_lowest_class(
    change: dict[str, str], level: str, broken: list[str], judge: Judge
) -> None:
    meta = {**CLIENT, "client_level": level, "products": [HIGH], "insistence": [{**PROOF, **change}]}
    assert rules(judge, "建议您买入澄湖成长股票", "suitability", **meta) == broken


def test_the_restricted_list_holds_for_what_is_no_product_here(judge: Judge) -> None:
    meta = {**CLIENT, "products": [LOW], "restricted": [{"code": "690205", "name": "澄江水电"}]}
    assert rules(judge, "建议您买入690205", "product", **meta) == ["product.restricted"]
    assert rules(judge, "澄江水电可以加仓", "product", "suitability", **meta) == ["product.restricted"]
    assert rules(judge, "澄江水电昨日发布年报", "product", **meta) == []


def test_of_an_exchange_only_the_new_product_is_recommended(judge: Judge) -> None:
    meta = {**CLIENT, "products": [LOW, HIGH]}
    assert rules(judge, "建议您把澄湖成长股票换成云岭稳健债券", "suitability", **meta) == []
    assert rules(judge, "建议您把云岭稳健债券换成澄湖成长股票", "suitability", **meta) == ["suitability.mismatch"]


def test_a_source_takes_a_product_off_the_shelf(judge: Judge) -> None:
    gone = {"n": 1, "text": "自7月1日起，公司终止代销云岭稳健债券A/C（990005/990006），不再列入代销货架。"}
    other = {"n": 1, "text": "自7月1日起，公司终止代销听松成长混合（990009）。"}
    meta = {**CLIENT, "products": [LOW]}
    assert rules(judge, "推荐云岭稳健债券", "product", sources=[gone], **meta) == ["product.off_shelf"]
    assert rules(judge, "推荐云岭稳健债券", "product", sources=[other], **meta) == []
    moved = {"n": 1, "text": "自11月3日起，云岭稳健债券A（990005）移出本公司代销目录，停止申购及定投。"}
    assert rules(judge, "推荐云岭稳健债券", "product", sources=[moved], **meta) == ["product.off_shelf"]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("我建议您先申购一部分澄湖的这只", ["suitability.mismatch"]),
        ("没关系，这只您可以配一点", ["suitability.mismatch"]),
        ("备用金还可以放澄湖成长股票", ["suitability.mismatch"]),
        ("我建议您先读一读澄湖的合同", []),
    ],
)
def test_the_one_product_is_meant_by_a_pronoun_or_its_house(text: str, broken: list[str], judge: Judge) -> None:
    assert rules(judge, text, "suitability", **CLIENT, products=[HIGH]) == broken
