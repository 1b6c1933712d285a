"""The migrations lead to the tables that the code declares, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text

from serve.database import DatabaseError, alembic_config, all_metadata, migrate, schema_state


def together(parts: tuple[MetaData, ...]) -> MetaData:
    whole = MetaData()
    for part in parts:
        for table in part.tables.values():
            table.to_metadata(whole)
    return whole


def test_no_two_packages_own_a_table_of_one_name() -> None:
    names = [name for part in all_metadata() for name in part.tables]
    assert len(names) == len(set(names))


def test_head_is_what_the_code_declares(any_engine: Engine) -> None:
    state = migrate(any_engine)
    assert state.status == "current", "no migration yet: python -m serve.migrations.make 'first schema'"
    with any_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences: list[Any] = compare_metadata(context, together(all_metadata()))
    assert differences == [], "the tables changed: python -m serve.migrations.make 'what changes'"


def test_migrating_again_changes_nothing(any_engine: Engine) -> None:
    assert migrate(any_engine) == migrate(any_engine) == schema_state(any_engine)


def test_processes_that_start_together_take_turns(database_url: str, any_engine: Engine) -> None:
    program = f"from serve.database import *; print(migrate(open_engine({database_url!r})).status)"
    starting = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=120) for process in starting]
    assert [out.decode().strip() for out, _ in ended] == ["current"] * 3, ended
    assert "jobs" in inspect(any_engine).get_table_names()


def test_what_waited_in_the_old_review_queue_expires_and_leaves_its_text(any_engine: Engine) -> None:
    """Rows as they were written before texts moved into the audit log."""
    upgrade(any_engine, "f6ec83e2e37d")
    finding = '[{"rule":"insider.information","severity":"high"}]'
    day = "2026-01-01 00:00:00+00:00"
    with any_engine.begin() as connection:
        for seq, (name, event, data) in enumerate(
            (("a_1", "compliance.verdict", {"by": "A001"}), ("a_2", "compliance.verdict", {"by": "model"}),
             ("a_3", "review.approved", {"review": "rv_2"}))
        ):  # fmt: skip
            connection.execute(
                text("INSERT INTO audit_log (seq, id, at, event, actor, subject, data, prev, hash) "
                     "VALUES (:seq, :id, :at, :event, 'x', '', :data, '', '')"),
                {"seq": seq, "id": name, "at": day, "event": event, "data": json.dumps(data)},
            )  # fmt: skip
        for name, entry, state, found in (("rv_1", "a_1", "pending", finding), ("rv_2", "a_2", "approved", "[]")):
            connection.execute(
                text("INSERT INTO compliance_review (id, audit_id, created_at, created_by, state, target, text, "
                     "findings, errors, rule_pack) VALUES (:id, :entry, :at, 'A001', :state, 'answer', '\"w\"', "
                     ":found, '[]', 'p')"),
                {"id": name, "entry": entry, "at": day, "state": state, "found": found},
            )  # fmt: skip
        spoken = '[{"turn":1,"rule":"promise.return","quote":"q","disposition":"call_back"}]'
        connection.execute(
            text("INSERT INTO calls (id, ended_at, duration_s, note, findings, warnings, model_version, recorded_at) "
                 "VALUES ('k1', :at, 1, '纪要', :found, '[]', 'm', :at)"),
            {"at": day, "found": spoken},
        )  # fmt: skip
    migrate(any_engine)
    with any_engine.connect() as connection:
        reviews = connection.execute(
            text("SELECT id, state, written_by, confidential, decision_id FROM compliance_review ORDER BY id")
        ).all()
        words = connection.execute(text("SELECT call_id, rule, state, severity FROM spoken_findings")).all()
        notes = connection.execute(
            text(
                "SELECT n.call_id, n.state, n.version, t.text FROM call_notes n JOIN call_note_texts t "
                "ON t.call_id = n.call_id AND t.version = n.version"
            )
        ).all()
    assert [(r.id, r.state, r.written_by, bool(r.confidential), r.decision_id) for r in reviews] == [
        ("rv_1", "expired", "A001", True, None), ("rv_2", "approved", "model", False, "a_3"),
    ]  # fmt: skip
    assert [tuple(word) for word in words] == [("k1", "promise.return", "open", "medium")]
    assert [tuple(note) for note in notes] == [("k1", "draft", 1, "纪要")]
    assert "text" not in {column["name"] for column in inspect(any_engine).get_columns("compliance_review")}


def test_cases_that_are_there_get_numbers_and_everything_keeps_its_state(any_engine: Engine) -> None:
    """Rows as they were written before cases had numbers and a history."""
    upgrade(any_engine, "2dcf9f703eb0")
    with any_engine.begin() as connection:
        connection.execute(
            text("INSERT INTO kb_clients (id, name, advisor_id, consents, opt_outs, account_state) "
                 "VALUES ('C1', '甲', 'A2', '[]', '[]', 'open')")
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO calls (id, client_id, ended_at, duration_s, note, findings, warnings, model_version, "
                 "recorded_at) VALUES ('k1', 'C1', :at, 1, '', '[]', '[]', 'm', :at)"),
            {"at": "2025-12-31 16:30:00+00:00"},
        )  # fmt: skip
        for name, kind, intent, state, at in (
            ("f1", "case", "complaint", "handled", "2025-12-31 10:00:00+00:00"),
            ("f2", "case", "complaint", "open", "2025-12-31 16:30:00+00:00"),  # the new year has begun in China
            ("f3", "case", "complaint", "open", "2026-03-01 10:00:00+00:00"),
            ("f4", "ticket", "service.account", "open", "2026-03-01 10:00:00+00:00"),
            ("f5", "consent", "consent.optout", "open", "2026-03-01 10:00:00+00:00"),
        ):
            connection.execute(
                text("INSERT INTO follow_ups (id, kind, call_id, client_id, intent, state, evidence, confidence, "
                     "due_at, created_at, outcome) "
                     "VALUES (:id, :kind, 'k1', 'C1', :intent, :state, '[]', 0.9, :at, :at, '')"),
                {"id": name, "kind": kind, "intent": intent, "state": state, "at": at},
            )  # fmt: skip
    migrate(any_engine)
    with any_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id, number, state, client_advisor_id, look_at FROM follow_ups ORDER BY id")
        ).all()
        last = connection.execute(text("SELECT series, last FROM registered_numbers ORDER BY series")).all()
        told = connection.execute(text("SELECT count(*) FROM follow_up_events")).scalar()
    assert [(r.id, r.number, r.state, bool(r.look_at)) for r in rows] == [
        ("f1", "TS-2025-000001", "closed", False), ("f2", "TS-2026-000001", "open", True),
        ("f3", "TS-2026-000002", "open", True), ("f4", None, "open", True), ("f5", None, "asked", True),
    ]  # fmt: skip
    assert {r.client_advisor_id for r in rows} == {"A2"}
    assert [tuple(row) for row in last] == [("TS-2025", 1), ("TS-2026", 2)]
    assert told == 5


def upgrade(engine: Engine, revision: str) -> None:
    """Bring an empty database to an old revision."""
    from alembic import command

    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), revision)
        connection.commit()


def test_a_database_of_a_newer_version_is_refused(any_engine: Engine) -> None:
    migrate(any_engine)
    with any_engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('fffffffffffe')"))
    assert schema_state(any_engine).status == "newer"
    with pytest.raises(DatabaseError, match="newer version"):
        migrate(any_engine)


def test_a_migration_that_fails_changes_nothing(any_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of the firm's own that is in the way."""
    with any_engine.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (n INTEGER)"))
    with pytest.raises(DatabaseError, match="nothing was changed"):
        migrate(any_engine)
    assert inspect(any_engine).get_table_names() == ["outbox"]


def test_events_imported_before_count_in_the_days_of_their_clients(any_engine: Engine) -> None:
    upgrade(any_engine, "2dcf9f703eb0")
    with any_engine.begin() as connection:
        connection.execute(
            text("INSERT INTO kb_clients (id, name, consents, opt_outs, account_state) "
                 "VALUES ('C1', 'x', '[]', '[]', 'open')")
        )  # fmt: skip
        typed = str if any_engine.dialect.name == "sqlite" else float
        for n, amount in enumerate(("0.10", "0.20", None)):
            connection.execute(
                text("INSERT INTO kb_events (id, client_id, kind, at, amount_cny) "
                     "VALUES (:id, 'C1', 'deposit', '2026-01-01 17:00:00+00:00', :amount)"),
                {"id": f"E{n}", "amount": amount and typed(amount)},
            )  # fmt: skip
    migrate(any_engine)
    with any_engine.connect() as connection:
        days = connection.execute(
            text("SELECT client_id, day, kind, product_code, times, amount_fen FROM kb_event_days")
        )
        assert [(str(d.day), d.kind, d.product_code, d.times, d.amount_fen) for d in days] == [
            ("2026-01-02", "deposit", "", 3, 30)
        ]
