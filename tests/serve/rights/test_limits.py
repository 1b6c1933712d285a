"""How much one caller may ask, and large files that another person approves."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from knowledge_base.access import Role
from serve.rights.limits import Limits, TooManyError
from serve.rights.settings import LimitSettings
from serve.settings import Settings
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import EAST, add, log_in, told, with_auth
from tests.serve.staff_cases import BUY, record, wish


class TestBucket:
    def test_a_minutes_worth_at_once_then_evenly(self) -> None:
        now = 0.0
        limits = Limits(clock=lambda: now)
        for _ in range(60):
            limits.take("a", 60)
        with pytest.raises(TooManyError) as wait:
            limits.take("a", 60)
        assert wait.value.headers == {"retry-after": "1"}
        limits.take("b", 60)
        now = 1.0
        limits.take("a", 60)
        with pytest.raises(TooManyError):
            limits.take("a", 60)

    def test_none_is_no_limit(self) -> None:
        limits = Limits(clock=lambda: 0.0)
        for _ in range(100):
            limits.take("a", 0)


@pytest.fixture
def tight(settings: Settings) -> Iterator[House]:
    limits = LimitSettings(person_per_minute=3, address_per_minute=40, export_rows=1)
    made = House(with_auth(settings).model_copy(update={"limits": limits}))
    yield made
    made.close()


def test_a_person_who_asks_too_much_waits_and_others_do_not(tight: House) -> None:
    add(tight, "A001", Role.ADVISOR)
    add(tight, "A002", Role.ADVISOR)
    browser = log_in(tight, "A001")
    answers = [browser.get("/v1/me") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert log_in(tight, "A002").get("/v1/me").status_code == 200


def test_an_address_that_asks_too_much_waits(tight: House) -> None:
    add(tight, "A001", Role.ADVISOR)
    stranger = client_of(tight)
    statuses = [stranger.get("/v1/me").status_code for _ in range(45)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_without_logins_nothing_is_limited(tight: House) -> None:
    assert {client_of(tight).get("/v1/me").status_code for _ in range(45)} == {200}


def test_a_large_export_waits_for_another_person_and_tells_where_it_came_from(tight: House) -> None:
    for user_id, role in (("boss", Role.SUPERVISOR), ("anna", Role.COMPLIANCE)):
        add(tight, user_id, role, branches=(EAST,))
    for number in range(3):
        record(tight, f"k{number}", "C0003", wish("fund.buy", "lead", BUY), wish("permission.hk", "lead", "开通港股通"))
    boss, officer = log_in(tight, "anna"), log_in(tight, "boss")
    refused = boss.get("/v1/leads/export")
    assert (refused.status_code, refused.json()["needs"]) == (403, "approval")
    asked = boss.post("/v1/exports", json={"what": "leads", "rows": 10, "reason": "月度复盘"}).json()
    decision = {"approve": True, "reason": "可以"}
    path = f"/v1/exports/{asked['id']}/decision"
    assert boss.post(path, json=decision).status_code == 403
    assert officer.post(path, json=decision).json()["state"] == "approved"
    tight.limits._buckets.clear()
    file = boss.get("/v1/leads/export")
    assert file.status_code == 200
    rows = list(csv.DictReader(file.content.decode("utf-8-sig").splitlines()))
    assert len(rows) == 2
    assert all(row["export"].startswith(f"{asked['id']} anna 20") for row in rows)
    assert told(tight, "export.made")[0]["approved"] is True


def test_a_yes_to_some_rows_is_none_to_all(tight: House) -> None:
    for user_id, role in (("boss", Role.SUPERVISOR), ("anna", Role.COMPLIANCE)):
        add(tight, user_id, role, branches=(EAST,))
    for number, client_id in enumerate(("C0002", "C0003", "C0004")):
        record(tight, f"k{number}", client_id, wish("fund.buy", "lead", BUY))
    asker, other = log_in(tight, "anna"), log_in(tight, "boss")
    asked = asker.post("/v1/exports", json={"what": "leads", "rows": 2, "reason": "月度复盘"}).json()
    decision = {"approve": True, "reason": "可以"}
    assert other.post(f"/v1/exports/{asked['id']}/decision", json=decision).status_code == 200
    assert asker.get("/v1/leads/export").status_code == 403, "there are three"
