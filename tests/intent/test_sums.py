"""Which sum belongs to a wish: of several in a call, the one that the client would name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intent.call import Speaker, Turn
from intent.sums import MeantSum, load_sums

SUMS = load_sums()


def of(*lines: str, evidence: tuple[int, ...] = (0,), intent: str = "fund.buy") -> Decimal | None:
    who = {"c": Speaker.CLIENT, "a": Speaker.ADVISOR}
    turns = [
        Turn(index=at, speaker=who[line[0]], start_s=at * 5.0, end_s=at * 5.0 + 4, text=line[2:], confidence=1.0)
        for at, line in enumerate(lines)
    ]
    return amount(SUMS.of_wishes({intent: evidence}, turns).get(intent))


def amount(meant: MeantSum | None) -> Decimal | None:
    return meant.amount_cny if meant else None


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("c:我亏了两万，想再买五万", 50_000),
        ("c:三十来万，不对，三十三万，都转过去", 330_000),
        ("c:那个八千改成一万二行不行", 12_000),
        ("c:半年的话，三百个可以", 3_000_000),
        ("c:朋友放了八十万，我先放二十万", 200_000),
        ("c:我想买十万块，一百万起的就算了", 100_000),
        ("c:那给我留二十万额度", 200_000),
        ("c:下午卖了六十万股票，钱放两天", 600_000),
        ("c:现在才给我六十万，我想融一百", 1_000_000),
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


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        (("c:到期二十万", "c:给我留一万出来，不要全做"), 190_000),  # the rest where a part is kept
        (("c:三十万里头我还得留五万给他买三金",), 250_000),
        (("c:就那二十万", "c:留一万备用", "a:那就做十九万，留一万", "c:对"), 190_000),
        (("c:定期一百二十个到期", "c:拿一半过去你们那边"), 600_000),
        (("c:我想分三次买，一次五万，低一点买一次",), 150_000),
        (("c:起投多少", "a:一百万起投", "c:先投一百，试一年看"), 1_000_000),
        (("c:提成月底发，够的话打二十个过来",), 200_000),
        (("c:给我留三十万的，剩下那三万我过年花",), 300_000),
    ],
)
def test_a_part_is_reckoned_from_what_was_said_before(lines: tuple[str, ...], amount: int) -> None:
    evidence = tuple(at for at, line in enumerate(lines) if line.startswith("c"))
    assert of(*lines, evidence=evidence) == Decimal(amount)


def test_two_halves_leave_what_is_on_its_way_whole() -> None:
    said = "c:我那九万转到账上，一半做逆回购一半买理财"
    assert of(said, intent="funds.transfer_in") == Decimal(90_000)
    assert of(said, intent="cash.repo") == Decimal(45_000)


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        (("c:我想买点", "a:那先放二十万？", "c:好的"), 200_000),
        (("c:我想买点，五万块够不够", "a:要不放二十万？", "c:不要，太多了"), 50_000),
        (("c:我想买点", "a:要不放二十万？", "c:我先来十万"), 100_000),
    ],
)
def test_the_answer_to_the_advisors_figure_takes_or_refuses_it(lines: tuple[str, ...], amount: int) -> None:
    assert of(*lines, evidence=(0, 2)) == Decimal(amount)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("c:定投从三百给我加到八百吧", 800),
        ("c:每个月扣两千定投", 2000),
        ("c:一个月六千的工资，一个月存点五百", 500),
        ("c:那只沪深三百的定投，一个月五百", 500),
        ("c:五一零三百那只，每周一百", 100),
    ],
)
def test_a_savings_plan_is_about_its_instalment(said: str, amount: int) -> None:
    assert of(said, intent="fund.sip") == Decimal(amount)


def test_another_wish_is_not_about_an_instalment() -> None:
    said = "c:首付还差十八万，基金赎了，以后每个月要还一万二的贷款"
    assert of(said, intent="fund.redeem") == Decimal(180_000)


def test_the_yearly_limit_is_what_goes_into_a_pension_and_nothing_else() -> None:
    assert of("c:养老金那一万二抵税，一年能省一千二", intent="wealth.pension") == Decimal(12_000)
    assert of("c:今天限购一万二，买不进去") is None


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("c:五十万验资验二十天，验就验", "permission.options"),
        ("c:我沪市市值有一万多，能打几个号", "ipo.subscribe"),
        ("c:三百万的门槛我过得到", "wealth.private"),
        ("c:手上十来万刀，搬过来", "wealth.fixed_income"),
        ("c:要开户的有十一个人，一道开了", "wealth.pension"),
        ("c:那只沪深三百的不要了", "fund.sip"),
        ("c:三千六一年，签", "advisory.subscribe"),
        ("c:中证五百的好还是一千的好", "etf.trade"),
        ("c:看病花了四十多万，股票上头的钱我得全拿出来", "churn.transfer_out"),
        ("c:起点是一千还是一万来着", "fund.buy"),
        ("c:我隔壁弄呢，一万块一天几毛钱", "cash.repo"),
    ],
)
def test_what_is_required_or_held_or_counted_is_no_sum(said: str, intent: str) -> None:
    assert of(said, intent=intent) is None


def test_of_two_wishes_in_a_turn_each_has_the_sum_beside_its_name() -> None:
    names = {"养老金": "wealth.pension", "定投": "fund.sip"}

    def named(text: str) -> list[str]:
        return [intent for word, intent in names.items() if word in text]

    text = "养老金存一万二，定投弄八百"
    turn = Turn(index=0, speaker=Speaker.CLIENT, start_s=0.0, end_s=5.0, text=text, confidence=1.0)
    found = SUMS.of_wishes({intent: {0} for intent in names.values()}, [turn], named=named)
    assert {intent: meant.amount_cny for intent, meant in found.items()} == {
        "wealth.pension": Decimal(12_000),
        "fund.sip": Decimal(800),
    }


def test_a_sum_that_is_required_stays_so_where_it_is_repeated() -> None:
    lines = ("a:要日均五十万资产", "c:五十万啊？", "c:还有，账上有四万块放着")
    assert of(*lines, evidence=(2,), intent="cash.repo") == Decimal(40_000)


def test_a_sum_belongs_to_the_wish_that_it_was_named_with() -> None:
    lines = ("c:养老金一年一万二是吧", "c:那把这一万二存进去，另外再弄个五千块的")
    turns = [
        Turn(index=at, speaker=Speaker.CLIENT, start_s=at * 5.0, end_s=at * 5.0 + 4, text=line[2:], confidence=1.0)
        for at, line in enumerate(lines)
    ]
    found = SUMS.of_wishes({"fund.buy": {1}}, turns, named=lambda text: ["wealth.pension"] if "养老金" in text else [])
    assert amount(found.get("fund.buy")) == Decimal(5000)


@pytest.mark.parametrize(
    ("lines", "about"),
    [
        (("c:我想买二十来万",), True),
        (("c:大概二十万左右买基金",), True),
        (("c:买二十万基金",), False),
        (("c:二十来万买基金", "a:那按多少办？", "c:就买二十万吧"), False),
    ],
)
def test_what_is_said_roughly_is_told_as_such(lines: tuple[str, ...], about: bool) -> None:
    who = {"c": Speaker.CLIENT, "a": Speaker.ADVISOR}
    turns = [
        Turn(index=at, speaker=who[line[0]], start_s=at * 5.0, end_s=at * 5.0 + 4, text=line[2:])
        for at, line in enumerate(lines)
    ]
    assert SUMS.of_wishes({"fund.buy": {0}}, turns) == {"fund.buy": MeantSum(amount_cny=Decimal(200_000), about=about)}


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        (("c:买基金二十万", "c:那三十万里头，拿八万出来买"), 80_000),
        (("c:我不想九十万放一块，先拿四十万买基金",), 400_000),
        (("c:先买个六万的基金", "c:户头上那七十万是学费，你别动"), 60_000),
        (("c:先买个六万的基金", "c:剩下那五十万你莫打主意"), 60_000),
    ],
)
def test_what_is_bound_or_only_the_whole_is_not_meant(lines: tuple[str, ...], amount: int) -> None:
    assert of(*lines, evidence=tuple(range(len(lines)))) == Decimal(amount)


def test_money_that_lies_idle_is_what_cash_management_is_about() -> None:
    lines = ("c:存单十二万还要续的", "a:好。", "c:户头里有三万零几百块趴在那", "a:嗯。", "c:那个自动的咋个弄")
    assert of(*lines, evidence=(4,), intent="cash.repo") == Decimal(30_000)
