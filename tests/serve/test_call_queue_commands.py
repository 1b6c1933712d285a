"""`tougu calls failed` and `requeue`, and calls imported twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.errors import JobStateError
from jobs.tables import JobState
from serve.call_queue import CALLS
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import Tougu, settings_of
from tests.serve.test_worker import Counting, sound, work

__all__ = ["sound"]


def give_up(house: House, key: str) -> str:
    job_id = house.jobs.enqueue(CALLS, key, {"path": f"{key}.wav", "call_id": key})
    (job,) = house.jobs.claim(CALLS, "w", 60)
    house.jobs.quarantine(job, "the engine was away")
    return job_id


def test_failed_calls_are_listed_and_tried_again(hash_environment: Path, tougu: Tougu) -> None:
    house = House(settings_of(hash_environment))
    first, second = give_up(house, "k1"), give_up(house, "k2")
    listed = json.loads(tougu("calls", "failed", "--json").out)
    assert [(each["call_id"], each["reason"]) for each in listed] == [
        ("k1", "the engine was away"),
        ("k2", "the engine was away"),
    ]
    assert tougu("calls", "requeue", first).out == "k1 is tried again.\n"
    assert tougu("calls", "requeue", "--all").out == "1 calls are tried again.\n"
    assert {house.jobs.get(job).state for job in (first, second)} == {JobState.READY}
    assert tougu("calls", "requeue").code != 0
    assert tougu("calls", "requeue", first).err.startswith("tougu: The call k1 is ready")
    house.close()


def metadata(tmp_path: Path, sound: Path, client: str) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(f"id,path,client_id,advisor_channel\nk1,{sound.name},{client},left\n", "utf-8")
    return path


def test_an_import_tells_what_it_added_and_what_it_amended(house: House, tmp_path: Path, sound: Path) -> None:
    house.transcriber = Counting()

    def again(client: str) -> tuple[int, int]:
        told = house.import_file("calls", metadata(tmp_path, sound, client), principal=OPERATOR)
        return told["added"], told["replaced"]

    assert again("") == (1, 0)
    assert again("C0003") == (0, 1)
    assert again("C0003") == (0, 0)
    work(house)
    assert again("C0003") == (0, 0)
    with pytest.raises(JobStateError, match="client_id differs"):
        again("C0004")
