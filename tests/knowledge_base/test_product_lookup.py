"""Products by what somebody types while the client waits."""

from __future__ import annotations

import pytest

from knowledge_base.product_lookup import lookup
from knowledge_base.products import KnownName

NAMES = tuple(
    KnownName(name=name, code=code, kind="short", main_code=code)
    for code, name in (
        ("990001", "云岭稳健增利债券A"),
        ("990002", "澄湖成长混合"),
        ("990003", "云岭重庆主题ETF联接"),
        ("519001", "旅行精选"),
    )
)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("990002", "990002"),
        ("519", "519001"),
        ("澄湖", "990002"),
        ("增利", "990001"),
        ("ylwj", "990001"),
        ("YLWJ", "990001"),
        ("chcz", "990002"),
        ("yunlingwenjian", "990001"),
        ("chenghu", "990002"),
        ("chongqing", "990003"),
        ("wjzl", "990001"),
        ("云岭稳健增利债券A", "990001"),
        ("etf", "990003"),
        ("lvxing", "519001"),
    ],
)
def test_the_best_comes_first(typed: str, first: str) -> None:
    assert lookup(typed, NAMES)[0] == first


@pytest.mark.parametrize("typed", ["", "y", "  ", "%_", "完全没有", "zzzz"])
def test_what_means_nothing_finds_nothing(typed: str) -> None:
    assert lookup(typed, NAMES) == ()


def test_several_are_all_told() -> None:
    assert set(lookup("云岭", NAMES)) == {"990001", "990003"}
