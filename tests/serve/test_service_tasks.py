"""Service tasks: given for a segment, one a client who may be contacted, with the client's own advisor; closed once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from knowledge_base.access import Role
from knowledge_base.consents import Purpose
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.rights.conftest import told
from tests.serve.test_outreach import segment, withdraw

__all__ = ["segment"]
OPS, A001, A002 = ({"tougu-as": name} for name in ("ops", "A001", "A002"))


def later(days: int = 3) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def give(client: TestClient, who: dict[str, str] = OPS, **changes: Any) -> Any:
    body = {"what": "提醒更新风险测评", "due_at": later(), **changes}
    return client.post("/v1/segments/rich/tasks", json=body, headers=who)


def tasks(client: TestClient, who: dict[str, str], **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/service-tasks", params=asked, headers=who).json()["tasks"]
    return found


def test_each_client_of_the_segment_gets_one_with_their_own_advisor(segment: House, client: TestClient) -> None:
    members = set(segment.segments.members("rich", principal=OPERATOR))
    given = give(client).json()
    all_of_them = tasks(client, OPS)
    assert given["tasks"] == len(all_of_them) > 0
    assert {task["client_id"] for task in all_of_them} <= members
    assert given["tasks"] + given["left_out"] == len(members)
    mine, others = tasks(client, A001), tasks(client, A002)
    assert {task["advisor_id"] for task in mine} == {"A001"}
    assert {task["id"] for task in mine}.isdisjoint({task["id"] for task in others})
    assert tasks(client, OPS, advisor="A001") == mine


def test_an_advisor_gives_them_for_their_own_clients_alone(segment: House, client: TestClient) -> None:
    assert give(client, A001).json()["tasks"] > 0
    assert tasks(client, A002) == []


def test_who_does_not_wish_to_be_contacted_is_left_out(segment: House, client: TestClient) -> None:
    before = give(client, A001).json()
    client_id = tasks(client, A001)[0]["client_id"]
    withdraw(segment, client_id, Purpose.CONTACT)
    after = give(client, A001).json()
    assert (after["tasks"], after["left_out"]) == (before["tasks"] - 1, before["left_out"] + 1)


def test_it_is_closed_once_and_by_who_serves_the_client(segment: House, client: TestClient) -> None:
    give(client)
    task = tasks(client, A001)[0]
    path = f"/v1/service-tasks/{task['id']}/done"
    assert client.post(path, headers=A002).status_code == 404
    done = client.post(path, json={"outcome": "done"}, headers=A001).json()
    assert (done["state"], done["closed_by"]) == ("done", "A001")
    assert client.post(path, headers=A001).json() == done, "the same once more changes nothing"
    again = client.post(path, json={"outcome": "dropped"}, headers=A001)
    assert (again.status_code, again.json()["detail"]) == (409, "这项任务已由他人处理。")
    assert task["id"] not in {each["id"] for each in tasks(client, A001)}
    assert [each["event"] for each in told(segment, "service_task.")] == ["service_task.closed", "service_task.given"]
    assert segment.audit.verify().ok


@pytest.mark.parametrize(
    ("changes", "status"), [({"due_at": later(-1)}, 409), ({"what": " "}, 422), ({"due_at": "2030-01-01"}, 422)]
)
def test_what_is_wrong_is_refused(segment: House, client: TestClient, changes: dict[str, Any], status: int) -> None:
    assert give(client, **changes).status_code == status
    assert tasks(client, OPS) == []


def test_who_serves_no_clients_gives_none(segment: House, client: TestClient) -> None:
    segment.users.add("anna", roles=[Role.COMPLIANCE], branches=[], labels=[], principal=OPERATOR)
    assert give(client, {"tougu-as": "anna"}).status_code == 403
