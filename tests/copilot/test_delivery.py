"""Delivery: only what the gate cleared, only to one's own client, together with its outbox row or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from compliance_filters.finding import Cleared, Draft, ReviewContext, Target
from compliance_filters.gate import Gate
from copilot.delivery import TOPIC, deliver, delivered_sha256
from copilot.tables import deliveries, metadata
from jobs.outbox import Outbox
from jobs.tables import metadata as job_tables
from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.errors import UnknownClientError
from tests.copilot.firm import ADVISOR, OTHER, TODAY, make_firm

TEXT = "您好，明天上午方便通话吗？"


@pytest.fixture
def firm(engine: Engine, tmp_path: Path) -> Engine:
    for tables in (metadata, job_tables):
        tables.create_all(engine)
    make_firm(engine, tmp_path)
    return engine


@pytest.fixture
def cleared(real_gate: Gate) -> Cleared:
    draft = Draft(text=TEXT, target=Target.ADVISOR_MESSAGE, by="A001", generated=False)
    verdict = real_gate.review(draft, ReviewContext(today=TODAY), principal=ADVISOR)
    assert verdict.cleared
    return verdict.cleared


def send(firm: Engine, text: object, *, client: str = "C1", principal: Principal = ADVISOR) -> str:
    return deliver(
        text,  # type: ignore[arg-type]
        client_id=client,
        channel="wecom",
        engine=firm,
        outbox=Outbox(firm),
        principal=principal,
    )


def rows(firm: Engine) -> list[object]:
    with firm.connect() as connection:
        return list(connection.execute(select(deliveries)).all())


def test_a_cleared_text_is_recorded_and_put_into_the_outbox(firm: Engine, cleared: Cleared) -> None:
    delivery = send(firm, cleared)
    (row,) = rows(firm)
    assert (row.id, row.client_id, row.user_id, row.text) == (delivery, "C1", "A001", TEXT)
    assert (row.sha256, row.audit_id) == (cleared.sha256, cleared.audit_id)
    (message,) = Outbox(firm).pending()
    assert (message.topic, message.key, message.payload["delivery_id"]) == (TOPIC, "C1", delivery)
    assert TEXT not in str(message.payload)


@pytest.mark.parametrize("text", [TEXT, None, Draft(text=TEXT, target=Target.ANSWER)])
def test_anything_else_is_a_type_error(firm: Engine, text: object) -> None:
    with pytest.raises(TypeError, match="let the gate review"):
        send(firm, text)
    assert rows(firm) == []


def test_a_text_changed_after_the_gate_is_refused(firm: Engine, cleared: Cleared) -> None:
    cleared.text = "稳赚不赔。"
    with pytest.raises(TypeError, match="not the one that was cleared"):
        send(firm, cleared)
    assert rows(firm) == []


def test_without_the_outbox_row_there_is_no_delivery(
    firm: Engine, cleared: Cleared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("the power went")

    monkeypatch.setattr(Outbox, "add", broken)
    with pytest.raises(RuntimeError):
        send(firm, cleared)
    assert rows(firm) == []


def test_another_advisors_client_and_an_unknown_one_are_refused(firm: Engine, cleared: Cleared) -> None:
    with pytest.raises(UnknownClientError):
        send(firm, cleared, principal=OTHER)
    with pytest.raises(UnknownClientError):
        send(firm, cleared, client="C9")
    assert rows(firm) == []


def test_who_serves_no_clients_delivers_nothing(firm: Engine, cleared: Cleared) -> None:
    editor = Principal(user_id="E1", roles=frozenset({Role.EDITOR}))
    with pytest.raises(AccessDeniedError, match="deliver a message"):
        send(firm, cleared, principal=editor)


def test_what_was_sent_can_be_compared_with_what_was_delivered(firm: Engine, cleared: Cleared) -> None:
    send(firm, cleared)
    send(firm, cleared)
    officer = Principal(user_id="K1", roles=frozenset({Role.COMPLIANCE}))
    assert delivered_sha256("C1", engine=firm, principal=officer) == (cleared.sha256,) * 2
    assert delivered_sha256("C2", engine=firm, principal=officer) == ()
    with pytest.raises(AccessDeniedError):
        delivered_sha256("C1", engine=firm, principal=ADVISOR)
