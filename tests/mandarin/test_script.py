"""Script, width and inserted symbols: tables of text -> text and of places."""

import pytest

from mandarin.script import fold_width, normalise, strip_inserted, to_simplified


@pytest.mark.parametrize(
    ("written", "simplified"),
    [
        ("保證本金不虧", "保证本金不亏"),
        ("一目瞭然，瞭解", "一目了然，了解"),
        ("乾隆與乾淨", "乾隆与干净"),
        ("妳們要買甚麼，甚至", "你们要买什么，甚至"),
        ("已经是简体的著名基金", "已经是简体的著名基金"),
        ("", ""),
    ],
)
def test_to_simplified(written: str, simplified: str) -> None:
    assert to_simplified(written).text == simplified


def test_to_simplified_agrees_with_the_dictionaries_own_converter() -> None:
    from opencc import OpenCC

    text = "證券賬戶裏的餘額，請瞭解後再決定；陳先生說這檔基金乾乾淨淨、並無虧損。著作權與執著。"
    assert to_simplified(text).text == OpenCC("t2s").convert(text)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("３．５％", "3.5%"),
        ("ｂａｏ本", "bao本"),
        ("①ﬁ", "1fi"),
        ("不会…保本", "不会…保本"),
        ("10²和½", "10²和½"),
        ("，：；！？（）", ",:;!?()"),
    ],
)
def test_fold_width(written: str, folded: str) -> None:
    assert fold_width(written).text == folded


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("保*本*保*息", "保本保息"),
        ("保 本 保 息", "保本保息"),
        ("保·本", "保本"),
        ("保\u200b本\u202e", "保本"),
        ("保😀本", "保本"),
        ("保__本", "保本"),
        ("保灬本灬金灬", "保本金灬"),
        ("保丨本", "保本"),
        ("保\u0336本", "保本"),
        ("保\n本\n保\n息", "保本保息"),
        ("保。本", "保。本"),
        ("保，本！保；本：保？本", "保，本！保；本：保？本"),
        ("保、本", "保、本"),
        ("“保”本", "“保”本"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("收益 3.5 %", "收益 3.5 %"),
        ("名称          金额", "名称          金额"),
    ],
)
def test_strip_inserted(written: str, plain: str) -> None:
    assert strip_inserted(written).text == plain


@pytest.mark.parametrize(
    ("written", "word", "place"),
    [
        ("我們保*證*收益", "保证收益", "保*證*收益"),
        ("ｂａｏ本", "bao", "ｂａｏ"),
        ("這是 保\u200b 本 的", "保本", "保\u200b 本"),
        ("ﬁrm本", "firm", "ﬁrm"),
    ],
)
def test_normalise_leads_back_to_what_was_written(written: str, word: str, place: str) -> None:
    result = normalise(written)
    start = result.text.index(word)
    assert result.original_text(start, start + len(word)) == place
