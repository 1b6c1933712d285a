"""Sealed texts are opened by two officers, for a time and a reason, and by nothing that the database says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from compliance_filters.audit import opening
from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.opening import Openings
from compliance_filters.audit.read import check_readable, entries_of
from compliance_filters.errors import AuditError, ErasureError, SealedError
from compliance_filters.tables import metadata
from knowledge_base.access import AccessDeniedError, Principal, Role
from tests.compliance_filters.conftest import KEY

FIRST, SECOND = (Principal(user_id=name, roles=frozenset({Role.COMPLIANCE})) for name in ("o1", "o2"))
OPERATOR = Principal(user_id="operator", roles=frozenset({Role.SYSTEM}))
WHY, TOO = "证监局调取", "已核对调查通知书"


@pytest.fixture
def log(any_engine: Engine) -> AuditLog:
    metadata.create_all(any_engine)
    audit = AuditLog(any_engine, KEY)
    for client in ("C1", "C2"):
        audit.append(event="e", actor="A001", subject=client, payload={"t": f"{client}的话"})
    Erasure(audit).seal("C1", reason="客户要求", principal=FIRST)
    return audit


@pytest.fixture
def openings(log: AuditLog) -> Openings:
    return Openings(log)


def opened(openings: Openings, client: str = "C1") -> None:
    openings.open(client, reason=WHY, hours=2, principal=FIRST)
    openings.open(client, reason=TOO, principal=SECOND)


def texts(log: AuditLog, reader: Principal | None) -> list[object]:
    return [(e.payload or {}).get("t") for e in entries_of(log, "C1", principal=reader) if e.event == "e"]


def test_two_officers_open_and_what_they_put_down_can_be_read(log: AuditLog, openings: Openings) -> None:
    asked = openings.open("C1", reason=WHY, hours=2, principal=FIRST)
    assert (asked.state, asked.asked_by, asked.reason, asked.hours) == ("asked", "o1", WHY, 2)
    with pytest.raises(SealedError):
        texts(log, SECOND)
    reached = openings.open("C1", reason=TOO, principal=SECOND)
    assert (reached.state, reached.asked_by, reached.opened_by, reached.hours) == ("open", "o1", "o2", 2)
    assert reached.reason == f"{WHY} / {TOO}"
    assert texts(log, SECOND) == ["C1的话"]
    events = [entry.event for entry in entries_of(log, "C1", principal=FIRST) if entry.event.startswith("key.open")]
    assert events == ["key.open_asked", "key.opened"]
    assert log.verify().ok


def test_the_reasons_are_read_while_the_texts_are_sealed(log: AuditLog, openings: Openings) -> None:
    openings.open("C1", reason=WHY, principal=FIRST)
    assert openings.status("C1", principal=OPERATOR).reason == WHY


def test_never_one_officer_alone(openings: Openings) -> None:
    openings.open("C1", reason=WHY, principal=FIRST)
    with pytest.raises(ErasureError, match="another one than the first"):
        openings.open("C1", reason=WHY, principal=FIRST)
    assert openings.status("C1", principal=FIRST).state == "asked"


def test_only_officers_read_and_only_what_is_exported(log: AuditLog, openings: Openings) -> None:
    opened(openings)
    for other in (None, OPERATOR, Principal(user_id="a", roles=frozenset({Role.ADVISOR}))):
        with pytest.raises(SealedError):
            texts(log, other)
    entry = next(e.id for e in entries_of(log, "C1", principal=FIRST) if e.event == "e")
    with pytest.raises(SealedError, match="tougu audit open"):
        log.payload(entry)  # the queue, the gate and what can still be delivered


def test_it_ends_by_itself(log: AuditLog, openings: Openings, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(openings)
    from compliance_filters.audit import read

    now = read.database_now
    monkeypatch.setattr(read, "database_now", lambda connection: now(connection) + timedelta(hours=1, minutes=59))
    assert texts(log, FIRST) == ["C1的话"]
    monkeypatch.setattr(read, "database_now", lambda connection: now(connection) + timedelta(hours=2, minutes=1))
    with pytest.raises(SealedError):
        texts(log, FIRST)


def test_it_is_ended_before_its_time_and_a_request_is_taken_back(log: AuditLog, openings: Openings) -> None:
    opened(openings)
    openings.end("C1", reason="已调取完毕", principal=SECOND)
    with pytest.raises(SealedError):
        texts(log, FIRST)
    openings.open("C1", reason=WHY, principal=FIRST)
    openings.end("C1", reason="误申请", principal=FIRST)
    assert openings.open("C1", reason=TOO, principal=SECOND).state == "asked"


def test_a_request_that_nobody_confirms_is_forgotten(openings: Openings, monkeypatch: pytest.MonkeyPatch) -> None:
    openings.open("C1", reason=WHY, principal=FIRST)
    monkeypatch.setattr(opening, "ASKED_FOR", timedelta(0))
    assert openings.open("C1", reason=TOO, principal=SECOND).state == "over"
    monkeypatch.undo()
    assert openings.status("C1", principal=FIRST).asked_by == "o2", "the second one asks anew"


def test_what_cannot_be(openings: Openings) -> None:
    for client, reason, hours, principal, error, words in (
        ("C2", WHY, 2, FIRST, ErasureError, "not sealed"),
        ("C9", WHY, 2, FIRST, ErasureError, "no texts of C9"),
        ("C1", " ", 2, FIRST, ErasureError, "needs a reason"),
        ("C1", WHY, 169, FIRST, ErasureError, "1 to 168 hours"),
        ("C1", WHY, 2, OPERATOR, AccessDeniedError, "may not"),
    ):
        with pytest.raises(error, match=words):
            openings.open(client, reason=reason, hours=hours, principal=principal)
    with pytest.raises(ErasureError, match="not open, and nobody asked"):
        openings.end("C1", reason=WHY, principal=FIRST)
    openings.open("C1", reason=WHY, hours=2, principal=FIRST)
    with pytest.raises(ErasureError, match="asked for 2 hours"):
        openings.open("C1", reason=TOO, hours=3, principal=SECOND)
    openings.open("C1", reason=TOO, hours=2, principal=SECOND)
    with pytest.raises(ErasureError, match="open until"):
        openings.open("C1", reason=WHY, principal=FIRST)


def test_an_opening_that_the_database_was_made_to_hold_opens_nothing(log: AuditLog, openings: Openings) -> None:
    """The entry of an old opening, moved to the end by somebody without the key."""
    opened(openings)
    openings.end("C1", reason="已调取完毕", principal=SECOND)
    with log.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO audit_log SELECT 999, 'a_copy', at, event, actor, subject, data, NULL, prev, hash "
            "FROM audit_log WHERE event = 'key.opened'"
        ))  # fmt: skip
    with pytest.raises(AuditError, match="was changed"):
        texts(log, FIRST)


def test_a_client_of_whom_the_log_holds_nothing_is_named(log: AuditLog) -> None:
    with pytest.raises(AuditError, match="nothing on a client C9"):
        check_readable(log, "C9")
    check_readable(log, "C2")
    with pytest.raises(SealedError):
        check_readable(log, "C1", principal=FIRST)
