"""What goes wrong around a talk: a paste of 50 MB, two tabs, a login that ends, a database that restarts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text, update
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.sample import import_people
from serve.settings import Settings
from serve.tables import login_sessions
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import add, log_in, with_auth
from tests.serve.talk_cases import ask, begin, events, names
from tests.serve.test_sessions import Paused

PASTED = "云岭稳健增利的管理费率是多少。" * (50 * 1024 * 1024 // 45 + 1)  # 45 bytes each


@pytest.fixture
def guarded(settings: Settings) -> Iterator[House]:
    """A house in which people log in."""
    made = House(with_auth(settings, required=True))
    add(made, "A001", Role.ADVISOR)
    yield made
    made.close()


class TestPaste:
    @pytest.fixture(scope="class")
    def body(self) -> bytes:
        return f'{{"text": "{PASTED}", "question": "{PASTED[:9]}"}}'.encode()

    @pytest.mark.parametrize("path", ["/v1/questions", "/v1/compliance/check", "/v1/sessions", "/v1/intents"])
    def test_fifty_megabytes_are_one_sentence_back(self, client: TestClient, body: bytes, path: str) -> None:
        assert len(body) > 50 * 1024 * 1024
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert answer.json()["detail"] == "内容过长（超过16384KB）：请缩短后再提交。"
        assert client.post("/v1/compliance/check", json={"text": "您好。"}).json()["verdict"]["outcome"] == "pass"

    def test_what_is_long_and_let_in_is_not_given_back(self, client: TestClient) -> None:
        answer = client.post("/v1/questions", json={"question": PASTED[:1_000_000]})
        assert answer.status_code == 422
        assert len(answer.content) < 1000

    def test_a_recording_may_be_longer_than_a_text(self, client: TestClient, body: bytes) -> None:
        answer = client.post("/v1/calls", files={"recording": ("a.txt", body)})
        assert answer.status_code == 415, "looked at, not refused for its length"


class TestTwoTabs:
    def test_both_follow_one_answer_and_a_second_question_waits(self, guarded: House) -> None:
        paused = guarded.session._answers = Paused()  # type: ignore[assignment]
        first = log_in(guarded, "A001")
        second = TestClient(first.app, base_url="http://127.0.0.1", cookies=first.cookies, headers=first.headers)
        talk = begin(first, "C0003")
        turn = ask(first, talk)
        assert paused.asked.wait(20)
        refused = second.post(f"/v1/sessions/{talk}/questions", json={"question": "托管费率是多少"})
        assert (refused.status_code, "先停止" in refused.json()["detail"]) == (409, True)
        threading.Timer(0.05, paused.go_on.set).start()
        told = [events(tab, talk, turn) for tab in (first, second)]
        assert told[0] == told[1]
        assert names(told[0])[-1] == "done"
        assert [tab.get(f"/v1/sessions/{talk}").json()["turns"][0]["state"] for tab in (first, second)] == ["done"] * 2

    def test_one_that_stops_stops_it_for_both(self, guarded: House) -> None:
        paused = guarded.session._answers = Paused()  # type: ignore[assignment]
        first = log_in(guarded, "A001")
        second = TestClient(first.app, base_url="http://127.0.0.1", cookies=first.cookies, headers=first.headers)
        talk = begin(first)
        turn = ask(first, talk)
        assert paused.asked.wait(20)
        assert second.post(f"/v1/sessions/{talk}/turns/{turn}/stop").status_code == 204
        paused.go_on.set()
        assert events(first, talk, turn)[-1][2]["state"] == "stopped"

    def test_leaving_in_one_leaves_in_both(self, guarded: House) -> None:
        first = log_in(guarded, "A001")
        second = TestClient(first.app, base_url="http://127.0.0.1", cookies=first.cookies, headers=first.headers)
        assert second.get("/v1/me").status_code == 200
        assert first.post("/v1/logout").status_code < 400
        assert second.get("/v1/me").status_code == 401


class TestLoginEnds:
    def test_in_the_middle_of_an_answer(self, guarded: House) -> None:
        """What was begun with a login ends as it would; nothing begins after it; with a new login nothing is lost."""
        paused = guarded.session._answers = Paused()  # type: ignore[assignment]
        browser = log_in(guarded, "A001")
        talk = begin(browser, "C0003")
        turn = ask(browser, talk)
        assert paused.asked.wait(20)
        streamed: list[Any] = []
        reader = threading.Thread(target=lambda: streamed.extend(events(browser, talk, turn)))
        reader.start()
        waits_until(lambda: browser.app.state.turns.get(turn)._woken)  # type: ignore[attr-defined]  # it reads
        with guarded.engine.begin() as connection:
            connection.execute(update(login_sessions).values(expires_at=datetime.now(UTC)))
        resumed = browser.get(f"/v1/sessions/{talk}/turns/{turn}/answer", headers={"last-event-id": "2"})
        assert (resumed.status_code, resumed.headers["content-type"]) == (401, "application/problem+json")
        assert "第一句" not in resumed.text
        assert browser.post(f"/v1/sessions/{talk}/questions", json={"question": "费率"}).status_code == 401
        paused.go_on.set()
        reader.join(20)
        assert names(streamed)[-1] == "done"
        again = log_in(guarded, "A001")
        assert events(again, talk, turn, after=2) == streamed[2:]


@pytest.mark.postgres
class TestDatabaseRestarts:
    @pytest.fixture
    def served(self, settings: Settings, postgres_url: str) -> Iterator[TestClient]:
        house = House(settings.model_copy(update={"database_url": SecretStr(postgres_url)}))
        import_people(house)
        yield client_of(house)
        house.close()

    def test_during_a_talk(self, served: TestClient, postgres_url: str) -> None:
        house: House = served.app.state.house  # type: ignore[attr-defined]
        paused = house.session._answers = Paused()  # type: ignore[assignment]
        talk = begin(served, "C0001")
        turn = ask(served, talk)
        assert paused.asked.wait(20)
        cut(postgres_url)
        paused.go_on.set()
        url = f"/v1/sessions/{talk}"
        ended = patient(lambda: served.get(url), lambda reply: reply.json()["turns"][0]["state"] != "running")
        state = ended.json()["turns"][0]["state"]
        assert state in ("done", "failed"), "whole, or nothing of it and a sentence"
        told = [event for event in ended.json()["turns"][0]["events"] if event["event"] in ("verdict", "error")]
        assert [event["event"] for event in told] == ["verdict" if state == "done" else "error"]
        cut(postgres_url)
        body = {"question": "管理费率是多少", "retry_of": turn}
        again = patient(lambda: served.post(f"{url}/questions", json=body)).json()["id"]
        ended = patient(lambda: served.get(url), lambda reply: reply.json()["turns"][-1]["state"] != "running")
        last = ended.json()["turns"][-1]
        assert (last["id"], last["state"]) == (again, "done")


def waits_until(done: Callable[[], object]) -> None:
    for _ in range(2000):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def cut(url: str) -> None:
    """What every session of the database sees of a restart."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        connection.execute(text(kill + "AND pid <> pg_backend_pid()"))
    admin.dispose()


def patient(
    request: Callable[[], httpx.Response], done: Callable[[httpx.Response], bool] = lambda reply: True
) -> httpx.Response:
    """Asks again as the sentence says; the only refusal is 503, a problem document without the inside of an error."""
    for _ in range(200):
        reply = request()
        if reply.status_code == 503:
            assert reply.json()["detail"].startswith("数据库暂时没有应答"), reply.text
        else:
            assert reply.status_code < 300, reply.text
            if done(reply):
                return reply
        time.sleep(0.05)
    raise AssertionError("it never answered")
