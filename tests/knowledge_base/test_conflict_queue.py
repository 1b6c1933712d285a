"""Contradictions typed, kept until they are settled, and forgotten when the documents no longer disagree."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.catalog import Catalog
from knowledge_base.conflict_queue import ConflictQueue, KeptConflict
from knowledge_base.conflict_types import ConflictType, same_digits
from knowledge_base.conflicts import find_conflicts
from knowledge_base.editor_tables import metadata
from knowledge_base.errors import EditorError, UnknownConflictError
from knowledge_base.facts import FactStore
from tests.knowledge_base.made import SYSTEM, advisor, sync, write
from tests.knowledge_base.test_conflicts import rule

DAY = date(2026, 11, 21)
EDITOR = Principal(user_id="E1", roles=frozenset({Role.EDITOR}))
LONG = "风险测评结果自完成之日起24个月内有效，到期须重新测评。"
SHORT = "风险测评结果自完成之日起12个月内有效，到期须重新测评。"


@pytest.fixture
def kb(engine: Engine) -> Engine:
    metadata.create_all(engine)
    return engine


def look(kb: Engine, folder: Path) -> ConflictQueue:
    sync(folder, kb, delete=True)
    queue = ConflictQueue(kb)
    queue.refresh(find_conflicts(Catalog(kb), FactStore(kb), principal=SYSTEM, on=DAY), principal=SYSTEM)
    return queue


def two(kb: Engine, folder: Path, first: str, second: str, left: dict[str, str], right: dict[str, str]) -> KeptConflict:
    write(folder, "a.md", rule("规则甲", "测评", first, **left))
    write(folder, "b.md", rule("规则乙", "测评", second, **right))
    (found,) = look(kb, folder).list(principal=SYSTEM)
    return found


@pytest.mark.parametrize(
    ("first", "second", "left", "right", "expected"),
    [
        (LONG, SHORT, {}, {}, "genuine"),
        (LONG, SHORT, {"effective_from": "2025-01-01"}, {"effective_from": "2026-01-01"}, "superseded"),
        (LONG, SHORT, {"period": "2024"}, {"period": "2025"}, "period"),
        ("2024年测评结果自完成之日起24个月内有效", "2025年测评结果自完成之日起12个月内有效", {}, {}, "period"),
        ("A类份额持有满30日免收赎回费", "C类份额持有满7日免收赎回费", {}, {}, "share_class"),
        ("赎回款在3个工作日内划往账户", "赎回款在3个自然日内划往账户", {}, {}, "unit"),
    ],
)
def test_each_is_of_a_type(
    kb: Engine, tmp_path: Path, first: str, second: str, left: dict[str, str], right: dict[str, str], expected: str
) -> None:
    found = two(kb, tmp_path, first, second, left, right)
    assert found.conflict.type == expected
    assert found.state == "open"


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("12.5", "125000", True),
        ("1.20", "0.012", True),
        ("1.2", "12", False),
        ("5", "500", False),
        ("1.2", "1.3", False),
    ],
)
def test_the_same_digits_at_another_scale_are_a_matter_of_units(left: str, right: str, same: bool) -> None:
    from decimal import Decimal

    assert same_digits(Decimal(left), Decimal(right)) is same


def test_settled_it_stays_settled_until_a_document_changes(kb: Engine, tmp_path: Path) -> None:
    found = two(kb, tmp_path, LONG, SHORT, {}, {})
    queue = ConflictQueue(kb)
    longer = "left" if "24个月" in found.conflict.left.quote else "right"
    with pytest.raises(EditorError, match="No reason"):
        queue.settle(found.id, holds="left", why=" ", principal=EDITOR)
    with pytest.raises(AccessDeniedError):
        queue.settle(found.id, holds="left", why="x", principal=advisor())
    settled = queue.settle(found.id, holds=longer, why="以制度为准", principal=EDITOR)  # type: ignore[arg-type]
    assert (settled.state, settled.why, settled.settled_by) == ("settled", "以制度为准", "E1")
    assert settled.settled_at is not None
    assert settled.overruled is not None
    assert "12个月" in settled.overruled.quote
    look(kb, tmp_path)
    assert queue.get(found.id, principal=SYSTEM).state == "settled", "a new look forgets no decision"
    write(tmp_path, "b.md", rule("规则乙", "测评", SHORT.replace("12", "36")))
    look(kb, tmp_path)
    assert queue.get(found.id, principal=SYSTEM).state == "gone"
    (new,) = queue.list(principal=SYSTEM)
    assert "36个月" in new.conflict.left.quote + new.conflict.right.quote
    with pytest.raises(EditorError, match="no longer contradict"):
        queue.settle(found.id, holds="left", why="x", principal=EDITOR)


def test_who_may_not_read_one_document_does_not_learn_of_the_contradiction(kb: Engine, tmp_path: Path) -> None:
    found = two(kb, tmp_path, LONG, SHORT, {}, {"labels": "[internal]"})
    queue = ConflictQueue(kb)
    ids = [found.conflict.left.version_id, found.conflict.right.version_id]
    for person in (advisor(), EDITOR):
        assert queue.list(principal=person) == ()
        assert queue.touching(ids, principal=person, on=DAY) == ()
        with pytest.raises(UnknownConflictError):
            queue.get(found.id, principal=person)
    assert len(queue.touching(ids, principal=advisor("A1", "internal"), on=DAY)) == 1


def test_only_what_is_in_force_on_the_day_touches_an_answer(kb: Engine, tmp_path: Path) -> None:
    found = two(kb, tmp_path, LONG, SHORT, {}, {"effective_from": "2026-06-01"})
    queue, ids = ConflictQueue(kb), [found.conflict.left.version_id]
    assert queue.touching(ids, principal=SYSTEM, on=date(2026, 5, 31)) == ()
    assert len(queue.touching(ids, principal=SYSTEM, on=DAY)) == 1
    assert found.conflict.type is ConflictType.GENUINE
