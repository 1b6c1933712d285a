"""One text to a segment: bound, judged and recorded for each client, and handed over as a file; nothing is sent."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from compliance_filters.audit.read import entries_of
from knowledge_base.access import Role
from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.users import OPERATOR
from serve.wiring import House

TEXT = "${client}，您好。${adviser}提醒您，您关注的季度策略会将于本周举行，欢迎到营业部参加。"
A001 = {"tougu-as": "A001"}


@pytest.fixture
def segment(house: House, client: TestClient) -> House:
    for name, role in (("ops", Role.OPERATIONS), ("A001", Role.ADVISOR), ("A002", Role.ADVISOR)):
        house.users.add(name, roles=[role], branches=[], labels=[], principal=OPERATOR)
    house.tags.refresh(house.today(), principal=OPERATOR)
    body = {"all_of": ["assets_500k"], "zh": "大客户", "expires_on": (house.today() + timedelta(days=30)).isoformat()}
    assert client.put("/v1/segments/rich", json=body, headers={"tougu-as": "ops"}).status_code == 200
    return house


def prepared(client: TestClient, who: dict[str, str] = A001, **changes: Any) -> Any:
    body = {"segment": "rich", "channel": "wecom", "why": "策略会邀请", "template": TEXT, **changes}
    return client.post("/v1/outreach", json=body, headers=who)


def withdraw(house: House, client_id: str, purpose: Purpose) -> None:
    with house.engine.begin() as connection:
        house.consent_ledger.write(
            connection, client_id, purpose, ConsentState.WITHDRAWN, Proof(source="staff"), by="x", at=datetime.now(UTC)
        )


def fetched(client: TestClient, outreach_id: str, who: dict[str, str] = A001) -> list[dict[str, str]]:
    reply = client.get(f"/v1/outreach/{outreach_id}/file", headers=who)
    assert reply.status_code == 200, reply.text
    return [json.loads(line) for line in reply.text.splitlines()]


def test_each_client_has_a_text_of_their_own_that_was_judged(segment: House, client: TestClient) -> None:
    made = prepared(client)
    assert made.status_code == 201, made.text
    texts = made.json()["texts"]
    assert texts
    assert {segment.clients.get(each["client_id"], principal=OPERATOR).advisor_id for each in texts} == {"A001"}
    for each in fetched(client, made.json()["id"]):
        name = segment.clients.get(each["client_id"], principal=OPERATOR).name
        assert each["text"].startswith(f"{name}，您好")
        assert each["sha256"] == hashlib.sha256(each["text"].encode()).hexdigest()
        verdicts = [e.id for e in entries_of(segment.audit, each["client_id"], events=("compliance.verdict",))]
        assert each["audit_id"] in verdicts


def test_a_promise_reaches_nobody(segment: House, client: TestClient) -> None:
    made = prepared(client, template="${client}，这只产品稳赚不赔，快来买。").json()
    assert {each["state"] for each in made["texts"]} <= {"held", "left_out"}
    assert any(each["why"] for each in made["texts"])
    assert fetched(client, made["id"]) == []


@pytest.mark.parametrize("purpose", [Purpose.CONTACT, Purpose.MARKETING, Purpose.PERSONALISED])
def test_who_refused_gets_none_then_or_later(segment: House, client: TestClient, purpose: Purpose) -> None:
    first = prepared(client).json()
    told = fetched(client, first["id"])
    assert told
    withdraw(segment, told[0]["client_id"], purpose)
    assert told[0]["client_id"] not in {each["client_id"] for each in fetched(client, first["id"])}
    again = {each["client_id"]: each for each in prepared(client).json()["texts"]}[told[0]["client_id"]]
    assert (again["state"], again["audit_id"]) == ("left_out", None)
    assert again["why"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"template": "${phone}，您好"}, 409),
        ({"template": "$，您好"}, 409),
        ({"template": " "}, 409),
        ({"why": " "}, 422),
        ({"wording": "a:1"}, 422),
        ({"template": None, "wording": "none-such:1"}, 409),
        ({"segment": "none"}, 404),
    ],
)
def test_what_is_wrong_is_refused(segment: House, client: TestClient, changes: dict[str, Any], status: int) -> None:
    assert prepared(client, **changes).status_code == status


def test_only_who_made_it_fetches_it(segment: House, client: TestClient) -> None:
    made = prepared(client).json()["id"]
    assert client.get(f"/v1/outreach/{made}/file", headers={"tougu-as": "A002"}).status_code == 404
    assert prepared(client, who={"tougu-as": "ops"}).status_code == 403


def test_one_finds_ones_own_again_with_counts(segment: House, client: TestClient) -> None:
    made = prepared(client).json()
    (line,) = client.get("/v1/outreach", headers=A001).json()
    assert (line["id"], line["why"], line["fetched_at"]) == (made["id"], "策略会邀请", None)
    assert sum(line["counts"].values()) == len(made["texts"])
    assert client.get("/v1/outreach", headers={"tougu-as": "A002"}).json() == []
    choices = client.get("/v1/outreach/choices", headers=A001).json()
    assert choices["most"] == 200
    assert client.get("/v1/outreach/choices", headers={"tougu-as": "ops"}).status_code == 403
