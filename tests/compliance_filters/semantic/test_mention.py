"""Use and mention: a sentence that speaks about a claim, and one that makes it."""

from __future__ import annotations

import pytest

from compliance_filters.semantic.mention import is_mentioned, near


def place(sentence: str, claim: str) -> tuple[int, int]:
    start = sentence.index(claim)
    return start, start + len(claim)


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("该产品名称中的“稳盈”只是名称", "稳盈"),
        ("群里那位老师喊“铁定翻倍”,听听就算了", "位老师喊“铁定翻倍"),
        ("骗子常挂嘴边三句话:内部消息、稳赚不赔、今天截止", "稳赚不赔"),
        ("配资的事请您别碰,我们公司不做", "配资"),
        ("约定赚了三七分成,属于代客理财", "赚了三七分成"),
        ("说什么庄家要拉升,我没法核实", "庄家要拉升"),
        ("听说来的东西我不转", "听说"),
    ],
)
def test_what_sets_a_claim_at_a_distance(sentence: str, claim: str) -> None:
    assert is_mentioned(sentence, place(sentence, claim))


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("保证收益", "保证收益"),
        ("您不用担心,稳赚不赔", "稳赚不赔"),
        ("您不用担心,我问过了,稳赚不赔,不懂再来问我", "稳赚不赔"),
        ("名称您记一下,我问过了,这只稳赚不赔", "稳赚不赔"),
        ("“尊享三号”上架了,稳赚不赔", "稳赚不赔"),
        ("别犹豫稳赚不赔没问题", "稳赚不赔"),
        ("不骗您,稳赚不赔", "稳赚不赔"),
        ("机不可失,切莫错过", "机不可失"),
        ("这只属于稳赚不赔的", "稳赚不赔"),
    ],
)
def test_what_makes_a_claim(sentence: str, claim: str) -> None:
    assert not is_mentioned(sentence, place(sentence, claim))


def test_near_is_the_clause_with_its_neighbours() -> None:
    sentence = "一,二;三,四,五"
    assert sentence[slice(*near(sentence, place(sentence, "三")))] == "二;三,四,"
    assert sentence[slice(*near(sentence, place(sentence, "三"), reach=0))] == "三,"
    assert sentence[slice(*near(sentence, place(sentence, "一")))] == "一,二;"
    assert sentence[slice(*near(sentence, place(sentence, "五")))] == "四,五"
