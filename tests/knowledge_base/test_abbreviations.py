from __future__ import annotations

import pytest

from knowledge_base.abbreviations import brand_at, find_abbreviation


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("工银黄金费率", "工银瑞信黄金ETF", "工银黄金"),
        ("中信云岭中短债C类收益", "中信证券云岭中短债", "中信云岭中短债"),
        ("月月岭最大回撤", "云岭资管月月岭30天滚动债", "月月岭"),
        ("南方养老2045的规模", "南方养老目标日期2045三年持有", "南方养老2045"),
        ("云岭健康生活24年末仓位", "云岭健康生活主题", "云岭健康生活"),
        ("云岭健康生活管理费", "云岭健康生活管理精选", "云岭健康生活"),
    ],
)
def test_pieces_in_the_order_of_the_name(text: str, name: str, words: str) -> None:
    span = find_abbreviation(text, name)
    assert span is not None
    assert text[slice(*span)] == words


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("南方养老2035的规模", "南方养老目标日期2045三年持有"),  # another target date
        ("月月岭60天收益", "云岭资管月月岭30天滚动债"),
        ("易方达的基金怎么样", "易方达国证航空ETF"),  # a brand alone
        ("三个月持有期的债券产品", "华安合赢三个月持有债券"),  # words that many share
        ("短债基金的久期", "云岭中短债债券"),
    ],
)
def test_what_names_no_product(text: str, name: str) -> None:
    assert find_abbreviation(text, name) is None


def test_the_longest_brand_wins() -> None:
    assert brand_at("工银瑞信黄金") == "工银瑞信"
    assert brand_at("云岭稳健") == ""
