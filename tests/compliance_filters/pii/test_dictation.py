"""Identifiers told piece by piece over several turns, and talk that is none of them."""

from __future__ import annotations

import pytest

from compliance_filters.pii.dictation import Line, dictated

ADVISOR, CLIENT = "A", "C"


def told(*said: str, voices: str = "") -> list[str]:
    """What of the lines is an identifier; a line begins with A or C and a blank, or all have one voice."""
    lines = [Line(voice=voices or line[0], text=line[2:]) for line in said]
    return [lines[piece.line].text[piece.start : piece.end] for piece in dictated(lines)]


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        (["C 一三八", "A 嗯", "C 零零一二", "A 好", "C 三四五六"], ["一三八", "零零一二", "三四五六"]),
        (["C 幺三八零", "C 零幺二", "C 三四五六，记下了吧"], ["幺三八零", "零幺二", "三四五六"]),
        (["C 138", "A 138", "C 0012", "A 0012", "C 3456"], ["138", "138", "0012", "0012", "3456"]),
        (["C 幺三八，嗯，零零幺二，那个，三四五六"], ["幺三八", "零零幺二", "三四五六"]),
        (["C 一三八，三个零", "A 嗯", "C 一二三四五"], ["一三八，三个零", "一二三四五"]),
        (["C 一三八零零一三", "A 嗯", "C 不对，是一三八零零一二", "A 一三八零零一二", "C 三四五六"],
         ["一三八零零一三", "一三八零零一二", "一三八零零一二", "三四五六"]),
        (["C 一三八零零一三", "C 说错了，零零一二", "C 三四五六"], ["一三八零零一三", "零零一二", "三四五六"]),
        (["C 一三八", "A 您说慢一点", "C 零零一二", "A 后面四位呢", "C 三四五六"], ["一三八", "零零一二", "三四五六"]),
        (["A 您的手机号报一下", "C 一三八", "A 嗯", "C 零零一二", "C 三四五"], ["一三八", "零零一二", "三四五"]),
        (["A 身份证号是多少？", "C 三三零一零二", "A 嗯", "C 一九八五零三一二", "C 零零三叉"],
         ["三三零一零二", "一九八五零三一二", "零零三叉"]),
        (["A 卡号您说", "C 6228", "A 嗯嗯", "C 4804", "A 然后呢", "C 0256", "C 4890", "C 123"],
         ["6228", "4804", "0256", "4890", "123"]),
        (["A 资金账号呢", "C 三零二", "A 三零二", "C 六六八", "C 五一一"], ["三零二", "三零二", "六六八", "五一一"]),
    ],
)  # fmt: skip
def test_pieces_of_an_identifier_are_found(said: list[str], pieces: list[str]) -> None:
    assert told(*said) == pieces


def test_voices_that_could_not_be_told_apart_hide_nothing() -> None:
    said = ("U 幺三八", "U 嗯幺三八", "U 零零幺二", "U 零零幺二", "U 三四五六")
    assert told(*said, voices="U") == ["幺三八", "幺三八", "零零幺二", "零零幺二", "三四五六"]


@pytest.mark.parametrize(
    "said",
    [
        ["C 我想转五万", "A 嗯", "C 那个零零七七一二", "A 零零七七一二对吧"],
        ["C 000001", "A 嗯", "C 110022", "A 好的", "C 161725"],
        ["A 您的账户里有多少", "C 50000", "A 嗯", "C 还有30000"],
        ["A 您电话里说的是", "C 000001", "A 嗯", "C 110022"],
        ["A 现在净值一点二三四五", "C 嗯", "A 年初一点一三五六", "C 涨了百分之三"],
        ["A 买多少股", "C 三百股", "A 价格", "C 十二块三"],
        ["C 2023年涨了15%", "A 嗯", "C 2024年跌了8%", "A 对，现在3200点"],
        ["C 验证码是三八二七一九", "A 三八二七一九对吧"],
        ["C 打一一零，或者九六一一零，就是报警电话"],
        ["A 您的年龄段选几", "C 三", "A 收入呢", "C 二", "A 经验", "C 四", "A 期限", "C 一", "A 亏损", "C 二"],
        ["C 买一三八", "A 您家里有几个人在一起住呢，都是做什么工作的", "C 零零一二", "C 三四五六"],
        ["A 客服热线是", "A 九五五", "C 嗯", "A 八八八八"],
        ["C 我的手机号是138****5678，卡号是6222****0128，身份证110***********8515"],
        ["C 一直等一下", "A 一共一个", "C 一样"],
        [],
    ],
)
def test_talk_of_sums_codes_and_dates_is_left_alone(said: list[str]) -> None:
    assert told(*said) == []
