"""A call of today overtakes an archive that is running: its leads are there long before the archive ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from intent.recordings import find_recordings
from intent.speech.audio import Samples
from intent.speech.transcribe import ScriptedTranscriber, Segment, Transcription
from jobs.tables import JobState
from serve.batch import FreshFirst, transcribe_batch
from serve.call_queue import CALLS
from serve.wiring import House
from serve.worker import running_worker
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import client_of
from tests.serve.test_worker import sound, upload

__all__ = ["sound"]
FILES = 12


@dataclass
class Slow:
    """An archive's engine: a tenth of a second a recording, and when each began."""

    name: str = "slow"
    began: list[float] = field(default_factory=list)

    def transcribe(self, samples: Samples) -> Transcription:
        self.began.append(time.monotonic())
        time.sleep(0.1)
        return Transcription(segments=(Segment(text="喂", start_s=0.0, end_s=1.0),), speech_s=1.0)


class Calls(ScriptedTranscriber):
    """The engine of fresh calls: as slow, and when it worked."""

    def __init__(self) -> None:
        super().__init__(["您好，这里是远山证券。", "你好，我想开通港股通，怎么办？"])
        self.at: list[float] = []

    def transcribe(self, samples: Samples) -> Transcription:
        self.at.append(time.monotonic())
        time.sleep(0.4)
        return super().transcribe(samples)


@pytest.mark.slow
def test_a_fresh_call_overtakes_a_running_archive(house: House, tmp_path: Path, sound: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    for n in range(FILES):
        write_wav(folder / f"{n:02d}.wav", tone(150 + n, 1.0))
    fresh, archive = Calls(), House(house.settings)
    house.transcriber, archive.transcriber = fresh, Slow()
    batch = threading.Thread(
        target=transcribe_batch,
        args=(archive, archive.settings, find_recordings([folder])),
        kwargs={"out": tmp_path / "out", "formats": ("json",), "workers": 1, "retry_failed": False,
                "on_progress": lambda _: None},
    )  # fmt: skip
    with running_worker(house, wanted=True):
        batch.start()
        until(lambda: len(archive.transcriber.began) >= 2)
        job = upload(client_of(house), sound, call_id="k7", client_id="C0003", advisor_channel="left")
        until(lambda: house.jobs.get(job).state is JobState.DONE)
        at_lead = len(archive.transcriber.began)
        batch.join(timeout=60)
    assert house.jobs.get(job).state is JobState.DONE
    assert at_lead < FILES, "the lead was there before the archive ended"
    first, last = fresh.at[0], fresh.at[-1] + 0.4
    begun_meanwhile = [at for at in archive.transcriber.began if first + 0.15 < at < last]
    assert begun_meanwhile == [], "no recording of the archive is begun while a call is read"
    assert len(archive.transcriber.began) == FILES, "and the archive went on"
    archive.close()


def test_a_dead_workers_call_holds_no_archive_up(house: House) -> None:
    house.jobs.enqueue(CALLS, "a", {"call_id": "a"})
    assert house.jobs.claim(CALLS, "killed", lease_s=0.1)
    time.sleep(0.2)
    job_id = house.jobs.enqueue("transcribe", "b", {})

    class Held:
        job, stopping = house.jobs.get(job_id), False

        def check(self) -> None:
            """It is still ours."""

    assert FreshFirst(house.jobs, lambda task: "done")(Held()) == "done"  # type: ignore[arg-type]


def until(reached: object) -> None:
    deadline = time.monotonic() + 60
    while not reached() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.02)
    assert reached(), pytest.fail("it took longer than a minute")  # type: ignore[operator]
