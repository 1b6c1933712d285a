from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.products import KnownName, ResolvedQuestion
from knowledge_base.resolve import resolve

NAMES = (
    KnownName(name="云岭健康生活主题灵活配置混合型证券投资基金", code="990001", kind="full", main_code="990001"),
    KnownName(name="云岭健康生活", code="990001", kind="short", main_code="990001"),
    KnownName(name="云岭价值精选混合", code="990002", kind="short", main_code="990002"),
    KnownName(name="云岭价值精选混合A", code="990002", kind="short", main_code="990002", share_class="A"),
    KnownName(name="云岭价值精选混合C", code="990022", kind="short", main_code="990002", share_class="C"),
    KnownName(name="澄湖价值精选混合", code="990003", kind="short", main_code="990003"),
    KnownName(name="听松短债", code="990011", kind="short", main_code="990011"),
    KnownName(name="东吴ESG趋势混合", code="990012", kind="short", main_code="990012"),
    KnownName(name="易方达国证远洋运输产业ETF", code="990013", kind="short", main_code="990013"),
    KnownName(name="东吴增利一年", code="990014", kind="short", main_code="990014"),
    KnownName(name="德邦汇岭增利一年持有", code="990015", kind="short", main_code="990015"),
    KnownName(name="东吴岭盈两年", code="990016", kind="short", main_code="990016"),
)


def named(question: str) -> ResolvedQuestion:
    found = resolve(question, NAMES, today=date(2025, 5, 5))
    for match in (*found.products, *found.periods, *found.metrics):
        assert 0 <= match.start < match.end <= len(question)
    return found


@pytest.mark.parametrize(
    ("question", "codes", "words"),
    [
        ("990001去年涨了多少", [("990001",)], ["990001"]),
        ("云岭健康生活2024年净值增长率", [("990001",)], ["云岭健康生活"]),
        ("云岭健康生活主题怎么样", [("990001",)], ["云岭健康生活"]),
        ("健康生活主题基金", [("990001",)], ["健康生活主题"]),
        ("云岭价值精选混合的规模", [("990002", "990022")], ["云岭价值精选混合"]),
        ("云岭价值精选混合C的规模", [("990022",)], ["云岭价值精选混合C"]),
        ("云岭价值精选C类规模", [("990022",)], ["云岭价值精选C类"]),
        ("990022的规模", [("990022",)], ["990022"]),
        ("听松短债和云岭健康生活谁好", [("990011",), ("990001",)], ["听松短债", "云岭健康生活"]),
        ("听松短寨费率", [("990011",)], ["听松短寨"]),
        ("tingsong短债费率", [("990011",)], ["tingsong短债"]),
        ("东吴esg趋势里头哪个行业最多", [("990012",)], ["东吴esg趋势"]),  # Latin letters in either case
        ("东吴ESG今年怎么样", [("990012",)], ["东吴ESG"]),  # and whole
        ("云岭价值精选c类规模", [("990022",)], ["云岭价值精选c类"]),
        ("远运ETF托管费", [("990013",)], ["远运ETF"]),  # the first characters of 远洋运输
        ("易方达远运etf一年抽成多少", [("990013",)], ["易方达远运etf"]),
        ("听松短债和远运ETF哪个便宜", [("990011",), ("990013",)], ["听松短债", "远运ETF"]),
        ("华夏远运ETF托管费", [], []),  # of another manager
        ("运产ETF托管费", [("990013",)], ["运产ETF"]),
        ("增利一年不碰股票的对不对", [("990014",)], ["增利一年"]),  # a kind and a term that begin one name alone
        ("增利两年的规模", [], []),
        ("易方达远洋运输ETF联接C类净值", [], []),  # a fund that feeds it is another one
        ("云岭价值精选AC两类规模", [("990002", "990022")], ["云岭价值精选AC"]),
        ("领盈两年的规模", [("990016",)], ["领盈两年"]),  # by its sound, without the brand
        ("混合型证券投资基金是什么", [], []),
        ("灵活配置混合型怎么样", [], []),
        ("123456是什么", [], []),
    ],
)
def test_products(question: str, codes: list[tuple[str, ...]], words: list[str]) -> None:
    found = named(question)
    assert [match.codes for match in found.products] == codes
    assert [question[match.start : match.end] for match in found.products] == words
    assert found.ambiguous == ()


