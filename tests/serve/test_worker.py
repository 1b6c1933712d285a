"""Background work through the table of jobs: calls, diagnoses, and stopping."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from compliance_filters.finding import Outcome
from intent.errors import ClassifierError
from intent.speech.audio import Samples
from intent.speech.transcribe import ScriptedTranscriber, Segment, Transcription, Word
from jobs.leases import Job
from jobs.tables import JobState
from jobs.worker import Task, Watch, run_worker
from knowledge_base.access import Role
from serve.call_queue import CALLS
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import DIAGNOSES, CallHandler, DiagnosisHandler, running_worker
from tests.intent.sound import silence, tone, write_wav
from tests.serve.conftest import client_of


def work(house: House) -> None:
    """Do what is in both queues, then return."""
    for queue, handler in ((CALLS, CallHandler(house)), (DIAGNOSES, DiagnosisHandler(house))):
        run_worker(house.jobs, queue, handler, stop=threading.Event(), settings=house.settings.jobs, until_empty=True)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Two speakers after each other: the advisor left, the client right."""
    left = np.concatenate([tone(180, 1.5), silence(3.5)])
    right = np.concatenate([silence(3.0), tone(240, 2.0)])
    return write_wav(tmp_path / "call.wav", left, right)


def upload(client: TestClient, sound: Path, **data: str) -> str:
    answer = client.post("/v1/calls", files={"recording": (sound.name, sound.read_bytes())}, data=data)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


class TestCalls:
    def test_a_call_goes_all_the_way(self, house: House, sound: Path) -> None:
        house.transcriber = ScriptedTranscriber(["您好，这里是远山证券。", "你好，我想开通港股通，怎么办？"])
        client = client_of(house)
        job = upload(
            client, sound, call_id="k7", client_id="C0003", advisor_id="A001", advisor_channel="left",
            started_at="2026-11-20T10:00:00+08:00",
        )  # fmt: skip
        work(house)
        done = client.get(f"/v1/jobs/{job}").json()
        assert (done["state"], done["error"]) == ("done", None)
        assert done["result"]["call_id"] == "k7"
        assert "港股" not in str(done), "a job never holds what was said"
        assert client.get("/v1/calls/k7").json()["client_id"] == "C0003"
        (lead,) = client.get("/v1/leads").json()["leads"]
        assert done["result"]["leads"] == [lead["id"]]

    def test_a_second_run_changes_nothing(self, house: House, sound: Path) -> None:
        texts = ["您好。", "我想开通港股通，怎么办？"]
        house.transcriber = ScriptedTranscriber(texts * 2)
        job = upload(client_of(house), sound, call_id="k7", client_id="C0003", advisor_channel="left")
        work(house)
        first = house.leads.list(principal=OPERATOR)
        payload = house.jobs.get(job).payload
        again = house.jobs.enqueue(CALLS, "another-key", payload)
        work(house)
        assert house.jobs.get(again).state is JobState.DONE
        assert house.leads.list(principal=OPERATOR) == first

    def test_a_corrupt_recording_is_quarantined_at_once(self, house: House, tmp_path: Path) -> None:
        broken = tmp_path / "broken.mp3"
        broken.write_bytes(b"this is no sound" * 100)
        job = self.outcome(house, broken)
        assert job.state is JobState.QUARANTINED
        assert job.attempts == 1
        assert job.error
        assert "\n" not in job.error

    def test_an_empty_upload_too(self, house: House, tmp_path: Path) -> None:
        (tmp_path / "empty.wav").touch()
        assert self.outcome(house, tmp_path / "empty.wav").state is JobState.QUARANTINED

    def test_an_engine_that_does_not_answer_is_tried_again(self, house: House, sound: Path) -> None:
        job = self.outcome(house, sound)
        assert (job.state, job.attempts) == (JobState.QUARANTINED, house.settings.jobs.max_attempts)
        assert "TranscriptionError" in (job.error or "")

    def outcome(self, house: House, path: Path) -> Job:
        house.transcriber = ScriptedTranscriber([])
        job = upload(client_of(house), path, client_id="C0003")
        deadline = time.monotonic() + 20
        while house.jobs.get(job).state not in (JobState.DONE, JobState.QUARANTINED) and time.monotonic() < deadline:
            work(house)
        return house.jobs.get(job)


