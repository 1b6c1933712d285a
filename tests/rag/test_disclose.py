"""Contradictions in answers: both sides until an editor settled it, then the one that holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.access import system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.conflict_queue import ConflictQueue
from knowledge_base.conflicts import find_conflicts
from knowledge_base.facts import FactStore
from knowledge_base.products import Products
from rag.answer import Answerer
from rag.passage import Answer
from rag.retrieve import Retriever
from tests.rag.firm import CLOUD, FRONT, Firm

ALL, DAY = system_principal(), date(2026, 11, 21)
RULE = FRONT.format(title="{title}", type="rule", more="topic: 风险测评\n") + "# {title}\n\n{text}\n"
LONG, SHORT = "风险测评结果自完成之日起24个月内有效。", "风险测评结果自完成之日起12个月内有效，过期请重做。"
QUESTION = "风险测评结果多久有效"
GROWTH = "云岭稳健混合2024年净值增长率是多少"


@pytest.fixture
def firm(engine: Engine, tmp_path: Path) -> Iterator[Firm]:
    from knowledge_base.editor_tables import metadata

    metadata.create_all(engine)
    made = Firm(engine, tmp_path)
    made.put("a.md", RULE.format(title="测评管理办法", text=LONG))
    made.put("b.md", RULE.format(title="测评常见问题", text=SHORT))
    made.put("other.md", CLOUD.replace("3.25%", "3.52%").replace("type: fund_annual", "type: other"))
    yield made
    made.index.close()


def queue_of(firm: Firm) -> ConflictQueue:
    queue = ConflictQueue(firm.engine)
    found = find_conflicts(Catalog(firm.engine), FactStore(firm.engine), principal=ALL, on=DAY)
    queue.refresh(found, principal=ALL)
    return queue


def ask(firm: Firm, question: str) -> Answer:
    answerer = Answerer(
        Retriever(firm.index, firm.index.encoder),
        FactStore(firm.engine),
        Products(firm.engine),
        disagreements=ConflictQueue(firm.engine),
    )
    return answerer.answer(question, ALL, on=DAY)


def test_rules_that_contradict_are_both_given_then_the_one_that_holds(firm: Firm) -> None:
    queue = queue_of(firm)
    answer = ask(firm, QUESTION)
    assert "24个月" in answer.text
    assert "12个月" in answer.text
    assert "不一致" in (answer.note or "")
    assert {citation.title for citation in answer.citations} == {"测评管理办法", "测评常见问题"}
    for citation in answer.citations:
        assert firm.text(citation.version_id)[citation.start : citation.end] == citation.quote
    (kept,) = [one for one in queue.list(principal=ALL) if one.conflict.kind == "rule"]
    holds = "left" if "24个月" in kept.conflict.left.quote else "right"
    queue.settle(kept.id, holds=holds, why="以办法为准", principal=ALL)
    answer = ask(firm, QUESTION)
    assert "24个月" in answer.text
    assert "12个月" not in answer.text
    assert answer.note is None
    queue.settle(kept.id, holds="both", why="适用对象不同", principal=ALL)
    assert ask(firm, QUESTION).note is None


def test_figures_that_contradict(firm: Firm) -> None:
    queue = queue_of(firm)
    answer = ask(firm, GROWTH)
    assert "3.25%" in answer.text
    assert "3.52%" in answer.text
    assert len({citation.version_id for citation in answer.citations}) == 2
    for kept in queue.list(principal=ALL):
        if kept.conflict.kind == "fact":
            holds = "left" if "3.25" in kept.conflict.left.quote else "right"
            queue.settle(kept.id, holds=holds, why="更正后为准", principal=ALL)
    answer = ask(firm, GROWTH)
    assert "3.25%" in answer.text
    assert "3.52%" not in answer.text
    assert answer.note is None
