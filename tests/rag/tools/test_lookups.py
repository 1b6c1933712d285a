"""The typed tools on a small knowledge base: values with places, arithmetic from values alone, rights, honest noes."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge_base.access import Principal, Role
from rag.numbers import unsupported
from tests.rag.firm import FRONT, Firm
from tests.rag.tools.box import box


def texts(result: dict[str, Any]) -> list[str]:
    return [one["text"] for one in result["found"]]


def test_a_value_comes_with_its_place_and_a_name(firm: Firm) -> None:
    (fee,) = box(firm).call("facts", {"products": ["云岭稳健混合"], "metrics": ["管理费率"]})["found"]
    assert (fee["text"], fee["value"], fee["amount"]) == ("云岭稳健混合：管理费率为1.20%。", "v1", "1.20")
    for place in fee["places"]:
        assert firm.text(place["version_id"])[place["start"] : place["end"]] == place["quote"]


def test_a_comparison_tells_both_values_and_the_distance(firm: Firm) -> None:
    wanted = {"products": ["云岭稳健混合", "澄湖纯债债券"], "metric": "净值增长率", "period": "2024年"}
    said = texts(box(firm).call("compare", wanted))
    assert len(said) == 3
    assert "4.65%（3.25% - (-1.40%)）" in said[-1]


def test_a_card_is_of_one_product(firm: Firm) -> None:
    mine = box(firm)
    assert any("管理费率" in one for one in texts(mine.call("card", {"product": "990001"})))
    refused = mine.call("card", {"product": "990001的净值增长率"})
    assert (refused["found"], bool(refused["note"])) == ([], True)


@pytest.mark.parametrize(
    ("operation", "values", "shown"),
    [
        ("ratio", ["v1", "v2"], "6.00倍（1.20% ÷ 0.20%）"),
        ("difference", ["v1", "v2"], "1.00%（1.20% - 0.20%）"),
        ("sum", ["v1", "V2"], "1.40%（1.20% + 0.20%）"),
    ],
)
def test_arithmetic_is_of_named_values_and_shown(firm: Firm, operation: str, values: list[str], shown: str) -> None:
    mine = box(firm)
    facts = mine.call("facts", {"products": ["云岭稳健混合"], "metrics": ["管理费率", "托管费率"]})["found"]
    (done,) = mine.call("calculate", {"operation": operation, "values": values})["found"]
    assert shown in done["text"]
    assert not unsupported(done["text"], "".join(one["text"] for one in facts)), "the check of answers can follow it"
    assert {p["quote"] for one in facts for p in one["places"]} == {p["quote"] for p in done["places"]}


def test_a_change_in_per_cent_is_of_amounts(firm: Firm) -> None:
    for year, size in ((2023, "2.00"), (2024, "2.50")):
        firm.put(
            f"nav{year}.md",
            FRONT.format(title=f"松风债券{year}年年度报告", type="fund_annual",
                         more=f"codes: ['990007']\nperiod: '{year}'\nnames: {{'990007': 松风债券}}\n")
            + f"# 松风债券{year}年年度报告\n\n| 期末数据和指标 | {year}年末 |\n|---|---|\n"
            f"| 期末基金份额净值 | {size} |\n",
        )  # fmt: skip
    mine = box(firm)
    for period in ("2023年", "2024年"):
        assert mine.call("facts", {"products": ["松风债券"], "metrics": ["期末份额净值"], "period": period})["found"]
    (done,) = mine.call("calculate", {"operation": "percent_change", "values": ["v1", "v2"]})["found"]
    assert "增长25.00%（(2.50 - 2.00) ÷ 2.00）" in done["text"].replace("元", "")
    assert not unsupported(done["text"], "2023年2.00元2024年2.50元")
    growth = mine.call("facts", {"products": ["云岭稳健混合"], "metrics": ["净值增长率"], "period": "2024年"})["found"]
    assert [one["value"] for one in growth] == ["v3"]
    again = mine.call("calculate", {"operation": "percent_change", "values": ["v3", "v3"]})
    assert (again["found"], "difference" in again["note"]) == ([], True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"operation": "sum", "values": ["v1", "v3"]}, "不能相加"),
        ({"operation": "ratio", "values": ["v1", "v9"]}, "没有编号为v9"),
        ({"operation": "ratio", "values": ["v1", "v2", "v3"]}, "两个"),
    ],
)
def test_what_does_not_fit_together_is_not_computed(firm: Firm, arguments: dict[str, Any], reason: str) -> None:
    mine = box(firm)
    mine.call("facts", {"products": ["云岭稳健混合"], "metrics": ["管理费率", "托管费率"]})
    mine.call("facts", {"products": ["云岭稳健混合"], "metrics": ["净值增长率"], "period": "2024年"})
    told = mine.call("calculate", arguments)
    assert told["found"] == []
    assert reason in told["note"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("calculate", {"operation": "sum", "values": ["1.20", "0.20"]}),
        ("calculate", {"operation": "__import__('os')", "values": ["v1", "v2"]}),
        ("facts", {"products": ["云岭稳健混合"], "metrics": ["管理费率"], "client_id": "C2"}),
        ("search", {"query": "费率", "k": 500}),
    ],
)
def test_other_arguments_are_refused(firm: Firm, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        box(firm).call(name, arguments)


def test_two_callers_find_what_each_may(firm: Firm) -> None:
    insider = Principal(user_id="A2", roles=frozenset({Role.ADVISOR}), labels=frozenset({"research"}))
    wanted = {"query": "换手率目标"}
    assert "45%" in repr(box(firm, insider).call("search", wanted))
    assert "45%" not in repr(box(firm).call("search", wanted))


def test_what_is_not_known_is_said(firm: Firm) -> None:
    told = box(firm).call("facts", {"products": ["火星先锋混合基金"], "metrics": ["管理费率"]})
    assert told["found"] == []
    assert "火星先锋" in told["note"]
    late = box(firm).call("facts", {"products": ["云岭稳健混合"], "metrics": ["净值增长率"], "period": "2019年"})
    assert "2024年" in late["note"]
