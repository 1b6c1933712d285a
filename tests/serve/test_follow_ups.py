"""Cases, tickets, incidents, consents and the board over HTTP: who is told what, and what a wrong request gets."""

from __future__ import annotations

import csv
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from compliance_filters.audit.read import entries_of
from intent.follow_ups.tables import follow_ups
from intent.leads.export import export_leads
from knowledge_base.access import Principal, Role
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import running_worker
from tests.serve.conftest import Tougu, client_of, settings_of
from tests.serve.staff_cases import COMPLAINT, furnish, record, wish


@pytest.fixture
def busy(house: House) -> House:
    furnish(house)
    return house


@pytest.fixture
def web(busy: House) -> TestClient:
    return client_of(busy)


def as_(user: str) -> dict[str, str]:
    return {"tougu-as": user}


class TestComplaint:
    """One complaint of C0004 about A001, who serves the client and took the call."""

    def test_it_is_for_compliance_and_the_branchs_supervisor(self, web: TestClient) -> None:
        for who, count in (("anna", 1), ("boss", 1)):
            found = web.get("/v1/cases", headers=as_(who)).json()["cases"]
            assert len(found) == count
            one = web.get(f"/v1/cases/{found[0]['id']}", headers=as_(who)).json()
            assert one["evidence"][0]["quote"] == COMPLAINT
            assert one["number"].startswith("TS-")
            assert "A001" not in one["handlers"]

    def test_its_advisor_finds_no_trace_of_it_anywhere(self, busy: House, web: TestClient) -> None:
        (case,) = busy.follow_ups.list("case", principal=OPERATOR).items
        refused = [f"/v1/cases/{case.id}", f"/v1/tickets/{case.id}", "/v1/cases"]
        assert [web.get(path, headers=as_("A001")).status_code for path in refused] == [404, 404, 403]
        for act in ("contact", "answer", "close", "reopen"):
            answer = web.post(f"/v1/cases/{case.id}/{act}", json={"text": "没事"}, headers=as_("A001"))
            assert answer.status_code == 404
        open_to_all = (
            "/v1/tickets", "/v1/incidents", "/v1/consents", "/v1/leads", "/v1/board", "/v1/board?view=done",
            "/v1/tasks", "/v1/calls/k3", "/v1/calls/k3/note", "/v1/clients/C0004/card", "/v1/clients/C0004/consents",
        )  # fmt: skip
        for path in open_to_all:
            shown = web.get(path, headers=as_("A001"))
            assert shown.status_code in (200, 404), path
            for trace in ("投诉", "complaint", case.number or "", case.id):
                assert trace not in shown.text, path
        assert web.post("/v1/leads/claim", json={"limit": 50}, headers=as_("A001")).status_code == 200

    def test_its_words_are_in_no_export_of_leads(self, busy: House, tmp_path: Path) -> None:
        record(busy, "k20", "C0002", wish("complaint", "case", COMPLAINT), wish("loss.anxiety", "lead", COMPLAINT))
        advisor = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
        assert export_leads(busy.leads, tmp_path / "x.csv", taxonomy=busy.taxonomy, principal=advisor) >= 1
        with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
            assert "投诉" not in str(list(csv.DictReader(file)))

    def test_a_job_and_the_log_do_not_tell(
        self, busy: House, web: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        (case,) = busy.follow_ups.list("case", principal=OPERATOR).items
        with caplog.at_level("DEBUG"):
            web.get(f"/v1/cases/{case.id}", headers=as_("anna"))
            web.post(f"/v1/cases/{case.id}/contact", json={"text": "已致电客户"}, headers=as_("anna"))
        told = "".join(
            f"{line.getMessage()} {line.__dict__}" for line in caplog.records if line.name.startswith("tougu")
        )
        for trace in (COMPLAINT, "已致电客户", case.id, case.number or "", "C0004"):
            assert trace not in told

    def test_what_is_done_is_in_its_history_and_in_the_audit_log(self, busy: House, web: TestClient) -> None:
        (case,) = web.get("/v1/cases", headers=as_("anna")).json()["cases"]
        path = f"/v1/cases/{case['id']}"
        steps = (
            ("assign", {"handler": "boss", "why": "请联系"}, "anna"), ("contact", {"text": "已致电"}, "boss"),
            ("answer", {"text": "已书面答复"}, "boss"), ("close", {"text": "客户认可"}, "boss"),
        )  # fmt: skip
        for act, body, who in steps:
            assert web.post(f"{path}/{act}", json=body, headers=as_(who)).status_code == 200, act
        told = [event["event"] for event in web.get(path, headers=as_("anna")).json()["events"]]
        assert told == ["opened", "assigned", "contacted", "answered", "closed"]
        logged = [e.event for e in entries_of(busy.audit, "C0004") if e.event.startswith("case.")]
        assert logged == ["case.assigned", "case.contact", "case.answer", "case.close"]
        assert busy.audit.verify().ok

    def test_the_one_concerned_is_refused_as_handler(self, web: TestClient) -> None:
        (case,) = web.get("/v1/cases", headers=as_("anna")).json()["cases"]
        answer = web.post(f"/v1/cases/{case['id']}/assign", json={"handler": "A001"}, headers=as_("anna"))
        assert answer.status_code == 409
        assert "whom it does not concern" in answer.json()["detail"]


class TestWrongRequests:
    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("get", "/v1/board?cursor=zzz", None, 422),
            ("get", "/v1/cases?cursor=zzz", None, 422),
            ("get", "/v1/incidents?cursor=W10=", None, 422),
            ("get", "/v1/cases?state=lost", None, 422),
            ("get", "/v1/board?view=all", None, 422),
            ("get", "/v1/cases/none", None, 404),
            ("get", "/v1/incidents/none", None, 404),
            ("get", "/v1/clients/none/card", None, 404),
            ("get", "/v1/clients/none/consents", None, 404),
            ("post", "/v1/board/leads/none/claim", {}, 404),
            ("post", "/v1/board/leads/none/outcome", {"disposition": "maybe"}, 422),
            ("post", "/v1/board/reassign", {"lead_ids": [], "to": "A002"}, 422),
            ("post", "/v1/board/reassign", {"lead_ids": ["x"] * 201, "to": "A002"}, 422),
            ("post", "/v1/tickets/none/assign", {"handler": "A001"}, 404),
            ("post", "/v1/consents/none/confirm", {}, 404),
            ("post", "/v1/clients/C0003/consents", {"purpose": "calls", "state": "granted"}, 422),
            ("post", "/v1/clients/C0003/consents", {"purpose": "contact", "state": "granted"}, 409),
        ],
    )
    def test_are_problems_and_change_nothing(
        self, busy: House, web: TestClient, method: str, path: str, body: object, status: int
    ) -> None:
        before = busy.leads.list(principal=OPERATOR)
        answer = web.get(path) if method == "get" else web.post(path, json=body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert busy.leads.list(principal=OPERATOR) == before

    def test_a_ticket_is_no_case(self, busy: House, web: TestClient) -> None:
        ticket = busy.follow_ups.list("ticket", principal=OPERATOR).items[0]
        assert web.get(f"/v1/cases/{ticket.id}").status_code == 404
        assert web.post(f"/v1/cases/{ticket.id}/close", json={"text": "x"}).status_code == 404
        assert [each["id"] for each in web.get("/v1/staff", headers=as_("A001")).json()] == ["A001"]
        assert web.get("/v1/board/team", headers=as_("A001")).status_code == 403


class TestBoard:
    def test_an_advisor_reads_the_board_and_a_card(self, web: TestClient) -> None:
        for path in ("/v1/board", "/v1/clients/C0003/card"):
            assert web.get(path, headers=as_("A001")).status_code == 200

    def test_the_right_to_see_the_client_follows_the_lead(self, busy: House, web: TestClient) -> None:
        """To the advisor whom it is given to, and away from them with it; the client's own advisor keeps theirs."""
        (lead,) = busy.leads.list(principal=OPERATOR, client_id="C0003")
        call = lead.evidence[0]["call"]

        def answers(who: str) -> list[int]:
            paths = ("/v1/clients/C0003/card", f"/v1/calls/{call}", "/v1/leads?client_id=C0003")
            return [web.get(path, headers=as_(who)).status_code for path in paths]

        assert (answers("A001"), answers("A002")) == ([200] * 3, [404] * 3)
        moved = web.post("/v1/board/reassign", json={"lead_ids": [lead.id], "to": "A002"}, headers=as_("boss"))
        assert moved.json() == {"leads": [lead.id], "withdrawn": []}
        found = {x["id"]: x for x in web.get("/v1/board", headers=as_("A002")).json()["leads"]}
        assert found[lead.id]["client"]["id"] == "C0003"
        assert (answers("A001"), answers("A002")) == ([200] * 3, [200] * 3)
        read = web.get(f"/v1/calls/{call}", headers=as_("A002")).json()
        assert (read["findings"], read["inspection"]) == ([], None), "how the colleague did is not told"
        back = web.post("/v1/board/reassign", json={"lead_ids": [lead.id], "to": "A001"}, headers=as_("boss"))
        assert back.status_code == 200
        assert (answers("A001"), answers("A002")) == ([200] * 3, [404] * 3)

    def test_a_card_shows_cases_to_the_supervisor_alone(self, web: TestClient) -> None:
        assert len(web.get("/v1/clients/C0004/card", headers=as_("boss")).json()["cases"]) == 1
        assert "cases" not in web.get("/v1/clients/C0004/card", headers=as_("A001")).json()


def test_the_worker_escalates_what_is_overdue(busy: House) -> None:
    with busy.engine.begin() as connection:
        past = datetime(2026, 1, 1, tzinfo=UTC)
        connection.execute(update(follow_ups).where(follow_ups.c.kind == "case").values(due_at=past, look_at=past))
    with running_worker(busy, wanted=True):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            (case,) = busy.follow_ups.list("case", principal=OPERATOR).items
            if case.escalation:
                break
            time.sleep(0.05)
    assert [e.event for e in busy.follow_ups.events(case.id, principal=OPERATOR)] == ["opened", "overdue"]


def test_the_command_line_lists_by_number_with_what_is_overdue(
    tougu: Tougu, hash_environment: Path, furnished: Path
) -> None:

    shutil.copytree(furnished, hash_environment)
    house = House(settings_of(hash_environment))
    furnish(house)
    with house.engine.begin() as connection:
        connection.execute(update(follow_ups).values(look_at=datetime(2026, 1, 1, tzinfo=UTC)))
        past = {"due_at": datetime(2026, 1, 1, tzinfo=UTC)}
        connection.execute(update(follow_ups).where(follow_ups.c.kind == "case").values(past))
    house.follow_ups.chase()
    house.close()
    told = tougu("leads", "cases")
    assert (told.code, told.out.count("TS-"), "OVERDUE" in told.out) == (0, 1, True)
    assert tougu("--as", "A001", "leads", "cases").code != 0
