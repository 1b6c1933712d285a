"""A talk over HTTP, as tests begin it, ask in it and read its events."""

from __future__ import annotations

import json
from typing import Any

from starlette.testclient import TestClient

from tests.serve.conftest import FEE

ADVISOR = {"tougu-as": "A001"}


OTHER = {"tougu-as": "A002"}


def begin(client: TestClient, client_id: str | None = None, **options: Any) -> str:
    reply = client.post("/v1/sessions", json={"client_id": client_id}, **options)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def ask(client: TestClient, talk: str, question: str = FEE, **more: Any) -> str:
    reply = client.post(f"/v1/sessions/{talk}/questions", json={"question": question, **more})
    assert reply.status_code == 202, reply.text
    return str(reply.json()["id"])


def events(client: TestClient, talk: str, turn: str, after: int = 0) -> list[tuple[int, str, Any]]:
    reply = client.get(f"/v1/sessions/{talk}/turns/{turn}/answer", headers={"last-event-id": str(after)})
    assert reply.status_code == 200, reply.text
    found = []
    for block in reply.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def names(told: list[tuple[int, str, Any]]) -> list[str]:
    return [name for _, name, _ in told]
