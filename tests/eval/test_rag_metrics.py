"""Metrics of questions: passages, numbers with unit and sign, citations, refusals."""

from __future__ import annotations

import pytest

from eval.metrics import rag as m


def question(**changes: object) -> m.Question:
    fields: dict[str, object] = {
        "question": "管理费多少", "docs": ("a.md",), "doc_groups": (), "evidence": ("管理费 | 1.20%",), "numbers": (),
        "keywords": (), "answer": "", "abstained": False, "passages": (), "citations": (), "sentences": (),
    }  # fmt: skip
    return m.Question(**{**fields, **changes})  # type: ignore[arg-type]


RIGHT = m.Found(doc="a.md", text="费用类别 | 年费率\n管理费 | 1.20%\n托管费 | 0.20%")
OTHER = m.Found(doc="b.md", text="管理费 | 1.20%")


def test_a_passage_is_right_only_in_a_gold_document() -> None:
    assert m.recall_at(5)([question(passages=(OTHER,))]) == 0.0
    assert m.recall_at(5)([question(passages=(OTHER, RIGHT))]) == 1.0
    assert m.mrr_at(10)([question(passages=(OTHER, RIGHT)), question(passages=(RIGHT,))]) == pytest.approx(0.75)
    assert m.recall_at(1)([question(passages=(OTHER, RIGHT))]) == 0.0


def test_sixty_per_cent_of_the_evidence_will_do_and_spaces_do_not_count() -> None:
    evidence = "一二三四五六七八九十"
    assert m.holds("xx一二三四五六yy", evidence)
    assert not m.holds("xx一二三四五yy", evidence)
    assert m.holds("一二 三四五 六七八\n九十", evidence)


def test_only_the_first_800_characters_of_a_passage_count() -> None:
    assert m.holds("x" * 790 + "一二三四", "一二三四")
    assert not m.holds("x" * 800 + "一二三四", "一二三四")


def test_all_evidence_and_every_document_group_are_needed() -> None:
    two = question(docs=("a.md", "b.md"), evidence=("管理费 | 1.20%", "不存在的一句话在这里"), passages=(RIGHT, OTHER))
    assert m.all_evidence_at(10)([two]) == 0.0
    grouped = question(docs=("a.md", "b.md", "c.md"), doc_groups=(("a.md", "c.md"), ("b.md",)), passages=(RIGHT,))
    assert m.doc_recall_at(5)([grouped]) == 0.0
    assert m.doc_recall_at(5)([question(docs=grouped.docs, doc_groups=(("a.md", "c.md"),), passages=(RIGHT,))]) == 1.0


@pytest.mark.parametrize(
    ("answer", "value", "unit", "expected"),
    [
        ("管理费为1.20%。", "1.2", "%", True),
        ("管理费为百分之一点二。", "1.2", "%", True),
        ("规模为59.4亿元", "5940000000", "元", True),
        ("规模为59.4亿元", "59.4", "亿元", True),
        ("规模为59.4万元", "59.4", "亿元", False),
        ("净值增长率为9.63%", "-9.63", "%", False),
        ("净值下降9.63%", "-9.63", "%", True),
        ("净值增长率为-9.63%", "-9.63", "%", True),
        ("净值增长率为-9.63%", "9.63", "%", False),
        ("去年下降3%，今年增长9.63%", "-9.63", "%", False),
        ("持有19个月", "19", "%", False),
        ("只有19只", "19", "只", True),
        ("净值为1.2778", "1.2778", "元", False),
        ("净值为1.2778", "1.2778", "", True),
    ],
)
def test_numbers_need_value_unit_and_sign(answer: str, value: str, unit: str, expected: bool) -> None:
    assert m.has_number(answer, value, unit) is expected


def test_number_accuracy_wants_all_numbers_and_keywords() -> None:
    wanted: dict[str, object] = {"numbers": (("1.20", "%"),), "keywords": ("R3",)}
    assert m.number_accuracy([question(answer="1.20%，R3", **wanted)]) == 1.0
    assert m.number_accuracy([question(answer="1.20%，R4", **wanted)]) == 0.0
    assert m.number_accuracy([question(answer="1.20%，R3", abstained=True, **wanted)]) == 0.0
    assert m.number_accuracy([question()]) is None


def test_a_citation_holds_the_numbers_and_the_entity() -> None:
    cited = m.Found(doc="a.md", text="过去一年 | 4.23% | 12.32%", title="云岭价值精选混合A2026年第3季度报告")
    right = question(sentences=(("云岭价值精选：2026年第3季度过去一年净值增长率为4.23%。", (cited,)),))
    wrong_number = question(sentences=(("云岭价值精选：过去一年净值增长率为4.32%。", (cited,)),))
    wrong_fund = question(sentences=(("听松短债：过去一年净值增长率为4.23%。", (cited,)),))
    assert m.citation_precision([right]) == 1.0
    assert m.citation_precision([wrong_number]) == 0.0
    assert m.citation_precision([wrong_fund]) == 0.0
    assert m.citation_precision([question(sentences=(("没有数字的一句。", (cited,)),))]) is None


def test_unsupported_numbers_allow_shown_differences() -> None:
    cited = m.Found(doc="a.md", text="4.23% | 12.32%")
    shown = question(sentences=(("4.23%减12.32%，相差8.09%。", (cited,)),))
    invented = question(sentences=(("4.23%，相差9.09%，另有7.77%。", (cited,)),))
    assert m.unsupported_numbers(shown) == 0
    assert m.unsupported_numbers(invented) == 2


def test_refusals() -> None:
    answerable, unanswerable = question(abstained=True), question(docs=(), evidence=(), abstained=True)
    assert m.abstention_recall([answerable, unanswerable]) == 1.0
    assert m.abstention_precision([answerable, unanswerable]) == 0.5
    assert m.abstention_recall([answerable]) is None
