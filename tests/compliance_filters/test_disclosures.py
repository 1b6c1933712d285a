"""What must be disclosed: past performance, risk, AI label, advisor; and by whose words."""

from __future__ import annotations

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.disclosures import DisclosureFilter
from compliance_filters.finding import Draft, Target
from compliance_filters.rules.pack import RulePack
from tests.compliance_filters.judged import CLIENT, LOW, Judge, rules


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("该基金2024年净值增长率为5.1%", ["missing.past_performance"]),
        ("您这个债基去年一年挣了3.2，基准是2.7", ["missing.past_performance"]),
        ("该基金单位净值由1.000元升至2.184元", ["missing.past_performance"]),
        ("该基金2023年度跑赢6.4个百分点", ["missing.past_performance"]),
        ("权益类占57.8%，固定收益类35.1%", []),
        ("那份研报没写日期也没署名，我不敢转给您", []),
        ("同类排名23/180", ["missing.past_performance"]),
        ("最大回撤12.3%", []),
        ("公司营业收入增长12%", []),
        ("管理费率每年1.2%", []),
        ("业绩比较基准为沪深300指数收益率×60%+中债指数收益率×40%", []),
        ("该基金2024年净值增长率为5.1%。历史业绩并不预示未来", []),
        ("研报认为渗透率提升", ["missing.source"]),
        ("远山证券2025年3月1日的研报认为渗透率提升", []),
    ],
)
def test_disclosures_to_the_adviser(text: str, missing: list[str], judge: Judge) -> None:
    assert rules(judge, text, "missing") == missing


def test_a_client_is_owed_more_than_an_adviser(judge: Judge) -> None:
    meta = {**CLIENT, "products": [LOW], "channel": "client"}
    text = "建议您考虑云岭稳健债券"
    assert set(rules(judge, text, "missing", **meta)) == {
        "missing.risk_disclosure", "missing.adviser_identity", "missing.ai_label",
    }  # fmt: skip


def test_an_officers_approved_text_replaces_the_packs(pack: RulePack) -> None:
    only = DisclosureFilter(pack, approved={"missing.ai_label": "AI生成，远山证券"}, complaint_phone="95500")
    context = context_from_meta({
        "channel": "client", "adviser_name": "陈立", "adviser_licence": "S0990000000001",
        "products": [LOW], **CLIENT,
    })  # fmt: skip
    found = {f.rule: f.append for f in only.find(Draft(text="推荐云岭稳健债券", target=Target.ANSWER), context)}
    assert found["missing.ai_label"] == "AI生成，远山证券"
    assert found["missing.adviser_identity"] == "投资顾问：陈立，登记编号：S0990000000001。投诉电话：95500。"


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("本纪要由AI根据录音整理，如有出入以录音为准。", True),
        ("本记录由人工智能转写并归纳", True),
        ("AI助手自动整理", True),
        ("AI板块近期横盘整理", False),
        ("本纪要由客户经理整理", False),
    ],
)
def test_the_ai_label_in_other_words(text: str, labelled: bool, judge: Judge) -> None:
    assert ("missing.ai_label" in rules(judge, text, "missing", channel="client")) is not labelled


def test_what_a_person_wrote_needs_no_ai_label(pack: RulePack) -> None:
    draft = Draft(text="您好", target=Target.ADVISOR_MESSAGE, by="u1", generated=False)
    assert DisclosureFilter(pack).find(draft, context_from_meta({"channel": "client"})) == ()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("第一大重仓债券占基金资产净值的6.94%", []),
        ("近三年年化波动率0.42%", []),
        ("近一年收益率8%，管理费率1.2%", ["missing.past_performance"]),
        ("| 区间 | 净值增长率 |\n|---|---|\n| 近一年 | 8.11% |", ["missing.past_performance"]),
        ("机构一致看好明年的科技板块", ["missing.source"]),
        ("收益的三成打我支付宝", []),
        ("您表示账面下跌10%会睡不着觉", []),
        ("如果基金净值下跌5%，您能接受吗", []),
        ("该基金去年净值增长率5.1%，以往的成绩不代表今后", []),
        ("该基金去年涨了7.4%，但以前涨不等于以后还涨", []),
        ("该基金去年赚了三成", ["missing.past_performance"]),
    ],
)
def test_what_asks_for_a_disclosure(text: str, missing: list[str], judge: Judge) -> None:
    assert rules(judge, text, "missing") == missing


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("990005", "债券型-短债", "本产品可能发生亏损（短债）。"),
        ("990003", "债券型", "债券型产品可能发生亏损。"),
        ("990004", "股票型", "产品可能发生亏损。"),
    ],
)
def test_a_disclosure_is_approved_by_product(code: str, kind: str, text: str, pack: RulePack) -> None:
    rule = "missing.risk_disclosure"
    approved = {
        rule: "产品可能发生亏损。", f"{rule}/990005": "本产品可能发生亏损（短债）。",
        f"{rule}/债券型": "债券型产品可能发生亏损。",
    }  # fmt: skip
    product = {"code": code, "name": "云岭稳健", "risk_level": "R2", "type": kind}
    context = context_from_meta({"products": [product], **CLIENT})
    found = DisclosureFilter(pack, approved=approved).find(Draft(text="推荐云岭稳健", target=Target.ANSWER), context)
    assert [f.append for f in found if f.rule == rule] == [text]


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("以上计算由AI完成。", True),
        ("我是AI助手，以上内容自动生成。", True),
        ("本答复由智能投研助手生成。", True),
        ("AI算力板块今天横盘整理。", False),
        ("由AI驱动的需求仍在增长。", False),
    ],
)
def test_the_label_in_other_words(text: str, labelled: bool, judge: Judge) -> None:
    assert rules(judge, text, "missing.ai_label", channel="client") == ([] if labelled else ["missing.ai_label"])
