from __future__ import annotations

import re

import pytest

from intent.inspection.wording import clauses, load_wording

WORDING = load_wording()


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("这里有风险", True),
        ("这里没有风险", False),
        ("我不是说没有风险", True),  # denied twice
        ("不好意思，有风险", True),
        ("不得不提醒您有风险", True),
        ("要不先说说有没有风险", True),
        ("没关系，风险我说一下", True),  # another clause
        ("没关系 风险我说一下", True),  # speech engines write spaces
    ],
)
def test_a_cue_stands_unless_its_clause_denies_it(text: str, stands: bool) -> None:
    assert bool(WORDING.find(text, (re.compile("风险"),))) is stands


def test_clauses_keep_decimal_points() -> None:
    assert clauses("涨了3.5%，好。 嗯 行") == ("涨了3.5%", "好", "嗯", "行")


@pytest.mark.parametrize(
    ("text", "is_one"), [("嗯。", True), ("哦，好的！", True), ("……", True), ("好的，买一万", False)]
)
def test_backchannels_are_words_of_hearing_alone(text: str, is_one: bool) -> None:
    assert WORDING.is_backchannel(text) is is_one
