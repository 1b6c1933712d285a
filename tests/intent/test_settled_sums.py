"""Which sum stands in the end: what was refused, corrected, noted, divided, or is somebody or something else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from intent.call import Speaker, Turn
from intent.sums import load_sums

WHO = {"c": Speaker.CLIENT, "a": Speaker.ADVISOR}


def read(
    evidence: Mapping[str, Sequence[int]], lines: Sequence[str], names: Mapping[str, str] | None = None
) -> dict[str, int]:
    turns = [
        Turn(index=at, speaker=WHO[line[0]], start_s=at * 5.0, end_s=at * 5.0 + 4, text=line[2:])
        for at, line in enumerate(lines)
    ]
    found = load_sums().of_wishes(
        evidence, turns, named=lambda text: [intent for word, intent in (names or {}).items() if word in text]
    )
    return {intent: int(meant.amount_cny) for intent, meant in found.items()}


def of(intent: str, evidence: Sequence[int], *lines: str) -> int | None:
    return read({intent: evidence}, lines).get(intent)


@pytest.mark.parametrize(
    ("intent", "evidence", "lines", "amount"),
    [
        (
            "fund.buy",
            (0,),
            ("c:我想买十万的", "a:十万是吧", "c:嗯", "a:好，十万", "c:儿子说十万太多，就买五万", "a:好，五万"),
            50_000,
        ),
        ("fund.redeem", (0, 2), ("c:单子上写预交金十二万", "a:赎十二万？", "c:十二万不够，我要赎二十万"), 200_000),
        (
            "margin.open",
            (0, 2),
            ("c:我想开两融", "a:授信大概三百万", "c:三百用不了，先批一百五吧", "a:一百五十万"),
            1_500_000,
        ),
        ("fund.sip", (0, 2), ("c:我现在一个月定投一万", "a:您想调？", "c:翻一倍，两万", "a:好，两万"), 20_000),
        ("fund.sip", (1, 3), ("a:您一个月定投三千", "c:给我加两千", "a:那就是每月五千", "c:对"), 5_000),
    ],
)
def test_what_was_refused_or_changed_does_not_stand(
    intent: str, evidence: tuple[int, ...], lines: tuple[str, ...], amount: int
) -> None:
    assert of(intent, evidence, *lines) == amount


@pytest.mark.parametrize(
    ("intent", "evidence", "lines", "amount"),
    [
        (
            "wealth.fixed_income",
            (2,),
            ("c:一百零八万要到了", "c:彩礼要十八万八", "c:拿三分之一做稳的", "a:那就是三十六万", "c:对，三十六"),
            360_000,
        ),
        (
            "fund.redeem",
            (2,),
            ("a:市值四十六万", "c:预交金十二万", "c:十二万不够，先拿一半出来", "a:二十三万", "c:对"),
            230_000,
        ),
        ("fund.buy", (1,), ("a:您的存款一共一百万", "c:先拿三成买基金", "a:三十万", "c:对对"), 300_000),
        (
            "cash.repo",
            (2, 7),
            (
                "a:您账户里有七十三万",
                "c:上次卖的",
                "c:那我做逆回购",
                "a:好",
                "c:全做吗",
                "a:看您",
                "a:要留吗",
                "c:留十万，剩下的都做",
            ),
            630_000,
        ),
        ("bond.convertible", (0,), ("c:拿八万买一种，另外十二万买一种，合起来就是二十万都放转债",), 200_000),
        ("churn.transfer_out", (0,), ("c:我要转走，一百二十万", "a:全部吗", "c:留四十在你们这儿吧，转八十"), 800_000),
        ("wealth.fixed_income", (1,), ("a:您那笔到期四十一万", "c:六万我取出来给儿子装修，剩下的找个稳的"), 350_000),
    ],
)
def test_a_part_is_taken_of_the_money_that_is_placed(
    intent: str, evidence: tuple[int, ...], lines: tuple[str, ...], amount: int
) -> None:
    assert of(intent, evidence, *lines) == amount


@pytest.mark.parametrize(
    ("intent", "lines", "amount"),
    [
        (
            "etf.trade",
            ("c:三四个w吧，刚给儿子报了个夏令营一万八", "a:按三个？", "c:四个吧，四个w", "a:好，四万"),
            40_000,
        ),
        ("margin.open", ("c:我先要两百万的额度", "a:好", "c:外面有人打电话给我，说一配五，五百万随便拿"), 2_000_000),
        (
            "advisory.subscribe",
            ("c:我账上有九十万", "a:先跟五十万？", "c:五十多了，三十吧，先跟三十", "a:三十万"),
            300_000,
        ),
        ("wealth.pension", ("c:一年最多一万二", "a:那就存满一万二？", "c:存一半吧", "a:六千", "c:嗯，六千"), 6_000),
    ],
)
def test_what_is_spent_offered_elsewhere_or_only_held_is_not_meant(
    intent: str, lines: tuple[str, ...], amount: int
) -> None:
    assert of(intent, [at for at, line in enumerate(lines) if line[0] == "c"], *lines) == amount


def test_all_of_the_money_comes_while_another_wish_takes_what_is_left_of_it() -> None:
    lines = (
        "c:还掉银行一百三十万，到手一百九，放到你这里来",
        "a:一百九十万，那您怎么打算",
        "c:我留二十万装小房子，剩下的弄点稳当的",
        "a:那就是一百七十万做稳健",
    )
    found = read({"funds.transfer_in": [0], "wealth.fixed_income": [2]}, lines, {"稳": "wealth.fixed_income"})
    assert found == {"funds.transfer_in": 1_900_000, "wealth.fixed_income": 1_700_000}


def test_what_is_kept_from_the_transfer_itself_does_not_come() -> None:
    lines = ("c:三十万到期", "a:都转吗", "c:我得留五万，那五万谁也别动", "a:二十五万", "c:二十五万，我转过来")
    assert of("funds.transfer_in", [0, 4], *lines) == 250_000


def test_of_two_wishes_the_one_with_another_sum_leaves_the_first_to_the_other() -> None:
    lines = (
        "c:养老金一年一万二是吧",
        "a:是的，存满一万二",
        "c:一万二锁得起",
        "c:那我年底把这一万二存进去，另外还想弄一个医药主题的，五千",
        "a:那个波动大",
        "c:清楚，五千块玩玩",
    )
    found = read({"wealth.pension": [0, 2], "fund.buy": [3, 5]}, lines, {"养老金": "wealth.pension"})
    assert found == {"wealth.pension": 12_000, "fund.buy": 5_000}


@pytest.mark.parametrize(
    ("intent", "said", "amount"),
    [
        ("stock.advice", "c:这个电力能不能买，我想再加两万块钱", 20_000),
        ("stock.advice", "c:我十二万进的，现在剩八万九，怎么办", None),
        ("permission.hk", "c:港股通怎么开，我想先买十万块的港股", 100_000),
        ("permission.hk", "c:港股通怎么开，我有七十三万够不够", None),
        ("permission.board", "c:科创板要五十万，我这儿才十几万", None),
    ],
)
def test_a_share_or_a_permission_has_only_a_sum_that_is_to_be_put_in(
    intent: str, said: str, amount: int | None
) -> None:
    assert of(intent, [0], said) == amount
