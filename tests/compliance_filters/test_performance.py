"""How performance may be shown: intervals, years, benchmark, what is no display."""

from __future__ import annotations

from typing import Any

import pytest

from compliance_filters.finding import Outcome
from tests.compliance_filters.judged import HIGH, Judge, rules


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("成立3个月收益30%", {}),
        ("自今年1月成立以来（至2月末）累计回报11.4%", {}),
        ("近一个月年化60%", {}),
        ("该基金近两周涨幅8%", {}),
        ("上半年折算年化收益率18%", {}),
        ("本产品今年以来收益率3%", {}),
        ("澄湖成长股票收益率12%", {"products": [{**HIGH, "inception": "2025-09-02"}]}),
        ("该基金一季度收益率2%", {"channel": "client"}),
        ("近三年收益率为12%", {"channel": "client", "target": "report"}),
    ],
)
def test_performance_that_may_not_be_shown(text: str, meta: dict[str, Any], judge: Judge) -> None:
    assert "performance.display" in rules(judge, text, "performance", **meta)


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("近六个月收益率3%", {}),
        ("权益类占57.8%，固定收益类35.1%", {}),
        ("昨天沪指收涨0.8%，半导体领涨", {}),
        ("七日年化收益率1.85%", {}),
        ("近三年年化收益率4%", {}),
        ("近一个月最大回撤2.1%", {}),
        ("居民消费价格比上个月降了0.1%，食品同比降0.4%，非食品同比涨0.8%", {}),
        ("沪深300指数近一个月上涨2%", {}),
        ("过去三个月净值增长率为1.2%[1]。", {"sources": [{"n": 1, "title": "云岭稳健债券2025年第4季度报告"}]}),
        ("澄湖成长股票收益率12%", {"products": [{**HIGH, "inception": "2025-09-01"}]}),
        ("近三年收益率为12%，同期业绩比较基准10%", {"channel": "client", "target": "report"}),
        ("年化波动率近三个月为12%", {}),
    ],
)
def test_performance_that_may(text: str, meta: dict[str, Any], judge: Judge) -> None:
    assert rules(judge, text, "performance", **meta) == []


def test_what_several_years_came_to_may_be_told_a_year(judge: Judge) -> None:
    text = "自2019年3月5日成立至2026年1月30日，累计净值增长41.0%，折合年化5.1%，同期业绩比较基准累计30.2%"
    assert rules(judge, text, "performance") == []


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("近三个月净值增长率为6.74%，基准6.89%", {}),
        ("该基金三季度上涨6.74%", {}),
        ("这只基金只看2025年，上涨31.2%", {}),
        ("成绩最亮眼的一年上涨31.2%，基准14.5%", {}),
        ("上半年净值增长2.1%，折算年化4.2%", {}),
        ("2025年9月1日至2025年12月31日净值增长率为3.1%", {}),
        ("自2025年6月2日成立至2025年12月31日，净值增长5.2%，折合年化9.1%，基准4.0%", {}),
        ("该基金净值增长5.2%，折合年化9.1%，基准4.0%", {}),
        ("近三年收益率为12%", {"target": "report"}),
        ("| 区间 | 净值增长率 |\n| 近三个月 | 净值增长率 2.1% |", {}),
    ],
)
def test_intervals_choices_and_a_missing_benchmark(text: str, meta: dict[str, Any], judge: Judge) -> None:
    assert rules(judge, text, "performance", **meta) == ["performance.display"]


@pytest.mark.parametrize(
    "text",
    [
        "近五个交易日沪深300指数上涨1.2%",
        "该基金年化跟踪误差0.87%，管理费率0.50%",
        "公司三季度净利润同比增长15%",
        "您的持有收益率为2.88%，本月浮盈1.2%",
        "远山证券2026年2月16日的报告提到，价值风格近十年年化超额2.1%",
        "2025年第4季度报告显示，近一年净值增长率为8.1%，基准6.2%",
        "未来一年预期收益率为9.2%",
    ],
)
def test_what_is_no_display_of_a_fund(text: str, judge: Judge) -> None:
    assert rules(judge, text, "performance") == []


def test_a_client_may_not_be_shown_a_fund_of_unknown_age(judge: Judge) -> None:
    def outcomes(text: str) -> list[Outcome]:
        found = judge(text, products=[HIGH], channel="client")
        return [f.outcome for f in found if f.rule == "performance.display"]

    assert outcomes("澄湖成长股票成立以来收益率12%，基准8%") == [Outcome.REVIEW]
    assert outcomes("澄湖成长股票近一年收益率12%，基准8%") == []  # a fund that shows a year has lived one


def test_one_chosen_year_out_of_several_known(judge: Judge) -> None:
    facts = [
        {"name": "净值增长率", "value": value, "unit": "%", "period": year}
        for year, value in (("2023", "-9.6"), ("2024", "-18.4"), ("2025", "31.2"))
    ]
    text = "澄湖成长股票2025年净值增长率31.2%，基准14.5%"
    meta = {"facts": facts, "products": [HIGH], "target": "advisor_message"}
    assert rules(judge, text, "performance", **meta) == ["performance.display"]
    assert rules(judge, f"{text}；2024年-18.4%，2023年-9.6%", "performance", **meta) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("持有人户数由12,400户增至13,020户，恰好增长5%", False),
        ("新增装机31.0吉瓦，较上年增长37.8%", False),
        ("基金规模由21.3亿元扩到23.2亿元，涨了8.9%", False),
        ("跌到这里要再涨34.6%才能回到原点", False),
        ("该基金近一年净值增长5.1%", True),
        ("近一年这只涨了5.1%", True),
        ("该基金近一年录得上涨12.3%", True),
        ("今年以来取得涨幅35.2%", True),
        ("该基金规模23亿元，今年以来上涨35.2%", True),
        ("这只管理费低，去年涨了28.1%", True),
    ],
)
def test_what_grew_must_be_a_fund_to_be_a_display(text: str, shown: bool, judge: Judge) -> None:
    assert rules(judge, text, "performance", channel="client") == (["performance.display"] if shown else [])
