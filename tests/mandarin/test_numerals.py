"""Numbers with value, unit, kind and place: one table of text -> what must be found."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandarin.chinese_number import read_number
from mandarin.numerals import NumeralKind, find_numerals, to_digits

FOUND = [
    # text, quote, value, unit, kind, approximate
    ("大概拿二十来万", "二十来万", "200000", "", "amount", True),
    ("买三十W", "三十W", "300000", "", "amount", False),
    ("一百二", "一百二", "120", "", "count", False),
    ("一百零二块", "一百零二块", "102", "元", "amount", False),
    ("两万五", "两万五", "25000", "", "amount", False),
    ("3万5", "3万5", "35000", "", "amount", False),
    ("3亿5千万元", "3亿5千万元", "350000000", "元", "amount", False),
    ("百分之三点五", "百分之三点五", "3.5", "%", "percent", False),
    ("负百分之二点五", "负百分之二点五", "-2.5", "%", "percent", False),
    ("百分之十几", "百分之十几", "10", "%", "percent", True),
    ("百分百", "百分百", "100", "%", "percent", False),
    ("千分之五", "千分之五", "5", "‰", "ratio", False),
    ("六零零五一九", "六零零五一九", "600519", "", "code", False),
    ("六〇〇五一九怎么样", "六〇〇五一九", "600519", "", "code", False),
    ("代码600519", "600519", "600519", "", "code", False),
    ("涨了三成", "三成", "30", "%", "percent", False),
    ("三成五的仓位", "三成五", "35", "%", "percent", False),
    ("规模1.2亿", "1.2亿", "120000000", "", "amount", False),
    ("一点二亿元", "一点二亿元", "120000000", "元", "amount", False),
    ("一万三千亿", "一万三千亿", "1300000000000", "", "amount", False),
    ("收益12.34%", "12.34%", "12.34", "%", "percent", False),
    ("收益率-3.2%", "-3.2%", "-3.2", "%", "percent", False),
    ("收益３．５％", "３．５％", "3.5", "%", "percent", False),
    ("提高5个百分点", "5个百分点", "5", "个百分点", "percentage_points", False),
    ("跌了三个点", "三个点", "3", "个点", "percentage_points", False),
    ("下调25bp", "25bp", "25", "bp", "basis_points", False),
    ("二十五个基点", "二十五个基点", "25", "bp", "basis_points", False),
    ("十几万", "十几万", "100000", "", "amount", True),
    ("二十几万", "二十几万", "200000", "", "amount", True),
    ("两三万", "两三万", "20000", "", "amount", True),
    ("七八百块", "七八百块", "700", "元", "amount", True),
    ("50多万", "50多万", "500000", "", "amount", True),
    ("三十万左右", "三十万", "300000", "", "amount", True),
    ("一千六百八十块", "一千六百八十块", "1680", "元", "amount", False),
    ("三块五", "三块五", "3.5", "元", "amount", False),
    ("五毛", "五毛", "0.5", "元", "amount", False),
    ("3,456.78元", "3,456.78元", "3456.78", "元", "amount", False),
    ("¥300", "300", "300", "元", "amount", False),
    ("壹佰贰拾万元整", "壹佰贰拾万元", "1200000", "元", "amount", False),
    ("兩萬五千", "兩萬五千", "25000", "", "amount", False),
    ("2024年12月31日", "2024年12月31日", "20241231", "年月日", "date", False),
    ("二〇二四年十二月", "二〇二四年十二月", "202412", "年月", "date", False),
    ("2024-03-05", "2024-03-05", "20240305", "年月日", "date", False),
    ("2024年度", "2024年度", "2024", "年", "date", False),
    ("24年3月", "24年3月", "202403", "年月", "date", False),
    ("十月", "十月", "10", "月", "date", False),
    ("十月一日", "十月一日", "1001", "月日", "date", False),
    ("下午三点", "三点", "300", "时分", "date", False),
    ("三点半", "三点半", "330", "时分", "date", False),
    ("第一名", "第一", "1", "", "ordinal", False),
    ("三季度", "三季度", "3", "季度", "ordinal", False),
    ("三个季度", "三个季度", "3", "个季度", "count", False),
    ("半年", "半年", "0.5", "年", "count", False),
    ("一年半", "一年半", "1.5", "年", "count", False),
    ("一个半月", "一个半月", "1.5", "个月", "count", False),
    ("十分钟", "十分钟", "10", "分钟", "count", False),
    ("3.5倍", "3.5倍", "3.5", "倍", "ratio", False),
    ("一半", "一半", "0.5", "", "ratio", False),
    ("佣金万一", "万一", "1", "‱", "ratio", False),
    ("能做万一点五吗", "万一点五", "1.5", "‱", "ratio", False),
    ("万2.5", "万2.5", "2.5", "‱", "ratio", False),
    ("费率千三", "千三", "3", "‰", "ratio", False),
    ("先买三十万一下买完", "三十万", "300000", "", "amount", False),
    ("三千万", "三千万", "30000000", "", "amount", False),
    ("PE30倍", "30倍", "30", "倍", "ratio", False),
]


@pytest.mark.parametrize(("text", "quote", "value", "unit", "kind", "approximate"), FOUND)
def test_a_number_is_found(text: str, quote: str, value: str, unit: str, kind: str, approximate: bool) -> None:
    (numeral,) = find_numerals(text)
    assert (numeral.quote, numeral.value, numeral.unit) == (quote, Decimal(value), unit)
    assert (numeral.kind, numeral.approximate) == (NumeralKind(kind), approximate)
    assert text[numeral.start : numeral.end] == quote


@pytest.mark.parametrize(
    "text",
    [
        *(
            "一下",
            "一定",
            "一样",
            "千万别买",
            "一直",
            "十分好",
            "第三方存管",
            "四川",
            "百度",
            "五粮液",
            "一汽",
        ),
        *(
            "三六零",
            "二三四五",
            "万一跌了怎么办",
            "一成不变",
            "万元",
            "亿元",
            "上半年",
            "R3",
            "A50",
            "T+1",
            "收成立了",
        ),
        *("几个", "", "零分之一人", "没有数字", "万科", "统一", "逐一", "两融", "三方", "一些", "成千上万"),
    ],
)
def test_a_word_is_no_number(text: str) -> None:
    assert find_numerals(text) == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("三到五万", ["30000", "50000"]),
        ("20-30万元", ["200000", "300000"]),
        ("3%-5%", ["3", "5"]),
        ("2020-2024年", ["2020", "2024"]),
        ("1-2年", ["1", "2"]),
        ("五万一直拿着，再买两万", ["50000", "20000"]),
        ("二十万一年，三千一个月", ["200000", "1", "3000", "1"]),
        ("三十万一半买它", ["300000", "0.5"]),
        ("那一万二，这一百二", ["12000", "120"]),
        ("百八十万，一百八十万", ["1000000", "1800000"]),
        ("万把块，百把万，三个亿", ["10000", "1000000", "300000000"]),
    ],
)
def test_ranges_and_neighbours(text: str, values: list[str]) -> None:
    assert [numeral.value for numeral in find_numerals(text)] == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("买两万五的六零零五一九", "买25000的600519"),
        ("年化百分之三点五", "年化3.5%"),
        ("二零二四年十二月三十一日", "2024年12月31日"),
        ("20万和二十万", "200000和200000"),
        ("十几万一定要买", "十几万一定要买"),
        ("二十来万", "20来万"),
        ("第一，沪深三百", "第1，沪深300"),
        ("代码零零零零零一", "代码000001"),
    ],
)
def test_to_digits(text: str, digits: str) -> None:
    assert to_digits(text).text == digits


def test_to_digits_leads_back_to_the_words() -> None:
    result = to_digits("买两万五的基金")
    start = result.text.index("25000")
    assert result.original_text(start, start + 5) == "两万五"


def spoken(number: int) -> str:
    """The full Mandarin reading of 0..99,999,999, written independently of the reader."""
    digits = "零一二三四五六七八九"

    def section(rest: int) -> str:
        words, gap = "", False
        for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit, rest = divmod(rest, scale)
            if digit:
                words += ("零" if gap and words else "") + digits[digit] + name
                gap = False
            else:
                gap = bool(words)
        return words

    high, low = divmod(number, 10_000)
    joint = "零" if high and 0 < low < 1000 else ""
    return (section(high) + "万" if high else "") + joint + section(low) or "零"


@given(st.integers(0, 99_999_999))
def test_reads_what_the_reading_rules_speak(number: int) -> None:
    assert read_number(spoken(number)).value == number


@given(st.integers(11, 99_999_999))
def test_a_spoken_amount_is_found_whole(number: int) -> None:
    text = f"投入{spoken(number)}元。"
    (numeral,) = find_numerals(text)
    assert (numeral.value, numeral.unit, numeral.quote) == (number, "元", spoken(number) + "元")


@given(
    st.text(
        alphabet="一二两三十百千万亿零点半几多来成个元块年月日号第负分之百%.,-+0159 第到至R佣金、。",
        max_size=30,
    )
)
def test_places_are_valid_and_in_order(text: str) -> None:
    last = 0
    for numeral in find_numerals(text):
        assert last <= numeral.start < numeral.end <= len(text)
        assert text[numeral.start : numeral.end] == numeral.quote
        last = numeral.end
    assert to_digits(text).original == text


def test_together_is_no_money_and_more_than_is_no_part_of_a_number() -> None:
    assert [n.quote for n in find_numerals("加在一块是0.95%")] == ["0.95%"]
    assert [n.quote for n in find_numerals("离4.8亿多300万元")] == ["4.8亿", "300万元"]
    assert [n.quote for n in find_numerals("三块五")] == ["三块五"]
