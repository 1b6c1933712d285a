"""Somebody changes the review tables in the database: the log names the row, and an approval rests on the log."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, insert, select, text, update
from sqlalchemy.exc import StatementError

from compliance_filters.audit import bound
from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError
from compliance_filters.finding import Draft, Filter, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.review.decisions import Decisions
from compliance_filters.review.item import ReviewPolicy
from compliance_filters.review.judged import judged_item
from compliance_filters.review.marking import Mark
from compliance_filters.review.mistakes import MistakeBook
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.tables import (
    audit_log,
    compliance_mistake,
    compliance_review,
    compliance_review_event,
    metadata,
)
from jobs.tables import metadata as jobs_metadata
from tests.compliance_filters.conftest import KEY
from tests.compliance_filters.review.desk import ADVISOR, ANNA, BEN, PLAIN, Doubtful

TABLES = (compliance_review, compliance_review_event, compliance_mistake)
OTHERS: tuple[object, ...] = ("", "x", "[]", True, False, None)


@pytest.fixture
def audit(any_engine: Engine) -> AuditLog:
    metadata.create_all(any_engine)
    jobs_metadata.create_all(any_engine)
    return AuditLog(any_engine, KEY)


@pytest.fixture
def gate(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog) -> Gate:
    return Gate(pack, (*filters, Doubtful()), audit, queue=ReviewQueue(audit, ReviewPolicy(sample_share=0.0)))


def ask(gate: Gate, text: str = "这句有疑。") -> str:
    verdict = gate.review(Draft(text=text, target=Target.ANSWER), PLAIN, principal=ADVISOR)
    assert verdict.outcome is Outcome.REVIEW
    assert verdict.review_id
    return verdict.review_id


@pytest.fixture
def worked(gate: Gate, audit: AuditLog, pack: RulePack) -> list[str]:
    """Three items: approved, rejected, waiting; and a mistake of the first."""
    ids = [ask(gate, f"第{n}句有疑。") for n in range(3)]
    gate.release(ids[0], reason="无误", principal=ANNA)
    gate.reject(ids[1], reason="不妥", principal=BEN)
    item = queue_of(gate).get(ids[0], principal=ANNA)
    mark = Mark(kind="missed", rule="source.rumor", quote="有疑")
    MistakeBook(audit).mark(judged_item(item), mark, pack=pack, principal=ANNA)
    assert audit.verify().problems == ()
    return ids


def queue_of(gate: Gate) -> ReviewQueue:
    return gate._officers_queue


def rows(audit: AuditLog, table: Table) -> list[dict[str, Any]]:
    with audit.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def test_every_changed_column_of_every_row_is_found_and_its_row_named(audit: AuditLog, worked: list[str]) -> None:
    tried = 0
    for table in TABLES:
        key = next(iter(table.primary_key.columns))
        for row, column in itertools.product(rows(audit, table), table.columns):
            for other in OTHERS:
                if column is key or row[column.name] == other or not _set(audit, table, row[key.name], column, other):
                    continue
                tried += 1
                assert any(row[key.name] in problem for problem in audit.verify().problems), (column, other)
                assert _set(audit, table, row[key.name], column, row[column.name])
    assert tried > 100
    assert audit.verify().ok


def _set(audit: AuditLog, table: Table, row_id: str, column: Any, value: object) -> bool:
    """False where the database, or the column's type, does not take the value."""
    try:
        with audit.engine.begin() as connection:
            connection.execute(
                update(table).where(next(iter(table.primary_key.columns)) == row_id).values({column: value})
            )
    except (StatementError, ValueError, TypeError, AttributeError):
        return False
    return True


def test_what_a_column_cannot_hold_is_found_too(audit: AuditLog, worked: list[str]) -> None:
    if audit.engine.dialect.name != "sqlite":
        pytest.skip("expected: PostgreSQL refuses it by itself")
    with audit.engine.begin() as connection:
        connection.execute(text("UPDATE compliance_review SET due_at = 'soon' WHERE id = :id"), {"id": worked[2]})
    assert audit.verify().problems == (f"review item {worked[2]} was changed: it is not what its entries say",)


