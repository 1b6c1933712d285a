"""Rights of the person the data is about: statement, a copy of everything, and the way out of personalised service."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from compliance_filters.audit.read import entries_of
from compliance_filters.finding import Draft, Target
from copilot.delivery import deliver
from copilot.loop.errors import DeliveryRefusedError
from knowledge_base.access import Role
from serve.database import all_metadata
from serve.personal_data import COLUMNS_NOT_THEIRS, NOT_THEIRS
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.staff_cases import BUY, furnish

ANNA = {"tougu-as": "anna"}
WHY = {"reason": "客户本人到营业部申请，已核验身份证"}


@pytest.fixture
def furnished_house(house: House) -> House:
    furnish(house)
    return house


def exported(client: TestClient, client_id: str = "C0003") -> dict[str, Any]:
    reply = client.post(f"/v1/clients/{client_id}/export", json=WHY, headers=ANNA)
    assert reply.status_code == 200, reply.text
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_the_copy_holds_every_table_of_the_client_and_no_other_client(
    furnished_house: House, client: TestClient
) -> None:
    held = exported(client)
    assert held["tables/kb_clients.json"][0]["id"] == "C0003"
    assert {"tables/kb_holdings.json", "tables/leads.json", "tables/calls.json", "about.json"} <= set(held)
    assert BUY in json.dumps(held["tables/leads.json"], ensure_ascii=False)
    rows = [row for name, found in held.items() if name.startswith("tables/") for row in found]
    assert {row.get("client_id", "C0003") for row in rows} == {"C0003"}
    assert "findings" not in held["tables/calls.json"][0]


def test_what_is_named_as_not_theirs_exists() -> None:
    known = {table.name: table for metadata in all_metadata() for table in metadata.tables.values()}
    assert set(known) >= NOT_THEIRS
    for name, columns in COLUMNS_NOT_THEIRS.items():
        assert set(known[name].c.keys()) >= columns


def test_the_copy_is_for_officers_and_is_logged(furnished_house: House, client: TestClient) -> None:
    events = ("personal_data.exported", "access.export")
    for who in ("A001", "boss", "kefu"):
        assert client.post("/v1/clients/C0003/export", json=WHY, headers={"tougu-as": who}).status_code == 403
    assert client.post("/v1/clients/C0003/export", json={"reason": " "}, headers=ANNA).status_code == 422
    assert client.post("/v1/clients/none/export", json=WHY, headers=ANNA).status_code == 404
    assert not list(entries_of(furnished_house.audit, "C0003", events=events))
    exported(client)
    told = entries_of(furnished_house.audit, "C0003", events=events)
    assert [(entry.event, entry.actor) for entry in told] == [
        ("personal_data.exported", "anna"),
        ("access.export", "anna"),
    ]


def test_sealed_texts_stay_closed(furnished_house: House, client: TestClient) -> None:
    exported(client)  # an entry with a text, so that there is a key to seal
    furnished_house.erasure.seal("C0003", reason="客户书面要求", principal=furnished_house.users.principal("anna"))
    held = exported(client)
    assert (held["conversations.json"], held["about.json"]["texts_sealed"]) == ([], True)


def test_the_switch_turns_deliveries_off_and_on(furnished_house: House, client: TestClient) -> None:
    house = furnished_house

    def send() -> str:
        draft = Draft(text="季报已发布，欢迎查阅。", target=Target.ADVISOR_MESSAGE, generated=False)
        verdict = house.check(draft, client_id="C0003", product_codes=(), channel="client", principal=OPERATOR)
        assert verdict.cleared is not None
        return deliver(
            verdict.cleared, client_id="C0003", channel="wecom", engine=house.engine, outbox=house.outbox,
            principal=OPERATOR,
        )  # fmt: skip

    assert send()
    off = client.put(
        "/v1/clients/C0003/personalised", json={"on": False, "why": "客户电话要求"}, headers={"tougu-as": "A001"}
    )
    assert off.json()["personalised"] is False
    with pytest.raises(DeliveryRefusedError, match="个性化"):
        send()
    on = client.put(
        "/v1/clients/C0003/personalised", json={"on": True, "why": "客户书面同意"}, headers={"tougu-as": "A001"}
    )
    assert (on.json()["personalised"], on.json()["version"]) == (True, 2)
    assert send()


def test_the_switch_keeps_a_client_out_of_lists(furnished_house: House, client: TestClient) -> None:
    house, ops = furnished_house, {"tougu-as": "ops"}
    house.users.add("ops", roles=[Role.OPERATIONS], branches=[], labels=[], principal=OPERATOR)
    house.tags.refresh(house.today(), principal=OPERATOR)
    body = {"all_of": ["assets_500k"], "zh": "大客户", "expires_on": str(house.today() + timedelta(days=9))}
    assert client.put("/v1/segments/rich", json=body, headers=ops).status_code == 200

    def listed() -> set[str]:
        asked = client.post("/v1/segments/rich/lists", json={"reason": "回访"}, headers=ops).json()
        rows = client.get(f"/v1/lists/{asked['id']}/file", headers=ops).content.decode("utf-8-sig").splitlines()
        return {row.split(",")[0] for row in rows[1:]}

    assert "C0003" in listed()
    client.put("/v1/clients/C0003/personalised", json={"on": False, "why": "客户书面要求"}, headers=ANNA)
    assert "C0003" not in listed()


def test_the_statement(client: TestClient) -> None:
    told = client.get("/v1/personal-data/statement").json()
    assert {"title", "items", "rights"} <= set(told)
    assert all({"data", "purpose", "kept"} <= set(item) for item in told["items"])