class TestDiagnoses:
    @pytest.mark.parametrize("kind", ["pdf", "html", "docx"])
    def test_a_fund_becomes_a_file(self, house: House, kind: str) -> None:
        client = client_of(house)
        job = client.post("/v1/diagnoses", json={"fund_code": "990002", "format": kind}).json()["id"]
        work(house)
        state = client.get(f"/v1/jobs/{job}").json()
        assert state["state"] == "done", state
        report = client.get(f"/v1/diagnoses/{job}/report")
        assert report.status_code == 200, report.text
        assert report.content[:4] == {"pdf": b"%PDF", "html": b"<!DO", "docx": b"PK\x03\x04"}[kind]

    def test_a_report_that_the_gate_held_is_never_a_file(self, house: House, home: Path) -> None:
        house.gate = Always(house.gate, Outcome.BLOCK)
        client = client_of(house)
        job = client.post("/v1/diagnoses", json={"fund_code": "990002"}).json()["id"]
        work(house)
        assert client.get(f"/v1/jobs/{job}").json()["result"]["outcome"] == "block"
        answer = client.get(f"/v1/diagnoses/{job}/report")
        assert (answer.status_code, "held" in answer.json()["detail"]) == (409, True)
        assert not (home / "reports").exists()

    def test_a_removed_file_is_told(self, house: House, home: Path) -> None:
        client = client_of(house)
        job = client.post("/v1/diagnoses", json={"fund_code": "990002", "format": "html"}).json()["id"]
        work(house)
        (home / "reports" / f"{job}.html").unlink()
        answer = client.get(f"/v1/diagnoses/{job}/report")
        assert (answer.status_code, "removed" in answer.json()["detail"]) == (404, True)

    def test_an_unknown_fund_is_quarantined_at_once(self, house: House) -> None:
        client = client_of(house)
        job = client.post("/v1/diagnoses", json={"fund_code": "999999"}).json()["id"]
        work(house)
        found = house.jobs.get(job)
        assert (found.state, found.attempts) == (JobState.QUARANTINED, 1)
        assert "no NAV file for 999999" in (found.error or "")


class Always:
    """The gate, but every verdict is the one told."""

    def __init__(self, gate: object, outcome: Outcome) -> None:
        self._gate, self._outcome = gate, outcome

    def review(self, *arguments: object, **named: object) -> object:
        verdict = self._gate.review(*arguments, **named)
        return replace(verdict, outcome=self._outcome, cleared=None)


def test_threads_work_until_the_block_ends(house: House, sound: Path) -> None:
    house.transcriber = ScriptedTranscriber(["您好。", "我想开通港股通，怎么办？"])
    job = upload(client_of(house), sound, advisor_channel="left")
    with running_worker(house, wanted=True):
        deadline = time.monotonic() + 20
        while house.jobs.get(job).state is not JobState.DONE and time.monotonic() < deadline:
            time.sleep(0.05)
    assert house.jobs.get(job).state is JobState.DONE
    assert not {thread.name for thread in threading.enumerate()} & {CALLS, DIAGNOSES}


def test_no_worker_where_none_is_wanted(house: House) -> None:
    with running_worker(house, wanted=False):
        assert not {thread.name for thread in threading.enumerate()} & {CALLS, DIAGNOSES}


