"""Erasure: sealed at once, kept until the retention date, destroyed by two persons, never under a hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.erasure import Erasure, KeyStatus, years_after
from compliance_filters.audit.log import Access, AuditLog
from compliance_filters.audit.read import entries_of
from compliance_filters.errors import AuditError, ErasureError, SealedError
from compliance_filters.tables import metadata
from knowledge_base.access import AccessDeniedError, Principal, Role
from serve.database import open_engine
from tests.compliance_filters.conftest import KEY

OFFICER = Principal(user_id="o1", roles=frozenset({Role.COMPLIANCE}))
SECOND = Principal(user_id="o2", roles=frozenset({Role.COMPLIANCE}))
WHY = "客户书面要求删除"


@pytest.fixture
def log(any_engine: Engine) -> AuditLog:
    metadata.create_all(any_engine)
    audit = AuditLog(any_engine, KEY)
    for client in ("C1", "C2"):
        audit.append(event="e", actor="A001", subject=client, payload={"t": f"{client}的话"})
    return audit


@pytest.fixture
def due(log: AuditLog) -> Erasure:
    """Rules by which the retention date of every text is past."""
    return Erasure(log, keep_years=0)


def entry_of(log: AuditLog, client: str) -> str:
    return next(entry.id for entry in entries_of(log, client) if entry.event == "e")


def destroyed(due: Erasure, client: str) -> KeyStatus:
    due.seal(client, reason=WHY, principal=OFFICER)
    due.destroy(client, principal=OFFICER)
    return due.destroy(client, principal=SECOND)


def test_sealed_texts_are_read_by_nobody_and_still_verify(log: AuditLog) -> None:
    entry, other = entry_of(log, "C1"), entry_of(log, "C2")
    status = Erasure(log).seal("C1", reason=WHY, principal=OFFICER)
    assert status.state == "sealed"
    assert status.retain_until
    assert status.retain_until.year == datetime.now(UTC).year + 20
    with pytest.raises(SealedError, match="sealed on"):
        log.payload(entry)
    with pytest.raises(SealedError, match="sealed on"):
        list(entries_of(log, "C1"))
    assert log.payload(other) == {"t": "C2的话"}
    assert log.verify().ok


def test_what_is_written_after_the_sealing_is_sealed_too(log: AuditLog) -> None:
    Erasure(log).seal("C1", reason=WHY, principal=OFFICER)
    later = log.append(event="e", actor="A001", subject="C1", payload={"t": "后来的话"})
    with pytest.raises(SealedError):
        log.payload(later)


def test_a_dead_key_leaves_a_chain_that_verifies(log: AuditLog, due: Erasure) -> None:
    entry = entry_of(log, "C1")
    assert destroyed(due, "C1").state == "destroyed"
    with pytest.raises(SealedError, match="erased on"):
        log.payload(entry)
    assert log.verify().ok
    assert [e.payload for e in entries_of(log, "C1") if e.id == entry] == [None]
    assert log.payload(entry_of(log, "C2")) == {"t": "C2的话"}


def test_a_client_who_comes_back_gets_a_new_key(log: AuditLog, due: Erasure) -> None:
    destroyed(due, "C1")
    again = log.append(event="e", actor="A001", subject="C1", payload={"t": "又来了"})
    assert log.payload(again) == {"t": "又来了"}
    assert due.status("C1", principal=OFFICER).state == "active"
    assert log.verify().ok


def test_the_wrapped_key_is_in_no_file_of_the_database(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'log.db'}")
    metadata.create_all(engine)
    log = AuditLog(engine, KEY)
    log.append(event="e", actor="u", subject="C1", payload={"t": "x"})
    with engine.connect() as connection:
        wrapped = connection.exec_driver_sql("select wrapped from audit_key").scalar_one()
    assert any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    destroyed(Erasure(log, keep_years=0), "C1")
    assert not any(wrapped in path.read_bytes() for path in tmp_path.iterdir())
    engine.dispose()


def test_never_before_the_date(log: AuditLog) -> None:
    rules = Erasure(log, keep_years=20)
    rules.seal("C1", reason=WHY, principal=OFFICER)
    with pytest.raises(ErasureError, match="must be kept until 20"):
        rules.destroy("C1", principal=OFFICER)


def test_a_later_text_moves_the_date_and_a_look_does_not(log: AuditLog) -> None:
    rules = Erasure(log)
    before = rules.status("C1", principal=OFFICER).retain_until
    log.access(Access.VIEW, actor="A001", what="call", items=[("C1", "k1")])
    rules.hold("C1", reason="诉讼", principal=OFFICER)
    assert rules.status("C1", principal=OFFICER).retain_until == before
    log.append(event="e", actor="A001", subject="C1", payload={"t": "后来的话"})
    after = rules.status("C1", principal=OFFICER).retain_until
    assert before
    assert after
    assert after > before


def test_never_by_one_person_alone(log: AuditLog, due: Erasure) -> None:
    due.seal("C1", reason=WHY, principal=OFFICER)
    assert due.destroy("C1", principal=OFFICER).destroy_by == "o1"
    with pytest.raises(ErasureError, match="another one than the first"):
        due.destroy("C1", principal=OFFICER)
    assert due.status("C1", principal=OFFICER).state == "sealed"


def test_never_unsealed(due: Erasure) -> None:
    with pytest.raises(ErasureError, match="seal them first"):
        due.destroy("C1", principal=OFFICER)


def test_never_under_a_hold_not_even_a_hold_between_the_two(log: AuditLog, due: Erasure) -> None:
    due.seal("C1", reason=WHY, principal=OFFICER)
    due.destroy("C1", principal=OFFICER)
    held = due.hold("C1", reason="监管调查", principal=SECOND)
    assert (held.hold_by, held.destroy_by) == ("o2", None)
    with pytest.raises(ErasureError, match="legal hold"):
        due.destroy("C1", principal=SECOND)
    assert due.lift("C1", reason="调查结束", principal=OFFICER).hold_by is None
    assert due.destroy("C1", principal=SECOND).state == "sealed"  # the first of two again
    assert due.destroy("C1", principal=OFFICER).state == "destroyed"


def test_each_step_is_an_entry_with_its_reason(log: AuditLog, due: Erasure) -> None:
    due.hold("C1", reason="监管调查", principal=OFFICER)
    due.lift("C1", reason="调查结束", principal=SECOND)
    steps = [(e.event, e.actor, (e.payload or {}).get("reason")) for e in entries_of(log, "C1") if e.event != "e"]
    assert steps == [("key.created", "audit", None), ("key.held", "o1", "监管调查"), ("key.lifted", "o2", "调查结束")]


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.ADVISOR, Role.OPERATIONS])
def test_only_officers(role: Role, due: Erasure) -> None:
    other = Principal(user_id="x", roles=frozenset({role}))
    steps: list[Callable[[], object]] = [
        lambda: due.seal("C1", reason=WHY, principal=other),
        lambda: due.hold("C1", reason=WHY, principal=other),
        lambda: due.lift("C1", reason=WHY, principal=other),
        lambda: due.destroy("C1", principal=other),
    ]
    for step in steps:
        with pytest.raises(AccessDeniedError):
            step()


def test_steps_that_make_no_sense_say_so(due: Erasure) -> None:
    due.seal("C1", reason=WHY, principal=OFFICER)
    for step, words in (
        (lambda: due.seal("C1", reason=WHY, principal=OFFICER), "sealed already"),
        (lambda: due.seal("C2", reason=" ", principal=OFFICER), "needs a reason"),
        (lambda: due.lift("C1", reason=WHY, principal=OFFICER), "no legal hold"),
        (lambda: due.seal("nobody", reason=WHY, principal=OFFICER), "no texts of nobody"),
        (lambda: due.status("nobody", principal=OFFICER), "no texts of nobody"),
    ):
        with pytest.raises(ErasureError, match=words):
            step()


def test_a_changed_entry_is_not_read(log: AuditLog) -> None:
    with log.engine.begin() as connection:
        connection.exec_driver_sql("update audit_log set actor='somebody else' where event='e'")
    with pytest.raises(AuditError, match="was changed"):
        list(entries_of(log, "C1"))


def test_twenty_years_after_a_leap_day() -> None:
    assert years_after(datetime(2028, 2, 29, tzinfo=UTC), 20) == datetime(2048, 2, 29, tzinfo=UTC)
    assert years_after(datetime(2028, 2, 29, tzinfo=UTC), 1) == datetime(2029, 3, 1, tzinfo=UTC)
