"""Which sum belongs to a wish: of several in a call, the one that the client would name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intent.call import Speaker, Turn
from intent.sums import load_sums

SUMS = load_sums()


def of(*lines: str, evidence: tuple[int, ...] = (0,), intent: str = "fund.buy") -> Decimal | None:
    who = {"c": Speaker.CLIENT, "a": Speaker.ADVISOR}
    turns = [
        Turn(index=at, speaker=who[line[0]], start_s=at * 5.0, end_s=at * 5.0 + 4, text=line[2:], confidence=1.0)
        for at, line in enumerate(lines)
    ]
    return SUMS.of_wish(intent, evidence, turns)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("c:我亏了两万，想再买五万", 50_000),
        ("c:三十来万，不对，三十三万，都转过去", 330_000),
        ("c:那个八千改成一万二行不行", 12_000),
        ("c:半年的话，三百个可以", 3_000_000),
        ("c:朋友放了八十万，我先放二十万", 200_000),
        ("c:我想买十万块，一百万起的就算了", 100_000),
    ],
)
def test_of_several_sums_the_one_that_is_meant(said: str, amount: int) -> None:
    assert of(said) == Decimal(amount)


@pytest.mark.parametrize(
    "said",
    ["c:佣金万二，代码六零零五一九", "c:我有三百个客户要回访", "c:门槛五十万我知道", "c:一手三千股", "c:什么都没说"],
)
def test_a_number_of_something_else_is_no_sum(said: str) -> None:
    assert of(said) is None


def test_the_client_is_believed_before_the_advisor() -> None:
    assert of("c:我想买点基金", "a:要不放二十万？", "c:先来十万吧") == Decimal(100_000)


def test_an_advisors_figure_stands_where_the_client_only_agrees() -> None:
    assert of("c:我想买点基金", "a:那就先放二十万？", "c:行", evidence=(0, 2)) == Decimal(200_000)


def test_what_is_said_far_away_belongs_to_something_else() -> None:
    far = ["a:嗯。"] * 8
    assert of("c:我想买点基金", *far, "c:车贷还有八万没还") is None


def test_small_sums_count_where_people_save_monthly() -> None:
    assert of("c:一个月定投五百", intent="fund.sip") == Decimal(500)
    assert of("c:一个月五百那种", intent="fund.buy") is None