class Counting(ScriptedTranscriber):
    """Says the same of every call, and counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(["您好，这里是远山证券。", "你好，我想开通港股通，怎么办？"] * 9)


class Away:
    """A classifier whose weights are gone until they are put back."""

    def __init__(self, real: object) -> None:
        self.real, self.broken = real, True

    def __getattr__(self, name: str) -> object:
        if self.broken and name == "read":
            raise ClassifierError("The model's folder is empty: train one, or set intent.model_dir.")
        return getattr(self.real, name)


class TestFailedCalls:
    def test_a_reading_that_failed_does_not_transcribe_again(self, house: House, sound: Path) -> None:
        house.transcriber = engine = Counting()
        house.pipeline = pipeline = Away(house.pipeline)
        client = client_of(house)
        job = upload(client, sound, call_id="k7", client_id="C0003", advisor_channel="left")
        work_until_still(house, job)
        assert house.jobs.get(job).state is JobState.QUARANTINED
        assert "ClassifierError" in (house.jobs.get(job).error or "")
        assert engine.calls == 2, "two channels, once"
        (kept,) = (house.settings.home / "heard").iterdir()
        assert kept.stat().st_mode & 0o777 == 0o600
        assert "港股".encode() not in kept.read_bytes(), "under the key of the client's texts"

        pipeline.broken = False
        answer = client.post(f"/v1/jobs/{job}/requeue")
        assert (answer.status_code, answer.json()["state"]) == (202, "ready")
        work(house)
        assert house.jobs.get(job).state is JobState.DONE
        assert engine.calls == 2
        assert not list((house.settings.home / "heard").iterdir()), "nothing is kept once the call is recorded"
        assert client.get("/v1/leads").json()["leads"]

    def test_only_a_failed_call_is_tried_again_and_only_by_who_runs_them(self, house: House, sound: Path) -> None:
        house.transcriber = Counting()
        client = client_of(house)
        job = upload(client, sound, call_id="k7", client_id="C0003", advisor_channel="left")
        answer = client.post(f"/v1/jobs/{job}/requeue")
        assert (answer.status_code, "only a failed one" in answer.json()["detail"]) == (409, True)
        house.users.add("A001", roles=[Role.ADVISOR], branches=["B01"], labels=[], principal=OPERATOR)
        assert client.post(f"/v1/jobs/{job}/requeue", headers={"tougu-as": "A001"}).status_code == 403
        assert client.post("/v1/jobs/none/requeue").status_code == 404

    def test_a_call_sent_again_takes_what_is_told_anew_while_it_waits(self, house: House, sound: Path) -> None:
        house.transcriber = Counting()
        client = client_of(house)
        job = upload(client, sound, call_id="k7", advisor_channel="left")
        assert upload(client, sound, client_id="C0003") == job
        assert house.jobs.get(job).payload["call_id"] == "k7"
        work(house)
        assert client.get("/v1/calls/k7").json()["client_id"] == "C0003"
        assert upload(client, sound, client_id="C0003", call_id="k7") == job, "nothing new is the same job"

    def test_other_metadata_of_a_call_that_was_read_is_refused(self, house: House, sound: Path) -> None:
        house.transcriber = Counting()
        client = client_of(house)
        upload(client, sound, call_id="k7", client_id="C0003", advisor_channel="left")
        work(house)
        files = {"recording": (sound.name, sound.read_bytes())}
        answer = client.post("/v1/calls", files=files, data={"client_id": "C0004"})
        assert answer.status_code == 409
        assert "was read as the call k7, and client_id differs" in answer.json()["detail"]

    def test_a_failed_call_is_tried_again_with_what_is_told_anew(self, house: House, sound: Path) -> None:
        house.transcriber = ScriptedTranscriber([])
        client = client_of(house)
        job = upload(client, sound, call_id="k7", client_id="C0003")
        work_until_still(house, job)
        assert house.jobs.get(job).state is JobState.QUARANTINED
        house.transcriber = Counting()
        assert upload(client, sound, advisor_channel="left") == job
        work(house)
        assert client.get("/v1/calls/k7").json()["client_id"] == "C0003"


def work_until_still(house: House, job: str) -> None:
    deadline = time.monotonic() + 20
    while house.jobs.get(job).state not in (JobState.DONE, JobState.QUARANTINED) and time.monotonic() < deadline:
        work(house)


def test_each_window_of_a_long_recording_is_a_sign_of_life_and_is_told(house: House, sound: Path) -> None:
    class Watched(Task):
        def alive(self) -> None:
            told.append("alive")

        def progress(self, done: int, total: int | None = None, note: str = "") -> None:
            told.append(note)

    told: list[str] = []
    house.transcriber = Counting()
    job = upload(client_of(house), sound, call_id="k7", client_id="C0003", advisor_channel="left")
    (leased,) = house.jobs.claim(CALLS, "a worker", 60.0)
    result = CallHandler(house)(Watched(house.jobs, leased, threading.Event(), Watch(60.0, lambda busy: None)))
    assert told == ["transcribing", "alive", "transcribing, 0.1 minutes heard", "done"]
    assert result["marks"] == []
    assert house.jobs.get(job).state is JobState.DONE


class TestPoorTranscripts:
    def test_nobody_reads_them_and_a_person_is_asked_to_listen(self, house: House, sound: Path) -> None:
        house.transcriber = Unsure()
        client = client_of(house)
        upload(client, sound, call_id="k8", client_id="C0003", advisor_id="A001", advisor_channel="left")
        work(house)
        assert client.get("/v1/leads").json()["leads"] == []
        (task,) = client.get("/v1/tasks").json()["tasks"]
        assert (task["call_id"], task["act"]) == ("k8", "listen")
        assert task["what"].startswith("请听录音：转写平均置信度仅 0.20")


class Unsure:
    """Hears a clear wish, and is not sure of a word."""

    name = "unsure"

    def transcribe(self, samples: Samples) -> Transcription:
        text = "你好，我想开通港股通的权限，你看看怎么办比较好"
        word = Word(text=text, start_s=0.1, end_s=1.9, probability=0.2)
        return Transcription(segments=(Segment(text=text, start_s=0.1, end_s=1.9, words=(word,)),), speech_s=1.9)
