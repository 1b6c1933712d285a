"""What the pages of officers and of calls ask for: audit search, results of evaluations, turns and wave of a call."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve.peaks import forget
from serve.wiring import House
from tests.serve.staff_cases import with_staff
from tests.serve.test_call_page import take
from tests.serve.test_seen import seen_of
from tests.serve.test_worker import sound

__all__ = ["sound"]
ANNA = {"tougu-as": "anna"}


class TestAuditSearch:
    def test_by_client_kind_person_and_day(self, house: House, client: TestClient) -> None:
        with_staff(house)
        house.audit.append(event="compliance.verdict", actor="A001", subject="C0003", data={"outcome": "pass"},
                           payload={"text": "季报已发布"})  # fmt: skip
        house.audit.append(event="review.approved", actor="anna", data={})

        def asked(**query: str) -> list[tuple[str, str]]:
            found = client.get("/v1/audit/entries", params=query, headers=ANNA)
            assert found.status_code == 200, found.text
            return [(each["event"], each["actor"]) for each in found.json()["entries"]]

        assert asked(client="C0003", event="compliance.verdict") == [("compliance.verdict", "A001")]
        assert asked(event="review.") == [("review.approved", "anna")]
        assert asked(actor="A001", event="compliance.verdict") == [("compliance.verdict", "A001")]
        today, before = house.today().isoformat(), (house.today() - timedelta(days=1)).isoformat()
        assert asked(first=today, last=today, event="review.") == [("review.approved", "anna")]
        assert asked(last=before) == []
        assert asked(event="review_") == []
        text = client.get("/v1/audit/entries?client=C0003&event=compliance.verdict", headers=ANNA).json()["entries"][0][
            "text"
        ]
        assert text == "季报已发布"
        assert any(kind == "search" for kind, *_ in seen_of(house))

    def test_pages_follow_each_other(self, house: House, client: TestClient) -> None:
        with_staff(house)
        for number in range(5):
            house.audit.append(event="x.test", actor="a", data={"n": number})
        first = client.get("/v1/audit/entries?event=x.test&limit=3", headers=ANNA).json()
        rest = client.get(f"/v1/audit/entries?event=x.test&limit=3&before={first['cursor']}", headers=ANNA).json()
        numbers = [each["data"]["n"] for page in (first, rest) for each in page["entries"]]
        assert (numbers, rest["cursor"]) == ([4, 3, 2, 1, 0], None)

    @pytest.mark.parametrize("who", ["A001", "boss", "kefu"])
    def test_it_is_for_officers(self, house: House, client: TestClient, who: str) -> None:
        with_staff(house)
        assert client.get("/v1/audit/entries", headers={"tougu-as": who}).status_code == 403

    @pytest.mark.parametrize("query", ["first=0001-01-01", "last=9999-12-31", "event=%25", "before=999999999"])
    def test_odd_questions_are_answered(self, house: House, client: TestClient, query: str) -> None:
        with_staff(house)
        assert client.get(f"/v1/audit/entries?{query}", headers=ANNA).status_code in (200, 422)

    @pytest.mark.parametrize("query", ["client=%00", "actor=%00"])
    def test_a_nul_in_the_address_is_refused(self, house: House, client: TestClient, query: str) -> None:
        with_staff(house)
        answer = client.get(f"/v1/audit/entries?{query}", headers=ANNA)
        assert (answer.status_code, "空字符" in answer.json()["detail"]) == (400, True)


class TestEvaluations:
    def test_the_last_result_of_each_suite(self, house: House, client: TestClient) -> None:
        with_staff(house)
        folder = house.settings.home / "evaluations"
        folder.mkdir()
        told = {
            "suite": "intent",
            "metrics": {"f1": {"value": 0.9, "low": 0.8, "high": 0.95}},
            "at": "2026-11-22T10:00:00Z",
        }
        (folder / "intent.json").write_text(json.dumps(told), "utf-8")
        (folder / "broken.json").write_text("{", "utf-8")
        assert client.get("/v1/evaluations", headers=ANNA).json() == [told]
        assert client.get("/v1/evaluations", headers={"tougu-as": "A001"}).status_code == 403


class TestCall:
    def test_turns_and_wave(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        turns = client.get("/v1/calls/k7/turns").json()
        assert [turn["speaker"] for turn in turns] == ["advisor", "client"]
        assert "港股通" in turns[1]["text"]
        assert [turn["confidence"] for turn in turns] == [1.0, 1.0], "people see where the transcription was unsure"
        assert turns[0]["start_s"] < turns[1]["start_s"]
        wave = client.get("/v1/calls/k7/peaks").json()
        assert len(wave["channels"]) == 2
        assert {len(levels) for levels in wave["channels"]} == {480}
        assert max(max(levels) for levels in wave["channels"]) == 100
        assert len(list((house.settings.home / "peaks").glob("*.json"))) == 1
        assert client.get("/v1/calls/k7/peaks").json() == wave

    def test_the_wave_goes_with_its_recording(self, house: House, sound: Path) -> None:
        take(house, sound).get("/v1/calls/k7/peaks")
        (recording,) = (house.settings.home / "recordings").iterdir()
        forget(recording.resolve(), house.settings.home / "peaks")
        assert list((house.settings.home / "peaks").glob("*.json")) == []

    def test_who_may_not_see_the_call_gets_neither(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        with_staff(house)
        for what in ("turns", "peaks"):
            assert client.get(f"/v1/calls/k7/{what}", headers={"tougu-as": "A002"}).status_code == 404

    def test_a_recording_that_is_gone_has_no_wave(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        for kept in (house.settings.home / "recordings").iterdir():
            kept.unlink()
        assert client.get("/v1/calls/k7/peaks").status_code == 404
