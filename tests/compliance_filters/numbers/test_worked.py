"""Sums in brackets: right ones prove their result and their terms, wrong ones are found."""

from __future__ import annotations

import re

import pytest

from compliance_filters.numbers.worked import sums


@pytest.mark.parametrize(
    "text",
    [
        "半年增加3.1亿元（21.7－18.6）",
        "约剩67,300元（100,000×（1－32.7%））",
        "相当于期初的16.7%（3.1÷18.6）",
        "债券价格大约下跌1.05%（2.1×0.50%）",
        "8月为49.4%（49.8%－0.4个百分点）",
        "浮盈2,600元（（1.315－1.250）×40,000）",
        "佣金20元(80,000×0.025%)",
    ],
)
def test_a_sum_gives_the_number_before_it(text: str) -> None:
    (found,) = sums(text)
    shown = re.search(r"[\d.,%]+[亿元]*$", text[: found.start])
    assert shown is not None
    assert found.gives(shown.group())


def test_a_wrong_result_is_not_given() -> None:
    (found,) = sums("赎回费约15,000元（250,000×0.60%）")
    assert not found.gives("15,000元")
    assert found.gives("1,500元")


@pytest.mark.parametrize(
    "text",
    [
        "（2021-2023）",
        "（400-888-0199）",
        "（12/345）",
        "（R2）",
        "（3.1亿元）",
        "（见2×招募说明书）",
        "((((",
        "（1÷0＋2）",
        "",
    ],
)
def test_what_is_no_sum(text: str) -> None:
    assert list(sums(text)) == []
