from __future__ import annotations

import pytest

from rag.asking import Asks, asks, rank_asked, top_asked
from rag.ranked import list_asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("A和C过去一年差多少", Asks.DIFFERENCE),
        ("规模增加了多少", Asks.DIFFERENCE),
        ("三类份额净资产合计多少", Asks.TOTAL),
        ("A加C利润共多少", Asks.TOTAL),
        ("二季度谁收益高", Asks.COMPARE),
        ("管理费是1.2%对吧", Asks.PREMISE),
        ("托管在工行是吗", Asks.PREMISE),
        ("下个月会涨吗", Asks.FORECAST),
        ("两个加起来多少", Asks.FOLLOW),
    ],
)
def test_kinds_of_questions(question: str, kind: Asks) -> None:
    assert asks(question, kind)


@pytest.mark.parametrize(
    "question", ["管理费是多少", "定投是不是能保证赚钱", "过去一年净值增长率", "基金经理认为转债会涨吗"]
)
def test_a_plain_question_is_no_forecast_and_no_sum(question: str) -> None:
    assert not asks(question, Asks.FORECAST)
    assert not asks(question, Asks.TOTAL)


def test_what_was_bought_most_is_no_holding() -> None:
    assert list_asked("期末最大的重仓股") is not None
    assert list_asked("累计买入金额最大的股票") is None


def test_ranks() -> None:
    assert rank_asked("第一大重仓股 第二大呢") == 2
    assert rank_asked("最大的一只持仓基金") == 1
    assert rank_asked("规模") is None
    assert top_asked("前五大债券") == 5
    assert top_asked("前10大重仓") == 10
