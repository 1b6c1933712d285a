"""Call notes and tasks over HTTP and on the command line."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from compliance_filters.audit.read import entries_of
from intent.call import Call, CallReading, Transcript
from intent.notes.write import NoteMaker
from knowledge_base.access import Role
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import Tougu
from tests.serve.test_app import said

STARTED = datetime(2026, 9, 15, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
AS_ADVISOR = {"tougu-as": "A001"}
AS_OTHER = {"tougu-as": "A999"}


def take(house: House, call_id: str = "k1") -> None:
    """One call of A001 with two promises, and two users."""
    turns = said("a:您好。", "c:我想开通港股通，怎么办？", "a:我明天上午把资料发您，佣金我去查一下。", "c:好。")
    transcript = Transcript(turns=turns, duration_s=20.0)
    call = Call(id=call_id, transcript=transcript, client_id="C0003", advisor_id="A001", started_at=STARTED)
    reading = CallReading(call_id=call.id, wishes=(), note=NoteMaker(house.taxonomy).note(call, ()))
    house.leads.record(reading, call, principal=OPERATOR)
    for name in ("A001", "A999"):
        house.users.add(name, roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)


@pytest.fixture
def noted(house: House, client: TestClient) -> TestClient:
    take(house)
    return client


class TestNote:
    def test_a_draft_shows_text_and_structure(self, noted: TestClient) -> None:
        note = noted.get("/v1/calls/k1/note", headers=AS_ADVISOR).json()
        assert (note["state"], note["version"]) == ("draft", 1)
        assert "【顾问承诺】\n- 我明天上午把资料发您（9月16日周三12:00前）（第3轮）" in note["text"]
        assert note["content"]["promised"][0]["evidence"][0]["turn"] == 2

    def test_confirming_is_idempotent(self, noted: TestClient) -> None:
        first = noted.post("/v1/calls/k1/note/confirm", headers=AS_ADVISOR)
        again = noted.post("/v1/calls/k1/note/confirm", json={}, headers=AS_ADVISOR)
        assert first.json() == again.json()
        assert (first.json()["state"], first.json()["confirmed_by"]) == ("confirmed", "A001")

    def test_somebody_elses_change_is_409_in_one_sentence(self, noted: TestClient) -> None:
        where = "/v1/calls/k1/note/confirm"
        assert noted.post(where, json={"text": "一", "version": 1}).json()["version"] == 2
        answer = noted.post(where, json={"text": "二", "version": 1}, headers=AS_ADVISOR)
        assert answer.status_code == 409
        assert "operator confirmed it, version 2" in answer.json()["detail"]
        assert noted.get("/v1/calls/k1/note").json()["text"] == "一"

    def test_who_does_not_see_the_call_sees_no_note(self, noted: TestClient) -> None:
        for answer in (
            noted.get("/v1/calls/k1/note", headers=AS_OTHER),
            noted.post("/v1/calls/k1/note/confirm", headers=AS_OTHER),
        ):
            assert answer.status_code == 404

    @pytest.mark.parametrize("body", [{"text": " \n"}, {"version": 0}, {"words": "x"}])
    def test_a_bad_body_is_refused(self, noted: TestClient, body: dict[str, object]) -> None:
        assert noted.post("/v1/calls/k1/note/confirm", json=body).status_code == 422

    def test_reading_it_is_logged(self, house: House, noted: TestClient) -> None:
        noted.get("/v1/calls/k1/note", headers=AS_ADVISOR)
        looks = [entry for entry in entries_of(house.audit, "C0003") if entry.event == "access.view"]
        assert [(look.actor, look.data["what"]) for look in looks] == [("A001", "note")]


class TestTasks:
    def test_tasks_are_listed_by_due_date(self, noted: TestClient) -> None:
        tasks = noted.get("/v1/tasks", params={"advisor": "A001"}, headers=AS_ADVISOR).json()["tasks"]
        assert [(task["act"], task["due_at"]) for task in tasks] == [
            ("send", "2026-09-16T12:00:00+08:00"), ("check", None),
        ]  # fmt: skip

    def test_due_before_takes_a_moment_with_a_zone(self, noted: TestClient) -> None:
        def due(moment: str) -> int:
            return len(noted.get("/v1/tasks", params={"due_before": moment}).json()["tasks"])

        assert (due("2026-09-16T12:00:00+08:00"), due("2026-09-16T12:01:00+08:00")) == (0, 1)
        assert noted.get("/v1/tasks", params={"due_before": "2026-09-16T12:00:00"}).status_code == 422

    def test_nobody_sees_another_advisors_tasks(self, noted: TestClient) -> None:
        assert noted.get("/v1/tasks", params={"advisor": "A001"}, headers=AS_OTHER).json() == {"tasks": []}

    def test_done_closes_a_task_once(self, noted: TestClient) -> None:
        task = noted.get("/v1/tasks").json()["tasks"][0]["id"]
        assert noted.post(f"/v1/tasks/{task}/done", headers=AS_OTHER).status_code == 404
        done = noted.post(f"/v1/tasks/{task}/done", headers=AS_ADVISOR).json()
        assert (done["state"], done["closed_by"]) == ("done", "A001")
        assert noted.post(f"/v1/tasks/{task}/done").json() == done
        assert noted.post(f"/v1/tasks/{task}/done", json={"outcome": "wrong"}).status_code == 409
        assert len(noted.get("/v1/tasks").json()["tasks"]) == 1


class TestCommands:
    @pytest.fixture
    def tougu(self, tougu: Tougu, hash_environment: Path) -> Tougu:
        """The command line over a home in which the call was read."""
        from tests.serve.conftest import settings_of

        house = House(settings_of(hash_environment))
        take(house)
        house.close()
        return tougu

    def test_note_shows_and_confirms(self, tougu: Tougu, tmp_path: Path) -> None:
        shown = tougu("calls", "note", "k1")
        assert shown.out.startswith("k1  draft  version 1\n【来电目的】")
        words = tmp_path / "note.txt"
        words.write_text("明天上午发资料。\n", encoding="utf-8")
        ran = tougu("--as", "A001", "calls", "note", "k1", "--confirm", "--text", words)
        assert ran.out == "k1  confirmed by A001  version 2\n明天上午发资料。\n"
        assert json.loads(tougu("calls", "note", "k1", "--json").out)["draft"].startswith("【来电目的】")

    def test_a_text_without_confirm_and_a_missing_file_are_refused(self, tougu: Tougu, tmp_path: Path) -> None:
        assert "add --confirm" in tougu("calls", "note", "k1", "--text", tmp_path / "x").err
        gone = tougu("calls", "note", "k1", "--confirm", "--text", tmp_path / "x")
        assert (gone.code, len(gone.err.splitlines())) == (1, 1)

    def test_tasks_are_shown_and_closed(self, tougu: Tougu) -> None:
        shown = tougu("calls", "tasks", "--advisor", "A001", "--due-before", "2026-09-17")
        assert "2026-09-16 12:00" in shown.out
        task = shown.out.split()[0]
        assert tougu("calls", "tasks", "--done", task).out.split()[1] == "done"
        assert "No tasks" in tougu("calls", "tasks", "--due-before", "2026-09-17").err

    def test_a_path_is_still_read_without_the_word(self, tougu: Tougu, tmp_path: Path) -> None:
        assert "No recordings were found" in tougu("calls", tmp_path).err
        assert "No recordings were found" in tougu("calls").err
        assert "--metadata" in tougu("calls", "read", "--help").out


def test_the_note_of_a_recorded_call_uses_the_firms_products(settings: Settings, house: House) -> None:
    turns = said("a:您好。", "c:云岭稳健增利我有三十万。")
    reading = house.pipeline.read(Call(id="k2", transcript=Transcript(turns=turns, duration_s=9.0)))
    assert reading.note is not None
    assert "product" in reading.note.facts[0].kinds
