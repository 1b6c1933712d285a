"""Which questions an approved wording is served for; in doubt none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest

from knowledge_base.access import Principal, system_principal
from knowledge_base.products import ProductMatch, ResolvedQuestion
from knowledge_base.wordings import Wording
from models.encoder import Vectors
from rag.approved import APPROVED, ApprovedAnswers, asks_for_the_same, bare, share_known

DAY = date(2026, 11, 21)


def wording(id_: str, question: str, *variants: str, version: int = 1, with_product: bool = False) -> Wording:
    return Wording(
        id=id_, version=version, question=question, variants=variants, text=f"{question}的标准答复。",
        with_product=with_product, effective_from=date(2026, 1, 1), effective_to=None, state="approved", author="E1",
        written_at=datetime(2026, 1, 1, tzinfo=UTC), decided_by="O1", decided_at=datetime(2026, 1, 1, tzinfo=UTC),
        reason="",
    )  # fmt: skip


CAPITAL = wording("capital", "基金保本吗", "会亏本金吗", with_product=True)
ARRIVAL = wording("arrival", "赎回多久到账", "赎回的钱几天到账")


class Shelf:
    """Wordings that a test changes."""

    def __init__(self, *held: Wording) -> None:
        self.held, self.changes = held, 0

    def put(self, *held: Wording) -> None:
        self.held, self.changes = held, self.changes + 1

    def in_force(self, on: date) -> tuple[Wording, ...]:
        return self.held

    def stamp(self) -> tuple[int, datetime | None]:
        return self.changes, None


class Names:
    """Knows one product."""

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion:
        at = question.find("云岭")
        found = ProductMatch(codes=("990001",), name="云岭", start=at, end=at + 2, score=1.0, how="short")
        return ResolvedQuestion(question=question, products=(found,) if at >= 0 else ())


class Alike:
    """An encoder whose vectors are given by the first word of a list that a text holds."""

    name, dimension = "alike", 4

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        made = np.full((len(texts), 4), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for column, word in enumerate(("本", "到账", "别的")):
                made[row, column] += word in text
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self.encode_queries(texts)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(CAPITAL, ARRIVAL)


def served(shelf: Shelf, question: str) -> str | None:
    answers = ApprovedAnswers(shelf, Alike(), Names())
    found = answers.match(question, principal=system_principal(), on=DAY)
    return found.id if found else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("请问基金保本吗？", "capital"),
        ("基金保本嗎", "capital"),  # traditional script
        ("你好，想问一下，赎回多久到账呢", "arrival"),
        ("云岭会亏本金吗", "capital"),  # speaks for every product
        ("赎回的钱多久到账", "arrival"),  # near in meaning, its words known
        ("云岭赎回多久到账", None),  # depends on the product
        ("国债保本吗", None),  # a word the wording does not know
        ("赎回多久到账2025年", None),  # a figure
        ("在哪里看基金本金", None),  # asks for a place
        ("银证转账多久到账", None),
        ("怎么跟客户解释基金保本", None),
        ("？？", None),
    ],
)
def test_served_or_in_doubt_not(shelf: Shelf, question: str, expected: str | None) -> None:
    assert served(shelf, question) == expected


def test_two_that_are_as_near_are_a_doubt(shelf: Shelf) -> None:
    shelf.put(CAPITAL, wording("other", "本金会亏吗"))
    assert served(shelf, "基金本金会不会亏") is None


def test_a_decision_takes_effect_at_once(shelf: Shelf) -> None:
    answers = ApprovedAnswers(shelf, Alike(), Names())
    assert answers.match("基金保本吗", principal=system_principal(), on=DAY) is not None
    shelf.put(ARRIVAL)
    assert answers.match("基金保本吗", principal=system_principal(), on=DAY) is None
    shelf.put()
    assert answers.match("基金保本吗", principal=system_principal(), on=DAY) is None


def test_it_is_cited_as_what_it_is(shelf: Shelf) -> None:
    shelf.put(wording("capital", "基金保本吗", version=3))
    answer = ApprovedAnswers(shelf, Alike(), Names()).answer("基金保本吗", principal=system_principal(), on=DAY)
    assert answer is not None
    (citation,) = answer.citations
    assert (citation.version_id, citation.quote) == ("wording:capital:3", "基金保本吗的标准答复。")
    for part in ("capital", "第3版", "O1批准", "2026-01-01"):
        assert part in citation.title
    assert answer.by == APPROVED
    assert answer.approved is not None
    assert (answer.approved.id, answer.approved.version, answer.approved.approver) == ("capital", 3, "O1")


def test_what_is_compared() -> None:
    assert bare("您好，请问，基金保本吗？") == "基金保本"
    assert share_known("信用卡手续费", "股票手续费") == 0.5
    assert asks_for_the_same("风险测评在哪里做", "风险测评必须做") is False
