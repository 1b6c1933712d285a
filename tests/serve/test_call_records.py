"""Whose calls they are, and which may be analysed: by records, numbers, a person, and consents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from compliance_filters.audit.read import entries_of
from compliance_filters.tables import audit_log
from intent.call_records.row import CallState
from intent.call_records.tables import call_records, phone_lines
from intent.errors import CallRecordError
from jobs.tables import JobState
from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.sound import silence, tone, write_wav
from tests.serve.conftest import Tougu, client_of, settings_of
from tests.serve.test_worker import Counting, sound, upload, work

__all__ = ["sound"]
PHONES = (
    "number,client_id,advisor_id\n13800000003,C0003,\n01066880000,C0002,\n01066880000,C0008,\n8021,,A001\n"
    "13800000017,C0017,\n"
)
CRM = Principal(user_id="crm", roles=frozenset({Role.CRM}))


@pytest.fixture
def lane(house: House, tmp_path: Path) -> House:
    """A house that knows whose numbers are whose, with an engine that always hears the same."""
    (tmp_path / "phones.csv").write_text(PHONES, "utf-8")
    house.import_file("phones", tmp_path / "phones.csv", principal=OPERATOR)
    house.transcriber = Counting()
    return house


def tell(house: House, **record: str) -> dict[str, str]:
    answer = client_of(house).post("/v1/call-records", json={"records": [record]})
    assert answer.status_code == 200, answer.text
    told: dict[str, str] = answer.json()[0]
    return told


def waits(house: House, state: CallState = CallState.UNASSIGNED) -> list[tuple[str, str]]:
    return [(row.call_id, row.reason) for row in house.call_records.parked(state, principal=OPERATOR)]


class TestNumbers:
    def test_numbers_make_the_lead_the_right_clients(self, lane: House, sound: Path) -> None:
        tell(lane, id="k1", numbers="+86 13800000003;8021", direction="inbound", advisor_channel="left",
             started_at="2026-11-20T10:00:00+08:00")  # fmt: skip
        upload(client_of(lane), sound, call_id="k1")
        work(lane)
        call = lane.leads.call("k1", principal=OPERATOR)
        assert (call["client_id"], call["advisor_id"]) == ("C0003", "A001")
        assert [lead.client_id for lead in lane.leads.list(principal=OPERATOR)] == ["C0003"]

    def test_a_shared_number_is_asked_about_and_read_with_the_client_a_person_names(
        self, lane: House, sound: Path
    ) -> None:
        client = client_of(lane)
        tell(lane, id="k1", numbers="01066880000;8021", direction="inbound", advisor_channel="left")
        job = upload(client, sound, call_id="k1")
        work(lane)
        assert lane.transcriber.calls == 0, "nothing is transcribed of a call that waits"
        done = client.get(f"/v1/jobs/{job}").json()
        assert (done["result"]["outcome"], "several clients share" in done["note"]) == ("unassigned", True)
        (shown,) = client.get("/v1/calls/unassigned").json()["calls"]
        assert shown["candidates"]["client"] == ["C0002", "C0008"]
        assert [line["tail"] for line in shown["lines"]] == ["0000", "21"]
        assert client.get("/v1/calls/unassigned/k1/audio").content == sound.read_bytes()
        assert "access.playback" in events_of(lane)

        answer = client.post("/v1/calls/k1/assign", json={"client_id": "C0008", "advisor_id": "A001", "why": "声音"})
        assert answer.status_code == 202, answer.text
        work(lane)
        assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0008"
        assert waits(lane) == []
        assert client.post("/v1/calls/k1/assign", json={"client_id": "C0002"}).status_code == 409
        assert "call.assigned" in [entry.event for entry in entries_of(lane.audit, "C0008")]

    def test_numbers_imported_later_answer_what_waited(self, lane: House, sound: Path, tmp_path: Path) -> None:
        upload(client_of(lane), sound, call_id="k1")
        tell(lane, id="k1", numbers="13900000009;8021", direction="inbound", advisor_channel="left")
        work(lane)
        assert waits(lane) == [("k1", "client_unknown")]
        (tmp_path / "more.csv").write_text("number,client_id\n13900000009,C0003\n", "utf-8")
        lane.import_file("phones", tmp_path / "more.csv", principal=OPERATOR)
        work(lane)
        assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"

    def test_numbers_stand_nowhere(self, lane: House, sound: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        tell(lane, id="k1", numbers="13987654321;8021", direction="inbound")
        upload(client_of(lane), sound, call_id="k1")
        work(lane)
        with lane.engine.connect() as connection:
            stored = str([connection.execute(select(table)).all() for table in (call_records, phone_lines)])
        assert "13987654321" not in stored + caplog.text
        assert "4321" in stored, "the last digits are for those who have to tell lines apart"

    def test_only_who_sees_every_client_may_assign(self, lane: House, sound: Path) -> None:
        upload(client_of(lane), sound, call_id="k1")
        work(lane)
        lane.users.add("A001", roles=[Role.ADVISOR], branches=["B01"], labels=[], principal=OPERATOR)
        client, head = client_of(lane), {"tougu-as": "A001"}
        assert client.get("/v1/calls/unassigned", headers=head).status_code == 403
        assert client.post("/v1/calls/k1/assign", json={"client_id": "C0003"}, headers=head).status_code == 403
        assert client.get("/v1/calls/unassigned/k1/audio", headers=head).status_code == 403
        with pytest.raises(AccessDeniedError):
            lane.call_records.write_lines([], principal=CRM)
        assert client.post("/v1/calls/k1/assign", json={"client_id": "C9999"}).status_code == 404
        assert client.post("/v1/calls/k1/assign", json={"client_id": "C0003", "advisor_id": "A9"}).status_code == 404
        assert client.post("/v1/calls/none/assign", json={"client_id": "C0003"}).status_code == 404
        assert waits(lane) == [("k1", "not_told")]

    def test_a_call_of_nobody_is_set_aside_and_not_asked_about_again(self, lane: House, sound: Path) -> None:
        upload(client_of(lane), sound, call_id="k1")
        work(lane)
        assert client_of(lane).post("/v1/calls/k1/set-aside", json={"why": "内部通话"}).status_code == 200
        assert (waits(lane), waits(lane, CallState.KEPT)) == ([], [("k1", "set_aside")])
        with pytest.raises(CallRecordError, match="only one that is unassigned"):
            lane.call_lane.set_aside("k1", why="again", principal=OPERATOR)

    def test_what_is_told_of_a_call_that_was_read_changes_nothing(self, lane: House, sound: Path) -> None:
        upload(client_of(lane), sound, call_id="k1", client_id="C0003", advisor_channel="left")
        work(lane)
        assert tell(lane, id="k1", client="C0002")["how"] == "late"
        assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"

    def test_a_bad_record_is_named_and_nothing_of_the_batch_is_written(self, lane: House) -> None:
        client = client_of(lane)
        answer = client.post("/v1/call-records", json={"records": [{"id": "k1"}, {"id": "k2", "direction": "up"}]})
        assert (answer.status_code, "records.1 has direction up" in answer.json()["detail"]) == (422, True)
        assert lane.call_records.counts()[CallState.TOLD] == 0

    def test_the_same_record_twice_is_known(self, lane: House) -> None:
        told = {"id": "k1", "numbers": "13800000003;8021", "direction": "inbound"}
        assert [tell(lane, **told)["how"] for _ in range(2)] == ["new", "known"]


class TestConsent:
    @pytest.mark.parametrize(("client_id", "reason"), [("C0017", "consent_refused"), ("C0001x", "no_such_client")])
    def test_without_consent_nothing_is_analysed(self, lane: House, sound: Path, client_id: str, reason: str) -> None:
        upload(client_of(lane), sound, call_id="k1", client_id=client_id)
        work(lane)
        state = CallState.UNASSIGNED if reason == "no_such_client" else CallState.KEPT
        assert waits(lane, state) == [("k1", reason)]
        assert lane.transcriber.calls == 0
        assert client_of(lane).get("/v1/calls/k1").status_code == 404

    def test_the_recording_is_kept_and_read_when_consent_comes_and_a_person_says_so(
        self, lane: House, sound: Path, home: Path
    ) -> None:
        client = client_of(lane)
        withdraw(lane, "C0003", ConsentState.WITHDRAWN)
        upload(client, sound, call_id="k1", client_id="C0003", advisor_channel="left")
        work(lane)
        (shown,) = client.get("/v1/calls/kept").json()["calls"]
        assert (shown["reason"], shown["recording"]) == ("consent_refused", True)
        assert client.get("/v1/calls/lane").json()["counts"]["kept"] == 1
        assert 'tougu_calls{state="kept"} 1.0' in client.get("/metrics").text

        assert client.post("/v1/calls/k1/read").status_code == 202
        work(lane)
        assert waits(lane, CallState.KEPT) == [("k1", "consent_refused")], "asked again, nothing has changed"
        withdraw(lane, "C0003", ConsentState.GRANTED)
        work(lane)
        assert lane.transcriber.calls == 0, "that alone reads nothing"
        assert client.post("/v1/calls/k1/read").status_code == 202
        work(lane)
        assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"

    def test_with_another_ground_only_a_refusal_counts(self, home: Path, sound: Path) -> None:
        settings = settings_of(home)
        calls = settings.calls.model_copy(update={"ai_consent": "unless_refused"})
        house = House(settings.model_copy(update={"calls": calls}))
        house.transcriber = Counting()
        assert house.call_lane.hold_of("C9999") is None
        refused = house.call_lane.hold_of("C0017")
        assert refused is not None
        assert refused.reason == "consent_refused"
        job = upload(client_of(house), sound, call_id="k1", advisor_channel="left")
        work(house)
        assert house.jobs.get(job).result["outcome"] == "read", "nobody's call is read without a client"
        house.close()

    def test_a_sealed_clients_call_is_kept(self, lane: House) -> None:
        lane.audit.append(event="x", actor="a", subject="C0003", payload={"text": "t"})
        lane.erasure.seal("C0003", reason="asked", principal=Principal(user_id="o", roles=frozenset({Role.COMPLIANCE})))
        hold = lane.call_lane.hold_of("C0003")
        assert hold is not None
        assert (hold.state, hold.reason) == (CallState.KEPT, "sealed")

    def test_the_command_line_does_not_read_it_either(self, home: Path, tougu: Tougu, sound: Path) -> None:
        house = House(settings_of(home))
        house.close()
        listed = sound.parent / "calls.csv"
        listed.write_text(f"id,path,client_id\nk1,{sound.name},C0017\n", "utf-8")
        ran = tougu("calls", "--metadata", listed)
        assert (ran.code, "k1: not read, the client refuses AI analysis." in ran.err) == (0, True)


def withdraw(house: House, client_id: str, state: ConsentState) -> None:
    with house.engine.begin() as connection:
        house.consent_ledger.write(
            connection, client_id, Purpose.AI_ANALYSIS, state, Proof(source="staff", why="form"), by="o",
            at=datetime.now(UTC),
        )  # fmt: skip


def test_a_kept_recording_goes_when_its_time_is_over(home: Path, sound: Path) -> None:
    settings = settings_of(home)
    speech = settings.speech.model_copy(update={"keep_recordings_days": 30})
    house = House(settings.model_copy(update={"speech": speech}))
    upload(client_of(house), sound, call_id="k1", client_id="C0017")
    work(house)
    assert house.recording_keeper.sweep(datetime.now(UTC)).removed == 0
    assert house.recording_keeper.sweep(datetime.now(UTC) + timedelta(days=31)).removed == 1
    assert list((home / "recordings").iterdir()) == []
    house.close()


def test_a_legal_hold_reaches_a_client_of_whom_nothing_was_ever_read(home: Path, sound: Path) -> None:
    settings = settings_of(home)
    speech = settings.speech.model_copy(update={"keep_recordings_days": 30})
    house = House(settings.model_copy(update={"speech": speech}))
    upload(client_of(house), sound, call_id="k1", client_id="C0017")
    work(house)
    officer = Principal(user_id="CO1", roles=frozenset({Role.COMPLIANCE}))
    house.erasure.hold("C0017", reason="诉讼", principal=officer)
    swept = house.recording_keeper.sweep(datetime.now(UTC) + timedelta(days=31))
    assert (swept.removed, swept.held) == (0, 1)
    house.close()


def test_a_recording_that_was_given_up_goes_too_and_one_that_waits_stays(home: Path, sound: Path) -> None:
    settings = settings_of(home)
    speech = settings.speech.model_copy(update={"keep_recordings_days": 30})
    house = House(settings.model_copy(update={"speech": speech}))
    folder, later = home / "recordings", datetime.now(UTC) + timedelta(days=31)
    broken = sound.with_name("broken.wav")
    broken.write_bytes(b"this is no sound" * 100)
    upload(client_of(house), broken, call_id="k1", client_id="C0003")
    work(house)
    upload(client_of(house), sound, call_id="k2", client_id="C0003")
    (folder / ".upload-1-1").write_bytes(b"RIFF")
    assert house.recording_keeper.sweep(datetime.now(UTC)).removed == 0
    assert len(list(folder.iterdir())) == 3, "what is on its way may still become whole"
    assert house.recording_keeper.sweep(later).removed == 1
    (left,) = folder.iterdir()
    assert left.read_bytes() == sound.read_bytes()
    house.close()


class TestOldCalls:
    def test_an_old_call_gives_no_lead_and_is_known_of_the_client(self, lane: House, sound: Path) -> None:
        old = (datetime.now(UTC) - timedelta(days=40)).isoformat()
        upload(client_of(lane), sound, call_id="k1", client_id="C0003", advisor_channel="left", started_at=old)
        work(lane)
        assert not lane.leads.list(principal=OPERATOR)
        with lane.engine.connect() as connection:
            from intent.segments.facts import NoPrices, load_items

            item = load_items(connection, ["C0003"], day=lane.today(), event_days=90, intent_days=90,
                              prices=NoPrices())["C0003"]  # fmt: skip
        assert [each["state"] for each in item["intent"]] == ["expired"]
        assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003", "it counts as a call"

    def test_it_comes_after_the_calls_that_can_give_leads(self, lane: House) -> None:
        now = datetime.now(UTC)
        assert lane.call_lane.priority_of(now, now) > lane.call_lane.priority_of(now - timedelta(days=31), now)


class TestSpeed:
    def test_the_time_from_the_end_of_a_call_to_its_leads_is_a_figure(self, lane: House, sound: Path) -> None:
        started = datetime.now(UTC) - timedelta(minutes=5)
        upload(client_of(lane), sound, call_id="k1", client_id="C0003", started_at=started.isoformat())
        work(lane)
        speed = lane.call_records.speed(datetime.now(UTC))
        assert speed.calls == 1
        assert speed.p95_s is not None
        assert 280 < speed.p95_s < 3600
        text = client_of(lane).get("/metrics").text
        assert 'tougu_call_to_leads_seconds{quantile="0.95"}' in text

    def test_without_calls_there_is_no_figure(self, house: House) -> None:
        assert house.call_records.speed(datetime.now(UTC)).p95_s is None
        assert "tougu_call_to_leads_seconds{" not in client_of(house).get("/metrics").text


def test_the_command_line_tells_what_waits_and_assigns(home: Path, tougu: Tougu, sound: Path, tmp_path: Path) -> None:
    house = House(settings_of(home))
    house.transcriber = Counting()
    upload(client_of(house), sound, call_id="k1", advisor_channel="left")
    work(house)
    records = tmp_path / "records.csv"
    records.write_text("id,numbers,direction\nk1,01066880000;8021,inbound\n", "utf-8")
    told = tougu("import", "call-records", records)
    assert (told.code, "Nobody knows for certain whose 1 calls are" in told.err) == (0, True)
    assert json.loads(tougu("calls", "waiting", "--json").out)["counts"]["unassigned"] == 1
    (listed,) = json.loads(tougu("calls", "unassigned", "--json").out)
    assert (listed["id"], listed["reason"]) == ("k1", "client_unknown")
    assert "no client is known by the number" in tougu("calls", "unassigned").out
    assert tougu("calls", "assign", "k1", "--client", "C0003").code == 0
    work(house)
    assert house.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"
    assert "No call is kept." in tougu("calls", "kept").err
    assert tougu("calls", "aside", "k1", "--why", "x").code == 1
    house.close()


def test_a_call_that_changed_while_it_was_looked_at_is_looked_at_again(
    lane: House, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that comes between the look and the parking is not lost."""
    job = upload(client_of(lane), sound, call_id="k1", advisor_channel="left")
    real = lane.call_lane.hold_for

    def told_meanwhile(row: object) -> object:
        hold = real(row)  # type: ignore[arg-type]
        monkeypatch.undo()
        tell(lane, id="k1", client="C0003")
        return hold

    monkeypatch.setattr(lane.call_lane, "hold_for", told_meanwhile)
    work(lane)
    assert lane.jobs.get(job).state is JobState.DONE
    assert lane.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"


def events_of(house: House) -> list[str]:
    with house.engine.connect() as connection:
        return list(connection.execute(select(audit_log.c.event)).scalars())


def another(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "other.wav", tone(150, 1.0), np.concatenate([silence(0.5), tone(300, 0.5)]))


def test_a_second_recording_under_the_id_of_a_call_gives_nothing_twice(
    lane: House, sound: Path, tmp_path: Path
) -> None:
    client: TestClient = client_of(lane)
    upload(client, sound, call_id="k1", client_id="C0003", advisor_channel="left")
    work(lane)
    upload(client, another(tmp_path), call_id="k1", client_id="C0003", advisor_channel="left")
    work(lane)
    assert len(lane.leads.list(principal=OPERATOR)) == 1
