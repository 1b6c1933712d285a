"""The advisor's day over HTTP and on the command line: own clients, reasons with proof, tasks, cards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from intent.call import Call, CallReading, Evidence, Transcript
from intent.notes.note import CallNote, Due, Promise
from knowledge_base.access import Role
from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.staff_cases import BUY, record, wish, with_staff

A001 = {"tougu-as": "A001"}


@pytest.fixture
def staffed(house: House) -> House:
    with_staff(house)
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY, amount=500_000), hours=30)
    promise(house, "k2", "C0004", datetime.now(UTC) - timedelta(days=2))
    return house


def promise(house: House, call_id: str, client_id: str, due_at: datetime) -> None:
    proof = (Evidence(turn=2, quote="我明天把资料发您", start_s=7.5, end_s=9.0),)
    due = Due(at=due_at, precision="day", said="明天")
    note = CallNote(promised=(Promise(act="send", what="发资料", due=due, evidence=proof),), text="纪要")
    call = Call(
        id=call_id, transcript=Transcript(turns=(), duration_s=12.0), client_id=client_id, advisor_id="A001",
        started_at=due_at - timedelta(days=1),
    )  # fmt: skip
    house.leads.record(CallReading(call_id=call_id, wishes=(), note=note), call, principal=OPERATOR)


def listed(client: TestClient) -> dict[str, dict[str, object]]:
    return {each["id"]: each for each in client.get("/v1/day", headers=A001).json()["clients"]}


def test_own_clients_with_reasons_and_their_proof(staffed: House, client: TestClient) -> None:
    found = client.get("/v1/day", headers=A001).json()
    people = {each["id"]: each for each in found["clients"]}
    assert found["advisor"] == "A001"
    assert len(found["clients"]) <= 15
    assert {staffed.clients.get(each, principal=OPERATOR).advisor_id for each in people} == {"A001"}
    kept = next(r for r in people["C0004"]["reasons"] if r["kind"] == "promise")
    assert kept["link"] == "/calls/k2#t=7.5"
    lead = next(r for r in people["C0003"]["reasons"] if r["kind"] == "lead")
    assert (lead["quote"], lead["link"]) == (BUY, "/calls/k1#t=3")
    assert [each["points"] for each in found["clients"]] == sorted(
        (e["points"] for e in found["clients"]), reverse=True
    )


def test_who_may_not_be_contacted_is_not_on_it(staffed: House, client: TestClient) -> None:
    assert "C0004" in listed(client)
    with staffed.engine.begin() as connection:
        staffed.consent_ledger.write(
            connection, "C0004", Purpose.CONTACT, ConsentState.WITHDRAWN, Proof(source="staff"), by="x",
            at=datetime.now(UTC),
        )  # fmt: skip
    assert "C0004" not in listed(client)
    assert client.get("/v1/day", headers=A001).json()["kept_back"] == 1


def test_who_refused_marketing_is_told_of_promises_alone(staffed: House, client: TestClient) -> None:
    promise(staffed, "k9", "C0003", datetime.now(UTC) - timedelta(hours=1))
    with staffed.engine.begin() as connection:
        staffed.consent_ledger.write(
            connection, "C0003", Purpose.PERSONALISED, ConsentState.WITHDRAWN, Proof(source="staff"), by="x",
            at=datetime.now(UTC),
        )  # fmt: skip
    kinds = {reason["kind"] for reason in listed(client)["C0003"]["reasons"]}  # type: ignore[attr-defined]
    assert "promise" in kinds
    assert kinds <= {"promise", "questionnaire"}


def test_another_advisors_list_shows_nothing_to_a_colleague(staffed: House, client: TestClient) -> None:
    assert client.get("/v1/day?advisor=A001", headers={"tougu-as": "A002"}).json()["clients"] == []
    assert client.get("/v1/day?advisor=A001", headers={"tougu-as": "boss"}).json()["clients"]


def test_a_task_is_put_off_and_done(staffed: House, client: TestClient) -> None:
    (task,) = client.get("/v1/tasks?client=C0004", headers=A001).json()["tasks"]
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    path = f"/v1/tasks/{task['id']}"
    assert client.post(f"{path}/postpone", json={"until": "2020-01-01T00:00:00Z"}, headers=A001).status_code == 409
    assert client.post(f"{path}/postpone", json={"until": later}, headers={"tougu-as": "A002"}).status_code == 404
    moved = client.post(f"{path}/postpone", json={"until": later}, headers=A001)
    assert moved.status_code == 200
    assert all(r["kind"] != "promise" for r in listed(client).get("C0004", {"reasons": []})["reasons"])  # type: ignore[attr-defined]
    assert client.post(f"{path}/done", headers=A001).json()["state"] == "done"
    assert client.post(f"{path}/postpone", json={"until": later}, headers=A001).status_code == 409


def test_the_card_holds_calls_and_promises(staffed: House, client: TestClient) -> None:
    card = client.get("/v1/clients/C0004/card", headers=A001).json()
    assert [each["id"] for each in card["calls"]] == ["k2"]
    assert card["promises"][0]["start_s"] == 7.5
    assert card["do_not_disturb"] == []


class TestProductCard:
    @pytest.mark.parametrize("typed", ["990001", "ylwj", "yunlingwenjian", "云岭稳健"])
    def test_is_found_as_it_is_typed(self, client: TestClient, typed: str) -> None:
        card = client.get("/v1/products/card", params={"q": typed}).json()["card"]
        assert card["code"] == "990001"
        assert card["risk_level"]

    def test_a_fact_names_its_document(self, client: TestClient) -> None:
        facts = client.get("/v1/products/card?q=990001").json()["card"]["facts"]
        assert facts
        assert all(each["source"] and each["link"].startswith("/documents/") for each in facts)

    def test_an_unknown_one_is_an_empty_card(self, client: TestClient) -> None:
        assert client.get("/v1/products/card?q=zzzz").json() == {"card": None, "others": []}

    def test_it_needs_no_clients_rights(self, house: House, client: TestClient) -> None:
        house.users.add("ed", roles=[Role.EDITOR], branches=[], labels=[], principal=OPERATOR)
        assert client.get("/v1/products/card?q=990001", headers={"tougu-as": "ed"}).json()["card"]["code"] == "990001"
