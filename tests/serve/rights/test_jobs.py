"""A background job is seen by who started it, by supervisors of that advisor and by operations; by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from intent.speech.transcribe import ScriptedTranscriber
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Advisor
from serve.wiring import House
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import EAST, add, log_in

PEOPLE: dict[str, tuple[Role, tuple[str, ...]]] = {
    "A001": (Role.ADVISOR, ()), "A002": (Role.ADVISOR, ()), "boss": (Role.SUPERVISOR, (EAST,)),
    "other": (Role.SUPERVISOR, ("北岸营业部",)), "ops": (Role.OPERATIONS, ()), "anna": (Role.COMPLIANCE, ()),
    "kefu": (Role.CRM, ()), "ed": (Role.EDITOR, ()), "ed2": (Role.EDITOR, ()),
}  # fmt: skip


@pytest.fixture
def people(house: House) -> dict[str, TestClient]:
    house.transcriber = ScriptedTranscriber(["你好"] * 9)
    for user_id, (role, branches) in PEOPLE.items():
        add(house, user_id, role, branches=branches)
    return {user_id: log_in(house, user_id) for user_id in PEOPLE}


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    return write_wav(tmp_path / "a.wav", tone(180, 1.0)).read_bytes()


def who_sees(people: dict[str, TestClient], path: str) -> set[str]:
    statuses = {user_id: browser.get(path).status_code for user_id, browser in people.items()}
    assert set(statuses.values()) <= {200, 403, 404}, statuses
    return {user_id for user_id, status in statuses.items() if status == 200}


def bring(browser: TestClient, sound: bytes, **told: str) -> tuple[int, dict[str, str]]:
    answer = browser.post("/v1/calls", files={"recording": ("a.wav", sound)}, data=told)
    return answer.status_code, answer.json()


def test_a_call_that_an_advisor_brought(people: dict[str, TestClient], sound: bytes) -> None:
    _, job = bring(people["A001"], sound, client_id="C0003")
    assert who_sees(people, f"/v1/jobs/{job['id']}") == {"A001", "boss", "ops"}


def test_the_recording_does_not_open_another_advisors_job(
    people: dict[str, TestClient], house: House, sound: bytes
) -> None:
    _, job = bring(people["A001"], sound, client_id="C0003")
    status, told = bring(people["A002"], sound)
    assert (status, "result" in told) == (409, False)
    assert house.jobs.get(job["id"]).payload["client_id"] == "C0003"
    status, again = bring(people["kefu"], sound, client_id="C0003")
    assert (status, again["id"]) == (202, job["id"]), "who sees every client tells of any call"


def test_what_the_machine_took_up_is_seen_by_who_sees_every_client(people: dict[str, TestClient], house: House) -> None:
    taken = house.call_queue.take("h" * 64, {"path": "b.wav"})
    assert who_sees(people, f"/v1/jobs/{taken.job.id}") == {"ops", "anna", "kefu"}
    known = house.call_queue.take("i" * 64, {"path": "c.wav", "advisor_id": "A001"})
    assert who_sees(people, f"/v1/jobs/{known.job.id}") == {"ops", "anna", "kefu", "boss"}


def test_a_supervisor_tries_calls_of_their_own_advisors_again(
    people: dict[str, TestClient], house: House, sound: bytes
) -> None:
    _, job = bring(people["A001"], sound, client_id="C0003")
    (lease,) = house.jobs.claim("calls", owner="w", lease_s=60)
    house.jobs.quarantine(lease, "broken")
    path = f"/v1/jobs/{job['id']}/requeue"
    assert [people[who].post(path).status_code for who in ("A001", "other", "boss")] == [403, 404, 202]


def test_failures_of_others_do_not_hide_those_of_ones_own_advisors(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    advisor = house.clients.advisor

    def counted(advisor_id: str, *, principal: Principal) -> Advisor | None:
        looked_up.append(advisor_id)
        return advisor(advisor_id, principal=principal)

    monkeypatch.setattr("serve.call_queue.MOST_TOLD", 3)
    monkeypatch.setattr(house.clients, "advisor", counted)
    for n, who in enumerate(["A900", "A901"] * 3 + ["A001"] * 4):
        house.jobs.enqueue("calls", str(n), {"call_id": f"k{n}"}, started_by=who)
        (lease,) = house.jobs.claim("calls", owner="w", lease_s=60)
        house.jobs.quarantine(lease, "broken")
    boss = Principal(user_id="boss", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({EAST}))
    assert [job.payload["call_id"] for job in house.call_queue.failed(principal=boss)] == ["k6", "k7", "k8"]
    assert sorted(looked_up) == ["A001", "A900", "A901"]
    assert house.call_queue.requeue_failed(principal=boss) == 4


def test_a_report_on_a_fund_is_its_orderers_and_one_on_a_client_the_clients(
    people: dict[str, TestClient], house: House
) -> None:
    fund = people["A001"].post("/v1/diagnoses", json={"fund_code": "990002"}).json()["id"]
    assert who_sees(people, f"/v1/jobs/{fund}") == {"A001", "boss", "ops"}
    waits = {who: people[who].get(f"/v1/diagnoses/{fund}/report").status_code for who in ("A001", "A002", "anna")}
    assert waits == {"A001": 409, "A002": 404, "anna": 404}
    client = people["ops"].post("/v1/diagnoses", json={"client_id": "C0003"}).json()["id"]
    assert who_sees(people, f"/v1/jobs/{client}") == {"ops"}
    waits = {who: people[who].get(f"/v1/diagnoses/{client}/report").status_code for who in ("A001", "A002", "anna")}
    assert waits == {"A001": 409, "A002": 404, "anna": 409}


def test_a_document_that_an_editor_brought(people: dict[str, TestClient]) -> None:
    content = "# 定投说明\n\n定投每期最低100元。\n".encode()
    job = people["ed"].post("/v1/knowledge/files?name=a.md", content=content).json()["id"]
    assert who_sees(people, f"/v1/knowledge/files/{job}") == {"ed", "ops"}


def test_the_machines_operator_sees_every_job(house: House) -> None:
    job = house.jobs.enqueue("calls", "k", {"call_id": "k1"}, started_by="A001")
    assert client_of(house).get(f"/v1/jobs/{job}").status_code == 200