def test_classes_named_together_are_those_alone() -> None:
    three = (
        *NAMES,
        KnownName(name="云岭价值精选混合E", code="990032", kind="short", main_code="990002", share_class="E"),
    )
    found = resolve("云岭价值精选本期AC两类一共赎了多少份", three, today=date(2025, 5, 5))
    assert [match.codes for match in found.products] == [("990002", "990022")]


def test_a_letter_at_the_beginning_is_a_class() -> None:
    assert named("C的管理费呢").other_classes == ("C",)
    assert named("那C呢").other_classes == ("C",)


def test_two_that_fit_are_both_returned() -> None:
    found = named("价值精选混合2024年业绩")
    assert found.products == ()
    assert [{match.name for match in group} for group in found.ambiguous] == [{"云岭价值精选混合", "澄湖价值精选混合"}]


@pytest.mark.parametrize(
    ("question", "metrics", "periods"),
    [
        (
            "云岭健康生活主题2024年净值增长率和业绩比较基准各是多少",
            ["net_value_growth", "benchmark_return"],
            ["2024"],
        ),
        ("听松短债的业绩比较基准是什么", ["benchmark"], []),
        ("听松短债过去一年收益率", ["net_value_growth"], ["P1Y"]),
        ("听松短债管理费和托管费", ["management_fee_rate", "custody_fee_rate"], []),
        ("听松短债费率", ["management_fee_rate", "custody_fee_rate"], []),
        ("听松短债单位净值和规模", ["unit_nav", "net_asset_value"], []),
        ("听松短债的经理是谁", ["fund_manager"], []),
        ("听松短债A类和C类份额分别是多少", ["total_shares"], []),
        ("听松短债的基金经理是谁，什么时候上任的", ["fund_manager", "manager_since"], []),
        ("听松短债的租金收入是多少", [], []),
        ("听松短债的投资收益率", ["net_value_growth"], []),
        ("听松短债投资组合平均剩余期现", ["average_remaining_days"], []),  # typed wrongly by its sound
        ("听松短债的基金经理从业多少年", ["manager_experience"], []),
        ("听松短债赚了几个点", ["net_value_growth"], []),
        ("听松短债赎走了多少份", ["redeemed_shares"], []),
    ],
)
def test_metrics_and_periods(question: str, metrics: list[str], periods: list[str]) -> None:
    found = named(question)
    assert [match.id for match in found.metrics] == metrics
    assert [match.period or match.window for match in found.periods] == periods


def test_offsets_are_those_of_the_question_as_typed() -> None:
    question = "雲嶺健康生活２０２４年规模"
    found = named(question)
    assert found.product_codes == ("990001",)
    assert question[found.products[0].start : found.products[0].end] == "雲嶺健康生活"
    assert question[found.periods[0].start : found.periods[0].end] == "２０２４年"


def test_a_kind_of_fund_is_the_one_there_is_or_asked_back() -> None:
    gold = KnownName(name="鹿台黄金交易型开放式证券投资基金", code="518999", kind="full", main_code="518999")
    another = KnownName(name="雁栖黄金ETF", code="518998", kind="short", main_code="518998")
    one = resolve("黄金ETF的管理费率", [gold])
    assert [match.codes for match in one.products] == [("518999",)]
    both = resolve("黄金ETF的管理费率", [gold, another])
    assert both.products == ()
    assert len(both.ambiguous[0]) == 2
    for question in ("哪只基金持有黄金ETF", "什么是黄金ETF", "黄金ETF好不好", "华安黄金ETF的规模"):
        assert resolve(question, [gold]).products == (), "no figure of its own is asked for"


@pytest.mark.parametrize("question", ["云岭的律师费用是多少", "应付管理费多少", "股票比例要求", "有哪些风险"])
def test_words_that_only_look_like_a_metric(question: str) -> None:
    assert resolve(question, []).metrics == ()
