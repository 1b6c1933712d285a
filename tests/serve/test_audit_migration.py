"""A log that was begun before payloads were encrypted goes on after the upgrade, and still verifies."""

from __future__ import annotations

import hmac
import json
from typing import Any

from sqlalchemy import Engine, text

from compliance_filters.audit.log import AuditLog, canonical
from compliance_filters.audit.read import entries_of
from serve.database import alembic_config, migrate

KEY = b"a test key of at least thirty-two bytes"
BEFORE = "6ea7cf2bc401"


def mac(purpose: str, data: str) -> str:
    key = hmac.digest(KEY, f"tougu audit {purpose}".encode(), "sha256")
    return hmac.digest(key, data.encode(), "sha256").hex()


def old_entry(seq: int, prev: str, payload: dict[str, Any] | None) -> dict[str, Any]:
    """An entry as the first version wrote it."""
    texts = None if payload is None else canonical(payload)
    body = {
        "seq": seq, "id": f"a_{seq}", "at": "2026-03-01T00:00:00.120000+00:00", "event": "compliance.verdict",
        "actor": "A001", "subject": mac("text", "C1"), "data": {"n": seq, "ratio": 0.1, "s": "中"},
        "payload": None if texts is None else mac("text", texts),
    }  # fmt: skip
    told = canonical(body)
    return {**body, "body": told, "prev": prev, "hash": mac("chain", f"{prev}\n{told}"), "texts": texts}


def old_log(engine: Engine) -> None:
    from alembic import command

    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), BEFORE)
        prev = "0" * 64
        for seq, payload in ((1, {"text": "第一条"}), (2, None), (3, {"text": "第三条"})):
            row = old_entry(seq, prev, payload)
            prev = row["hash"]
            connection.execute(
                text("INSERT INTO audit_log (seq, id, at, event, actor, subject, body, prev, hash) VALUES "
                     "(:seq, :id, :at, :event, :actor, :subject, :body, :prev, :hash)"),
                {**row, "at": "2026-03-01 00:00:00.120000+00" if engine.dialect.name == "postgresql"
                 else "2026-03-01 00:00:00.120000"},
            )  # fmt: skip
            if row["texts"]:
                connection.execute(text("INSERT INTO audit_payload (audit_id, body) VALUES (:id, :texts)"), row)
        connection.execute(text("INSERT INTO audit_head (id, seq, hash) VALUES (1, 3, :h)"), {"h": prev})
        connection.commit()


def test_old_entries_verify_read_and_are_followed(any_engine: Engine) -> None:
    old_log(any_engine)
    migrate(any_engine)
    audit = AuditLog(any_engine, KEY)
    assert audit.verify().problems == ()
    assert [(e.data["n"], e.payload) for e in entries_of(audit, "C1")] == [
        (1, {"text": "第一条"}), (2, None), (3, {"text": "第三条"}),
    ]  # fmt: skip
    assert audit.payload("a_3") == {"text": "第三条"}
    new = audit.append(event="compliance.verdict", actor="A001", subject="C1", payload={"text": "新的"})
    assert audit.payload(new) == {"text": "新的"}
    assert audit.verify().ok


def test_an_old_text_that_was_changed_is_found_after_the_upgrade(any_engine: Engine) -> None:
    old_log(any_engine)
    changed = json.dumps({"text": "改了"})
    with any_engine.begin() as connection:
        connection.execute(text("UPDATE audit_payload SET body = :b WHERE audit_id = 'a_1'"), {"b": changed})
    migrate(any_engine)
    assert AuditLog(any_engine, KEY).verify().problems == ("entry 1: its payload was changed",)
