"""Words hidden between or around their characters; ordinary text stays as it is."""

import pytest

from mandarin.disguises import undisguised
from mandarin.offsets import mapped


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("(保)(本)(保)(息)", "保本保息"),
        ("【稳】【赚】【不】【赔】", "稳赚不赔"),
        ("保(本)保(息)", "保本保息"),
        ("保(bao)本(ben)", "保本"),
        ("保<b></b>本", "保本"),
        ("保a本a保a息", "保本保息"),
        ("稳啊赚啊不啊赔啊", "稳赚不赔"),
        ("保险的保,本金的本", "保本"),
        ("bao3 ben3 bao3 xi1,放心", "baobenbaoxi,放心"),
        ("稳定的稳、赚钱的赚", "稳赚"),
    ],
)
def test_a_disguise_is_taken_off(written: str, meant: str) -> None:
    assert undisguised(mapped(written)).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "境(内)外",
        "债券(bond)基金",
        "3月3日A股A类份额",
        "保单的保额和本期的本息",
        "收益<5%",
        "好啊,行啊",
        "see table1 row2",
        "他的父亲的朋友",
        "净值(ETF)",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert undisguised(mapped(text)).text == text


def test_places_lead_back() -> None:
    read = undisguised(mapped("这只保险的保,本金的本,放心"))
    start = read.text.index("保本")
    assert read.original_text(start, start + 2) == "保险的保,本金的本"
