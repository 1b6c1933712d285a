"""The lead queue over HTTP: what a CRM does with it, and what bad requests get."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from intent.leads import tables
from jobs.tables import outbox
from knowledge_base.access import Role
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import running_worker
from tests.intent.leads.firm import call_of, check_books, wish
from tests.serve.conftest import client_of

CRM = {"tougu-as": "crm"}
CRM2 = {"tougu-as": "crm2"}


@pytest.fixture
def queue(house: House) -> House:
    """Four leads of sample clients, and two users of the CRM."""
    batch = [call_of(wish(), call_id=f"k{n}", client_id=f"C000{n}", advisor_id="A001") for n in range(1, 5)]
    assert all(done.leads for done in house.leads.record_many(batch, principal=OPERATOR))
    for name in ("crm", "crm2"):
        house.users.add(name, roles=[Role.CRM], branches=[], labels=[], principal=OPERATOR)
    house.users.add("A002", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    return house


@pytest.fixture
def client(queue: House) -> TestClient:
    return client_of(queue)


def state_of(house: House) -> list[Any]:
    with house.engine.connect() as connection:
        leads = connection.execute(select(tables.leads).order_by(tables.leads.c.id)).all()
        return [*leads, *connection.execute(select(outbox.c.id).order_by(outbox.c.id)).all()]


class TestPull:
    def test_the_life_of_a_claim(self, client: TestClient, queue: House) -> None:
        asked = {"limit": 2, "lease_s": 60, "lines": ["permission"], "min_score": 0.1}
        first, second = client.post("/v1/leads/claim", json=asked, headers=CRM).json()["leads"]
        assert (first["state"], first["owner"]) == ("claimed", "crm")
        longer = client.post(f"/v1/leads/{first['id']}/extend", json={"lease_s": 3600}, headers=CRM).json()
        assert longer["lease_until"] > first["lease_until"]
        back = client.post(f"/v1/leads/{second['id']}/nack", json={"why": "忙"}, headers=CRM).json()
        assert (back["state"], back["owner"]) == ("offered", None)
        assert client.post(f"/v1/leads/{first['id']}/ack", json={}, headers=CRM).json()["state"] == "contacted"
        mine = client.get("/v1/leads", params={"mine": True}, headers=CRM).json()["leads"]
        assert [lead["id"] for lead in mine] == [first["id"]]
        told = client.get(f"/v1/leads/{second['id']}", headers=CRM).json()["events"]
        assert [(e["event"], e["by"], e["why"]) for e in told][1:] == [("claimed", "crm", ""), ("nacked", "crm", "忙")]
        check_books(queue.engine)

    def test_pages_lead_through_everything_once(self, client: TestClient) -> None:
        seen: list[str] = []
        cursor = ""
        while page := client.get("/v1/leads", params={"limit": 3, "state": "new", "cursor": cursor}).json()["leads"]:
            seen += [lead["id"] for lead in page]
            cursor = client.get("/v1/leads", params={"limit": 3, "state": "new", "cursor": cursor}).json()["cursor"]
        assert len(seen) == len(set(seen)) == 4

    def test_a_supervisor_sees_what_is_late_and_gives_it_to_another(self, client: TestClient, queue: House) -> None:
        queue.users.add("boss", roles=[Role.SUPERVISOR], branches=["临江路营业部"], labels=[], principal=OPERATOR)
        late = call_of(wish("fund.buy"), call_id="k9", client_id="C0002", ended_h=30, advisor_id="A001")
        (lead,) = queue.leads.record(*late, principal=OPERATOR).leads
        queue.lead_clock.sweep()
        boss = {"tougu-as": "boss"}
        shown = client.get("/v1/leads", params={"escalated": True}, headers=boss).json()["leads"]
        assert [x["id"] for x in shown] == [lead.id]
        given = client.post(f"/v1/leads/{lead.id}/offer", json={"to": "A002", "why": "代班"}, headers=boss).json()
        assert (given["advisor_id"], given["state"]) == ("A002", "offered")
        assert client.post("/v1/leads/claim", json={}, headers={"tougu-as": "A002"}).json()["leads"]

    def test_export_is_a_file_and_in_the_audit_log(self, client: TestClient, queue: House) -> None:
        answer = client.get("/v1/leads/export")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) == 4
        assert "attachment" in answer.headers["content-disposition"]
        assert client.get("/v1/leads/export", params={"format": "xlsx"}).content[:2] == b"PK"
        with queue.engine.connect() as connection:
            told = connection.exec_driver_sql("SELECT event FROM audit_log").scalars().all()
        assert "access.export" in told


class TestBadRequests:
    @pytest.mark.parametrize(
        ("method", "path", "sent", "status"),
        [
            ("GET", "/v1/leads?cursor=bent", None, 422),
            ("GET", "/v1/leads?cursor=" + "A" * 500, None, 422),
            ("GET", "/v1/leads?state=lovely", None, 422),
            ("GET", "/v1/leads?limit=100000", None, 422),
            ("GET", "/v1/leads?client_id=NOBODY", None, 404),
            ("GET", "/v1/leads/NONE", None, 404),
            ("GET", "/v1/leads/export?format=exe", None, 422),
            ("POST", "/v1/leads/claim", {"limit": 101}, 422),
            ("POST", "/v1/leads/claim", {"limit": 100_000}, 422),
            ("POST", "/v1/leads/claim", {"limit": 0}, 422),
            ("POST", "/v1/leads/claim", {"lease_s": 1}, 422),
            ("POST", "/v1/leads/claim", {"lines": ["x"] * 51}, 422),
            ("POST", "/v1/leads/claim", {"intents": [""]}, 422),
            ("POST", "/v1/leads/claim", {"unknown": 1}, 422),
            ("POST", "/v1/leads/LEAD/ack", {"disposition": "lovely"}, 422),
            ("POST", "/v1/leads/LEAD/ack", {}, 409),
            ("POST", "/v1/leads/LEAD/nack", {}, 409),
            ("POST", "/v1/leads/LEAD/extend", {"lease_s": 60}, 409),
            ("POST", "/v1/leads/LEAD/offer", {"to": "NOBODY"}, 409),
            ("POST", "/v1/leads/NONE/nack", {}, 404),
            ("POST", "/v1/webhooks/dead/NONE/replay", None, 404),
        ],
    )
    def test_they_get_a_problem_and_change_nothing(
        self, client: TestClient, queue: House, method: str, path: str, sent: Any, status: int
    ) -> None:
        (lead,) = client.post("/v1/leads/claim", json={"limit": 1}, headers=CRM2).json()["leads"]
        before = state_of(queue)
        answer = client.request(method, path.replace("LEAD", lead["id"]), json=sent, headers=CRM)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["type"]) == (status, "about:blank")
        assert problem["detail"]
        assert state_of(queue) == before

    def test_a_cursor_of_another_query_is_refused(self, client: TestClient) -> None:
        cursor = client.get("/v1/leads", params={"limit": 1}).json()["cursor"]
        answer = client.get("/v1/leads", params={"limit": 1, "state": "won", "cursor": cursor})
        assert (answer.status_code, "another query" in answer.json()["detail"]) == (422, True)

    def test_an_advisor_neither_sees_dead_letters_nor_gives_leads(self, client: TestClient) -> None:
        advisor = {"tougu-as": "A002"}
        for method, path in (
            ("GET", "/v1/webhooks/dead"), ("POST", "/v1/webhooks/dead/replay"), ("POST", "/v1/webhooks/enable"),
        ):  # fmt: skip
            assert client.request(method, path, headers=advisor).status_code == 403


def test_letters_come_back_and_are_sent_again(queue: House) -> None:
    """The worker, a receiver that is gone and comes back, and the API that enables it."""
    from tests.intent.leads.test_push import SECRET, Receiver, ThreadingHTTPServer, threading

    handler = type("Handler", (Receiver,), {"got": [], "hosts": [], "answers": [410, 200]})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        hook = queue.settings.leads.webhook.model_copy(
            update={
                "url": f"http://127.0.0.1:{receiver.server_port}/",
                "secret": SecretStr(SECRET),
                "allow_private": True,
            }
        )
        leads = queue.settings.leads.model_copy(update={"webhook": hook, "clock_every_s": 0.05})
        queue.settings = queue.settings.model_copy(update={"leads": leads})
        client = client_of(queue)
        with running_worker(queue, wanted=True):
            _wait(lambda: client.get("/v1/webhooks/dead").json()["dead"])
            shown = client.get("/v1/webhooks/dead").json()
            assert shown["disabled"]["url"] == hook.url
            assert "410" in shown["dead"][0]["why"]
            assert "我想开通" not in str(shown)
            assert len(handler.got) == 1
            assert client.post("/v1/webhooks/enable").json() == {"enabled": True}
            assert client.post("/v1/webhooks/dead/replay").json() == {"replayed": 1}
            _wait(lambda: len({id_ for id_, _ in handler.got}) == 4)
        receiver.shutdown()
    assert client.get("/v1/webhooks/dead").json() == {"disabled": None, "dead": []}


@pytest.mark.slow
class TestServerKilled:
    """`tougu serve` is killed by kill -9 while a CRM pulls; the CRM asks again of the next one."""

    @pytest.fixture
    def served(self, queue: House) -> Settings:
        queue.engine.dispose()
        return queue.settings

    def test_no_lead_is_lost_and_none_has_two_holders(self, served: Settings, queue: House, tmp_path: Path) -> None:
        held: dict[str, str] = {}
        for round_ in range(3):
            with _server(served, tmp_path / f"log{round_}") as (process, url):
                for name in ("crm", "crm2"):
                    answer = httpx.post(f"{url}/v1/leads/claim", json={"limit": 1}, headers={"tougu-as": name})
                    for lead in answer.json()["leads"]:
                        assert held.setdefault(lead["id"], name) == name
                with httpx.Client(timeout=5) as late:
                    request = late.build_request("POST", f"{url}/v1/leads/claim", json={"limit": 1}, headers=CRM)
                    os.kill(process.pid, signal.SIGKILL)
                    with pytest.raises(httpx.HTTPError):
                        late.send(request)
        check_books(queue.engine)
        rows = {lead.id: lead.owner for lead in queue.leads.list(principal=OPERATOR, states=["claimed"])}
        assert held.items() <= rows.items()
        assert len(rows) == 4


def _wait(true: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class _server:
    """The command `tougu serve` in a process of its own, until it is killed."""

    def __init__(self, settings: Settings, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        named = {
            "TOUGU_HOME": str(settings.home), "TOUGU_MODELS__ENCODER_KIND": "hash", "TOUGU_INTENT__METHOD": "rules",
            "TOUGU_COMPLIANCE__PROFILE": "rules", "TOUGU_SERVER__PORT": str(self._port), "PYTHONPATH": os.getcwd(),
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOUGU_")}
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "serve.cli", "serve"], env={**kept, **named}, stdout=file, stderr=file
            )
        self._log = log

    def __enter__(self) -> tuple[subprocess.Popen[bytes], str]:
        url = f"http://127.0.0.1:{self._port}"

        def up() -> bool:
            assert self._process.poll() is None, self._log.read_text()
            try:
                return httpx.get(f"{url}/livez").is_success
            except httpx.HTTPError:
                return False

        _wait(up, 60)
        return self._process, url

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(20)