def test_a_deleted_and_an_inserted_row_are_named(audit: AuditLog, gate: Gate, worked: list[str]) -> None:
    kept = next(row for row in rows(audit, compliance_review) if row["id"] == worked[2])
    with audit.engine.begin() as connection:
        connection.execute(delete(compliance_review).where(compliance_review.c.id == worked[2]))
    assert audit.verify().problems == (f"review item {worked[2]} is missing: it was deleted",)
    with audit.engine.begin() as connection:
        connection.execute(insert(compliance_review).values({**kept, "id": "rv_forged"}))
    assert "review item rv_forged was inserted: no entry speaks of it" in audit.verify().problems


def test_a_row_inserted_before_the_first_item_is_found(audit: AuditLog, gate: Gate) -> None:
    """A log that has bound nothing yet is not taken for one of an earlier version."""
    verdict = gate.review(Draft(text="您好。", target=Target.ANSWER), PLAIN, principal=ADVISOR)
    forged = _item_row(verdict.audit_id or "")
    with audit.engine.begin() as connection:
        connection.execute(insert(compliance_review).values(forged))
    assert audit.verify().problems == ("review item rv_old was inserted: no entry speaks of it",)


def _item_row(audit_id: str) -> dict[str, Any]:
    from datetime import UTC, datetime

    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "id": "rv_old", "audit_id": audit_id, "kind": "doubt", "state": "pending", "created_at": moment,
        "created_by": "u1", "written_by": "model", "target": "answer", "outcome": "review", "rules": "[]",
        "errors": "[]", "rule_pack": "p", "grave": False, "confidential": False, "due_at": moment,
    }  # fmt: skip


def test_a_change_that_was_put_back_by_the_next_decision_is_found(audit: AuditLog, gate: Gate) -> None:
    """Without the hash of the row before, the next entry would take the changed row as it stands."""
    item_id = ask(gate)
    with audit.engine.begin() as connection:
        connection.execute(update(compliance_review).values(grave=True))
    gate.reject(item_id, reason="不妥", principal=ANNA)
    (problem,) = audit.verify().problems
    assert problem.startswith(f"review item {item_id} was changed in the database before entry")


def test_an_item_set_to_approved_in_the_database_is_not_delivered(
    audit: AuditLog, gate: Gate, worked: list[str]
) -> None:
    with audit.engine.begin() as connection:
        approval = select(compliance_review.c.decision_id).where(compliance_review.c.id == worked[0])
        borrowed = connection.execute(approval).scalar_one()
        connection.execute(
            update(compliance_review)
            .where(compliance_review.c.id == worked[2])
            .values(state="approved", decision_id=borrowed)
        )
    with pytest.raises(AuditError, match="no entry approves"):
        gate.collect(worked[2], principal=ADVISOR)
    assert gate.collect(worked[0], principal=ADVISOR).text == "第0句有疑。"


class TestRowsOfEarlierVersions:
    @pytest.fixture
    def older(self, audit: AuditLog) -> AuditLog:
        """An item that no entry binds, on a verdict from before rows were bound."""
        entry = audit.append(event="compliance.verdict", actor="u1", data={"outcome": "review", "findings": []})
        with audit.engine.begin() as connection:
            connection.execute(insert(compliance_review).values(_item_row(entry)))
        return audit

    def test_they_are_no_problem_and_the_next_step_binds_them(self, older: AuditLog, gate: Gate) -> None:
        assert older.verify().ok
        ask(gate)
        assert older.verify().ok
        with older.engine.begin() as connection:
            connection.execute(update(compliance_review).where(compliance_review.c.id == "rv_old").values(grave=True))
        assert older.verify().problems == ("review item rv_old was changed: it is not what its entries say",)

    def test_a_decision_on_one_binds_it_too(self, older: AuditLog, gate: Gate) -> None:
        Decisions(queue_of(gate)).reject("rv_old", reason="过时", principal=ANNA)
        assert older.verify().ok
        with older.engine.begin() as connection:
            connection.execute(update(compliance_review).values(state="approved"))
        assert not older.verify().ok

    def test_many_are_bound_in_several_entries(
        self, older: AuditLog, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bound, "_BATCH", 1)
        entry = older.append(event="compliance.verdict", actor="u1", data={})
        with older.engine.begin() as connection:
            connection.execute(insert(compliance_review).values({**_item_row(entry), "id": "rv_old2"}))
        ask(gate)
        assert older.verify().ok
        with older.engine.connect() as connection:
            query = select(audit_log.c.seq).where(audit_log.c.event == "rows.bound")
            assert len(connection.execute(query).all()) == 2
