"""What a question's words weigh: things must be found, deeds may be told in other words, bystanders hardly count."""

from __future__ import annotations

import pytest

from rag.emphasis import emphasis, is_thing
from rag.tokens import question_words
from tests.rag.asked import ask
from tests.rag.firm import Firm

SAVINGS = (
    "---\ntitle: 定投说明\ntype: faq\n---\n# 定投说明\n\n## 扣款失败会怎样\n\n"
    "连续3次扣款失败，定投计划自动终止，需要重新设置。\n\n## 等级\n\nC3可购买R3及以下的产品，C4可购买R4及以下的产品。\n"
)


@pytest.mark.parametrize("word", ["违约金", "定投", "赎回", "c3", "15:00", "管理费"])
def test_things(word: str) -> None:
    assert (is_thing(word), emphasis(word)) == (True, 1.0)


@pytest.mark.parametrize("word", ["连续", "提交", "买新"])
def test_deeds(word: str) -> None:
    assert (is_thing(word), emphasis(word)) == (False, 0.5)


@pytest.mark.parametrize("word", ["客户", "研究所", "到底"])
def test_bystanders(word: str) -> None:
    assert (is_thing(word), emphasis(word)) == (False, 0.25)


def test_a_level_and_a_time_of_day_are_one_word() -> None:
    assert {"c3", "15:00"} <= set(question_words("C3的客户下午四点提交的赎回"))


@pytest.mark.parametrize(
    "question",
    ["定投连着几次扣不上款会自动停掉", "客户问：扣款老是没扣成，定投几次就作废", "定投扣不成，到底几回就停了"],
)
def test_spoken_words_are_answered_from_printed_ones(firm: Firm, question: str) -> None:
    firm.put("savings.md", SAVINGS)
    answer = ask(firm, question)
    assert "连续3次扣款失败" in answer.text, answer.note


@pytest.mark.parametrize(
    "question", ["定投扣款失败要交多少违约金", "C3的客户开户要带哪些证件", "定投扣款失败找哪个柜台", "定投送什么礼品"]
)
def test_a_thing_that_no_document_tells_of_is_refused(firm: Firm, question: str) -> None:
    firm.put("savings.md", SAVINGS)
    answer = ask(firm, question)
    assert answer.abstained, answer.text
