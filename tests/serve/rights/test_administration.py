"""The three administrators: each does their part, none sees a client, and all of it is in the log."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.rights.conftest import PASSWORD, add, log_in, told
from tests.serve.staff_cases import BUY, record, wish


@pytest.fixture
def three(house: House) -> dict[str, TestClient]:
    for user_id, role in (("adm", Role.ADMINISTRATOR), ("sec", Role.SECURITY), ("aud", Role.AUDIT)):
        add(house, user_id, role)
    return {user_id: log_in(house, user_id) for user_id in ("adm", "sec", "aud")}


def test_users_are_the_administrators(house: House, three: dict[str, TestClient]) -> None:
    adm = three["adm"]
    assert adm.put("/v1/users/A001", json={"roles": ["advisor"]}).json()["id"] == "A001"
    assert {each["id"] for each in adm.get("/v1/users").json()} == {"A001", "adm", "sec", "aud"}
    assert adm.put("/v1/users/adm", json={"roles": ["compliance"]}).status_code == 409
    assert adm.put("/v1/users/x", json={"roles": ["system"]}).status_code == 409
    assert adm.delete("/v1/users/A001").status_code == 204
    assert adm.delete("/v1/users/adm").status_code == 409
    assert [(each["event"], each["user"]) for each in told(house, "user.")] == [
        ("user.removed", "A001"), ("user.changed", "A001"),
    ]  # fmt: skip


def test_logins_are_securitys(house: House, three: dict[str, TestClient]) -> None:
    sec = three["sec"]
    add(house, "A001", Role.ADVISOR)
    invited = sec.post("/v1/security/users/A001/setup").json()
    assert invited["path"].startswith("/login/setup#")
    assert datetime.fromisoformat(invited["until"]) > datetime.now(UTC)
    advisor = log_in(house, "A001")
    (session,) = [each for each in sec.get("/v1/security/sessions").json() if each["user_id"] == "A001"]
    assert sec.delete(f"/v1/security/sessions/{session['id']}").status_code == 204
    assert advisor.get("/v1/me").status_code == 401
    for _ in range(5):
        advisor.post("/v1/login", json={"user": "A001", "password": "wrong"})
    assert [each["shown"] for each in sec.get("/v1/security/lockouts").json()] == ["A001"]
    assert sec.delete("/v1/security/lockouts/A001").status_code == 204
    assert advisor.post("/v1/login", json={"user": "A001", "password": PASSWORD}).status_code == 200


def test_the_settings_are_the_administrators_without_secrets(house: House, three: dict[str, TestClient]) -> None:
    wecom = house.settings.copilot.wecom.model_copy(update={"secret": SecretStr("very-secret")})
    copilot = house.settings.copilot.model_copy(update={"wecom": wecom})
    house.settings = house.settings.model_copy(update={"copilot": copilot})
    answer = three["adm"].get("/v1/settings")
    rows = {each["key"]: each for each in answer.json()}
    assert "very-secret" not in answer.text
    assert rows["copilot.wecom.secret"]["value"] == "***"
    assert (rows["server.port"]["source"], rows["server.port"]["value"]) == ("default", "8600")
    assert rows["copilot.wecom.secret"]["source"] == "file"
    assert [three[who].get("/v1/settings").status_code for who in ("sec", "aud")] == [403, 403]


def test_security_sees_who_can_log_in_and_who_did(house: House, three: dict[str, TestClient]) -> None:
    house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    before = {each["id"]: each for each in three["sec"].get("/v1/security/users").json()}
    assert (before["adm"]["password"], before["A001"]["password"], before["A001"]["invited_until"]) == (
        True,
        False,
        None,
    )
    three["sec"].post("/v1/security/users/A001/setup")
    after = {each["id"]: each for each in three["sec"].get("/v1/security/users").json()}
    assert after["A001"]["invited_until"] is not None
    found = three["sec"].get("/v1/security/logins", params={"limit": 2}).json()
    assert found["entries"][0]["event"] == "login.invited"
    assert found["before"] is not None
    assert told(house, "audit.read")[0]["actor"] == "sec"
    assert {each["name"] for each in three["sec"].get("/v1/security/groups").json()} >= {"leads", "events"}


def test_a_key_that_cannot_be_is_refused_in_a_sentence(three: dict[str, TestClient]) -> None:
    good = {"name": "crm-pull", "role": "crm", "groups": ["leads"]}
    for wrong in ({"name": "坏 名"}, {"role": "security"}, {"groups": ["none"]}, {"days": 0}):
        answer = three["sec"].post("/v1/security/keys", json=good | wrong)
        assert answer.status_code == 422, wrong
        assert re.search("[一-鿿]", answer.json()["detail"])


def test_keys_over_http(three: dict[str, TestClient]) -> None:
    sec = three["sec"]
    key = sec.post("/v1/security/keys", json={"name": "crm-pull", "role": "crm", "groups": ["leads"]}).json()["key"]
    (kept,) = sec.get("/v1/security/keys").json()
    assert kept["id"] in key
    assert "secret" not in kept
    assert sec.delete(f"/v1/security/keys/{kept['id']}").status_code == 204


def test_the_log_is_read_without_texts_and_reading_it_is_logged(house: House, three: dict[str, TestClient]) -> None:
    add(house, "A001", Role.ADVISOR)
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY))
    log_in(house, "A001").get("/v1/leads")
    answer = three["aud"].get("/v1/audit", params={"event": "access.", "client_id": "C0003"})
    (entry,) = answer.json()["entries"]
    assert (entry["event"], entry["actor"], entry["data"]) == ("access.view", "A001", {"count": 1, "what": "lead"})
    assert "C0003" not in answer.text
    first = three["aud"].get("/v1/audit", params={"limit": 2}).json()
    assert first["entries"][0]["event"] == "audit.read"
    more = three["aud"].get("/v1/audit", params={"limit": 2, "before": first["before"]}).json()
    assert more["entries"][0]["seq"] < first["entries"][-1]["seq"]


@pytest.mark.parametrize("who", ["adm", "sec", "aud"])
def test_none_of_them_sees_a_client(house: House, three: dict[str, TestClient], who: str) -> None:
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY))
    paths = ("leads", "calls/k1", "clients/C0003/card", "cases", "tags", "segments", "knowledge/documents", "examples")
    assert {three[who].get(f"/v1/{path}").status_code for path in paths} == {403}
    assert len(told(house, "refused")) == len(paths)
