"""A batch in a process of its own, to be killed: python -m tests.intent.killed_batch DATABASE CALLS OUT LOG."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import create_engine

from intent.archive import Archive, TranscribeHandler
from intent.recordings import find_recordings
from intent.settings import SpeechSettings
from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.transcribe import Segment, Transcription
from jobs.leases import JobStore
from jobs.settings import JobSettings
from jobs.tables import metadata

IMPATIENT = JobSettings(lease_s=1.0, heartbeat_s=0.25, idle_s=0.05, max_attempts=20)


class Slow:
    """Takes its time, and writes down what it was given, so that the test sees what was done twice."""

    name = "slow"

    def __init__(self, log: Path) -> None:
        self._log = log

    def transcribe(self, samples: Samples) -> Transcription:
        time.sleep(0.15)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{samples.size}\n")
            file.flush()
            os.fsync(file.fileno())
        seconds = samples.size / SAMPLE_RATE
        said = Segment(text=f"第{samples.size}号", start_s=0.0, end_s=seconds)
        return Transcription(segments=(said,), speech_s=seconds)


def main(database: str, calls: str, out: str, log: str) -> None:
    engine = create_engine(database, connect_args={"timeout": 30})
    metadata.create_all(engine)
    transcriber = Slow(Path(log))
    archive = Archive(JobStore(engine, max_attempts=IMPATIENT.max_attempts), Path(out), engine=transcriber.name)
    archive.enqueue(find_recordings([Path(calls)]))
    archive.run(TranscribeHandler(transcriber, SpeechSettings()), stop=threading.Event(), settings=IMPATIENT)


if __name__ == "__main__":
    main(*sys.argv[1:])
