"""Funds that nobody told us of: found by the shape of their names, and doubted where they are recommended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from compliance_filters.context import case_context
from compliance_filters.finding import Draft, Finding, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.rules.pack import RulePack
from compliance_filters.strangers import stranger_reader
from compliance_filters.suitability import RecommendationReader
from knowledge_base.access import Principal, Role

Judge = Callable[..., list[Finding]]
ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}))
KNOWN = {"code": "990005", "name": "云岭稳健债券A", "risk_level": "R2", "on_shelf": True}
CLIENT = {"client_level": "C3", "client_level_expires": "2027-01-01"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("建议您买入恒渡消费混合", ["恒渡消费混合"]),
        ("推荐您把到期的8万元转入栖岭稳添债券A,放半年", ["栖岭稳添债券A"]),
        ("可以考虑和泽医疗健康混合", ["和泽医疗健康混合"]),
        ("建议定投远岚中证红利指数A", ["远岚中证红利指数A"]),
        ("我推荐您看看青崖红利低波ETF", ["青崖红利低波ETF"]),
        ("推荐中银优秀企业混合，推荐易方达新兴成长", ["中银优秀企业混合", "易方达新兴成长"]),
        ("建议您申购恒岳价值精选", ["恒岳价值精选"]),
        ("推荐申购R2的禾丰短债", ["禾丰短债"]),
        ("不妨关注蓝鲸九号", ["蓝鲸九号"]),
        ("备用金放鹭洲周周盈", ["鹭洲周周盈"]),
        ("推荐前海开源再融资股票", ["前海开源再融资股票"]),
        ("建议您配一些偏股混合基金", []),
        ("可以考虑沪深300指数基金、科创ETF和黄金ETF", []),
        ("建议以三成仓位均衡配置", []),
        ("推荐关注新能源汽车股票", []),
        ("建议您把股票和债券分开看", []),
        ("咱货架上的短债、纯债和货币都可以", []),
        ("三季度资产配置以债券为主", []),
        ("开放日是每月十五号", []),
        ("您闺女转来的这只混合", []),
        ("本月二十八号前申购，下月一号、三月5号也行", []),
        ("建议您买入霁月纯债债券A和云岭货币", ["霁月纯债债券A", "云岭货币"]),
        ("推荐数字货币的都是骗子", []),
    ],
)
def test_what_is_a_name_and_what_is_a_kind(text: str, names: list[str]) -> None:
    assert [text[slice(*span)] for span in stranger_reader()(text)] == names


@pytest.mark.parametrize(
    "text", ["债券", "混合A", "建议您买入云岭成长混合A,", "云岭", "1", "推荐云岭稳健。", "一点成长价值"]
)
def test_names_are_sought_in_bounded_time(text: str) -> None:
    began = time.perf_counter()
    list(stranger_reader()(text * (100_000 // len(text)) + "混合"))
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("meta", [{}, CLIENT, {**CLIENT, "products": [KNOWN]}])
@pytest.mark.parametrize(
    "name", ["恒渡消费混合", "“恒渡消费混合”", "《恒渡消费混合A》", "嘉实事件驱动股票", "恒岳价值精选"]
)
def test_a_recommended_stranger_is_a_doubt(name: str, meta: dict[str, Any], judge: Judge) -> None:
    if name.startswith("“") and "products" in meta:
        pytest.skip("a name in quotation marks beside known products is off the shelf")
    found = [f for f in judge(f"建议您买入{name}，持有一年以上。", **meta) if f.rule == "product.off_shelf"]
    assert [f.outcome for f in found] == [Outcome.REVIEW]
    assert "不认识" in found[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "恒渡消费混合的管理费率是1.2%。",
        "您持有的恒渡消费混合昨天公布了季报。",
        "我们不推荐恒渡消费混合。",
        "推荐云岭稳健债券A，恒渡消费混合波动大一些。",
        "推荐云岭债券。",
        "推荐云岭稳健债A。",
        "推荐云岭稳健债券型证券投资基金。",
        "推荐云岭增利（990005）。",
        "建议您配一些货币基金。",
    ],
)
def test_who_is_only_mentioned_or_known_otherwise_is_none(text: str, judge: Judge) -> None:
    found = judge(text, products=[KNOWN], **CLIENT)
    assert [f.rule for f in found if f.rule.startswith(("product", "suitability"))] == []


def test_a_guess_stands_in_nobodys_place(judge: Judge) -> None:
    """A product that is known and too risky is found as ever beside a name that is not known."""
    risky = {**KNOWN, "risk_level": "R5"}
    for text in ("推荐云岭稳健债券A和恒渡消费混合", "恒渡消费混合不错。云岭稳健债券A更稳。这只可以考虑定投。"):
        assert "suitability.mismatch" in [f.rule for f in judge(text, products=[risky], **CLIENT)]


def test_what_the_caller_declares_and_what_was_spoken_is_not_guessed(judge: Judge, pack: RulePack) -> None:
    text = "建议您买入恒渡消费混合"
    assert [f.rule for f in judge(text, recommends=[]) if f.rule == "product.off_shelf"] == []
    assert [f.rule for f in judge(text, "advisor_speech") if f.rule == "product.off_shelf"] == []
    reader, draft = RecommendationReader(pack), Draft(text=text, target=Target.ANSWER)
    assert [r.guessed for r in reader.strangers(draft, case_context({}))] == [True]
    assert reader.read(draft, case_context({})) == ()


def test_an_officer_decides_on_a_stranger(gate: Gate) -> None:
    draft = Draft(text="建议您买入恒渡消费混合，市场有风险。", target=Target.ADVISOR_MESSAGE)
    verdict = gate.review(draft, case_context({"today": "2026-03-01", **CLIENT}), principal=ADVISOR)
    assert (verdict.outcome, verdict.cleared, verdict.errors) == (Outcome.REVIEW, None, ())
    assert verdict.review_id is not None
