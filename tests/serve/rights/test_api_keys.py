"""Keys of programs: the CRM's queue with one, and what they do not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from knowledge_base.access import AccessDeniedError, Role
from serve.errors import NotFoundError, ServeError
from serve.tables import api_keys
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import add, told
from tests.serve.staff_cases import BUY, record, wish


def made(house: House, **changed: Any) -> str:
    scope: dict[str, Any] = {"role": Role.CRM, "groups": ["leads"], "days": 30, "principal": OPERATOR}
    return house.api_keys.add("crm-pull", **scope | changed)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_the_crm_pulls_and_reports_with_a_key(house: House) -> None:
    add(house, "A001", Role.ADVISOR)
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY))
    headers = bearer(made(house))
    client = client_of(house)
    (lead,) = client.post("/v1/leads/claim", json={"limit": 5}, headers=headers).json()["leads"]
    acked = client.post(f"/v1/leads/{lead['id']}/ack", json={"disposition": "contacted"}, headers=headers)
    assert (acked.status_code, acked.json()["state"]) == (200, "contacted")
    assert client.get("/v1/me", headers=headers).json()["id"] == "key:crm-pull"


def test_it_works_before_anybody_has_a_login_and_is_never_the_operator(house: House) -> None:
    headers = bearer(made(house))
    assert client_of(house).get("/v1/me", headers=headers).json()["roles"] == ["crm"]
    assert client_of(house).get("/v1/cases", headers=headers).status_code == 403


def test_it_opens_its_groups_only_and_the_refusal_is_logged(house: House) -> None:
    headers = bearer(made(house))
    answer = client_of(house).get("/v1/tickets", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert told(house, "refused") == [
        {"event": "refused", "actor": "key:crm-pull", "route": "GET /v1/tickets", "status": 403}
    ]


def test_only_its_hash_is_kept(house: House) -> None:
    key = made(house)
    with house.engine.connect() as connection:
        (row,) = connection.execute(api_keys.select()).all()
    assert key.rsplit("_", 1)[1] not in str(row)
    assert key not in str(told(house, "api_key"))


def test_a_use_is_noted_once_an_hour(house: House) -> None:
    headers = bearer(made(house))
    for _ in range(3):
        client_of(house).get("/v1/leads", headers=headers)
    (kept,) = house.api_keys.list(principal=OPERATOR)
    assert kept.used_at is not None
    assert kept.used_from == "testclient"
    assert [each["event"] for each in told(house, "api_key")] == ["api_key.used", "api_key.added"]


@pytest.mark.parametrize("how", ["wrong", "revoked", "expired", "garbled"])
def test_one_that_is_over_opens_nothing(house: House, how: str) -> None:
    key = made(house)
    (kept,) = house.api_keys.list(principal=OPERATOR)
    if how == "wrong":
        key = key[:-1] + ("A" if key[-1] != "A" else "B")
    if how == "garbled":
        key = "tgk_x"
    if how == "revoked":
        house.api_keys.revoke(kept.id, principal=OPERATOR)
    if how == "expired":
        with house.engine.begin() as connection:
            connection.execute(update(api_keys).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert client_of(house).get("/v1/leads", headers=bearer(key)).status_code == 401
    assert told(house, "refused")[0]["actor"] == "nobody"


@pytest.mark.parametrize(
    "changed",
    [{"role": Role.SYSTEM}, {"role": Role.SECURITY}, {"groups": []}, {"groups": ["everything"]}, {"days": 0}],
)
def test_a_scope_that_cannot_be_is_refused(house: House, changed: dict[str, Any]) -> None:
    with pytest.raises(ServeError):
        made(house, **changed)


def test_only_security_and_the_operator_make_and_end_keys(house: House) -> None:
    add(house, "adm", Role.ADMINISTRATOR)
    with pytest.raises(AccessDeniedError):
        made(house, principal=house.users.principal("adm"))
    with pytest.raises(NotFoundError):
        house.api_keys.revoke("none", principal=OPERATOR)
