"""Events over HTTP: counted once, all or none, problem documents for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from knowledge_base.access import Role
from knowledge_base.tables import events
from serve.users import OPERATOR
from serve.wiring import House

EVENT = {"id": "X1", "client_id": "C0003", "kind": "login", "at": "2026-11-22T09:00:00+08:00", "amount_cny": "1.20"}


def stored(house: House) -> int:
    with house.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


def test_events_are_counted_once(client: TestClient, house: House) -> None:
    before = stored(house)
    again = {**EVENT, "id": "X2", "product_code": "1"}
    answer = client.post("/v1/events", json={"events": [EVENT, again]})
    assert (answer.status_code, answer.json()) == (200, {"added": 2, "known": 0})
    assert client.post("/v1/events", json={"events": [again, EVENT]}).json() == {"added": 0, "known": 2}
    assert stored(house) == before + 2


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "nobody"},
        {"kind": "logn"},
        {"at": "2026-11-22T09:00:00"},
        {"amount_cny": "1e99"},
        {"surprise": 1},
    ],
)
def test_what_is_wrong_changes_nothing(client: TestClient, house: House, fields: dict[str, Any]) -> None:
    before = stored(house)
    answer = client.post("/v1/events", json={"events": [{**EVENT, "id": "X3"}, {**EVENT, **fields}]})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert stored(house) == before
    assert client.post("/v1/events", json={"events": [EVENT] * 1001}).status_code == 422


def test_an_advisor_may_not_send_events(client: TestClient, house: House) -> None:
    house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    answer = client.post("/v1/events", json={"events": [EVENT]}, headers={"tougu-as": "A001"})
    assert answer.status_code == 403
