from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, delete

from intent.archive import Archive, Progress, TranscribeHandler, write_beside
from intent.call import Transcript
from intent.errors import CallFileError, TranscriptionError
from intent.recordings import RecordingFile, find_recordings, load_call_metadata
from intent.settings import SpeechSettings
from intent.speech.annotate import Mask
from intent.speech.audio import Samples
from intent.speech.formats import from_json
from intent.speech.transcribe import Segment, Transcription
from jobs.errors import UnknownJobError
from jobs.leases import Job, JobStore
from jobs.settings import JobSettings
from jobs.tables import JobState, jobs, metadata
from tests.intent.sound import silence, tone, write_wav

FAST = JobSettings(idle_s=0.02, backoff_base_s=0.01, backoff_cap_s=0.02)


class Constant:
    """Says the same of every sound, and counts; fails while `broken`."""

    name = "constant"

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False
        self.text = "我想买基金"

    def transcribe(self, samples: Samples) -> Transcription:
        self.calls += 1
        if self.broken:
            raise TranscriptionError("the engine is away")
        if float(np.abs(samples).max()) < 1e-3:
            return Transcription(segments=(), speech_s=0.0)
        return Transcription(segments=(Segment(text=self.text, start_s=0.0, end_s=1.0),), speech_s=1.0)


class Bench:
    """One folder of recordings, one output folder, one engine."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        metadata.create_all(engine)
        self.store = JobStore(engine)
        self.calls, self.out = folder / "calls", folder / "out"
        self.calls.mkdir()
        self.engine = Constant()
        self.seen: list[Progress] = []

    def run(self, *, retry_failed: bool = False, formats: tuple[str, ...] = ("json", "txt")) -> Progress:
        archive = Archive(self.store, self.out, engine=self.engine.name, formats=formats)
        archive.enqueue(find_recordings([self.calls]), retry_failed=retry_failed)
        handler = TranscribeHandler(self.engine, SpeechSettings())
        return archive.run(handler, stop=threading.Event(), settings=FAST, on_progress=self.seen.append)

    def manifest(self) -> dict[str, dict[str, object]]:
        lines = (self.out / "manifest.jsonl").read_text("utf-8").splitlines()
        return {line["id"]: line for line in map(json.loads, lines)}


@pytest.fixture
def bench(engine: Engine, tmp_path: Path) -> Bench:
    return Bench(engine, tmp_path)


def test_a_folder_is_transcribed_once_and_the_same_again_does_nothing(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    (bench.calls / "sub").mkdir()
    write_wav(bench.calls / "sub" / "b.wav", tone(220, 2.0))
    (bench.calls / "readme.txt").write_text("no recording")

    done = bench.run()

    assert (done.total, done.done, done.quarantined) == (2, 2, 0)
    assert done.audio_s == pytest.approx(3.5, abs=0.1)
    transcript = from_json((bench.out / "sub" / "b.json").read_text("utf-8"))
    assert transcript.turns[0].text == "我想买基金"
    assert "我想买基金" in (bench.out / "a.txt").read_text("utf-8")
    assert bench.manifest()["sub/b"]["state"] == "done"
    calls = bench.engine.calls
    assert bench.run() == done
    assert bench.engine.calls == calls
    assert bench.seen[-1] == done


def test_a_row_that_somebody_removed_is_named(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    archive = Archive(bench.store, bench.out, engine=bench.engine.name, formats=("json",))
    archive.enqueue(find_recordings([bench.calls]))
    with bench.store.engine.begin() as connection:
        connection.execute(delete(jobs))
    with pytest.raises(UnknownJobError):
        list(archive.outcomes())


def test_an_output_that_is_gone_is_made_again(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    bench.run()
    (bench.out / "a.json").unlink()
    bench.run()
    assert (bench.out / "a.json").is_file()
    assert bench.engine.calls == 2


def test_another_content_format_or_engine_is_other_work(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    bench.run()
    bench.run(formats=("srt",))
    assert bench.engine.calls == 2
    write_wav(bench.calls / "a.wav", tone(300, 1.5))
    bench.run()
    bench.engine.name = "other"
    bench.run()
    assert bench.engine.calls == 4


def test_bad_files_are_quarantined_with_their_reason_and_the_batch_goes_on(bench: Bench) -> None:
    write_wav(bench.calls / "good.wav", tone(200, 1.5))
    write_wav(bench.calls / "silent.wav", silence(2.0))
    (bench.calls / "text.wav").write_text("no sound " * 100)
    (bench.calls / "empty.mp3").write_bytes(b"")

    done = bench.run()

    assert (done.done, done.quarantined) == (2, 2)
    manifest = bench.manifest()
    assert "empty file" in str(manifest["empty"]["reason"])
    assert "cannot be decoded" in str(manifest["text"]["reason"])
    assert manifest["silent"]["turns"] == 0
    assert "No speech was found." in list(manifest["silent"]["warnings"])  # type: ignore[call-overload]
    assert not (bench.out / "text.json").exists()


@pytest.mark.slow
def test_quarantine_is_left_only_when_asked(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    bench.engine.broken = True
    assert bench.run().quarantined == 1
    assert bench.engine.calls == 3
    assert "engine is away" in str(bench.manifest()["a"]["reason"])
    bench.engine.broken = False
    assert bench.run().quarantined == 1
    assert bench.run(retry_failed=True).done == 1


def test_what_a_dead_worker_left_is_taken_up(bench: Bench) -> None:
    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    archive = Archive(bench.store, bench.out, engine=bench.engine.name)
    assert archive.enqueue(find_recordings([bench.calls])) == 1
    assert bench.store.claim("transcribe", "killed", lease_s=0.05)
    assert bench.run().done == 1
    assert next(archive.outcomes()).state is JobState.DONE


def test_equal_files_in_two_places_give_two_transcripts(bench: Bench) -> None:
    for name in ("a.wav", "b.wav"):
        write_wav(bench.calls / name, tone(200, 1.5))
    assert bench.run().done == 2


def test_one_name_with_two_endings_does_not_collide(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(200, 1.0))
    (tmp_path / "a.mp3").write_bytes(b"x")
    assert [r.call_id for r in find_recordings([tmp_path])] == ["a", "a.wav"]


def test_paths_and_formats_that_are_not_there_are_refused(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(CallFileError, match="no file and no folder"):
        find_recordings([tmp_path / "nowhere"])
    with pytest.raises(CallFileError, match="no transcript format pdf"):
        Archive(bench.store, bench.out, engine="x", formats=["pdf"])


def test_a_recording_that_is_not_there_ends_no_batch_and_is_done_once_it_is(bench: Bench) -> None:
    here = RecordingFile(path=write_wav(bench.calls / "a.wav", tone(200, 1.5)), call_id="a")
    late = RecordingFile(path=bench.calls / "late.wav", call_id="late")

    def run() -> tuple[int, int]:
        archive = Archive(bench.store, bench.out, engine="x")
        archive.enqueue([here, late])
        done = archive.run(TranscribeHandler(bench.engine, SpeechSettings()), stop=threading.Event(), settings=FAST)
        return done.done, done.quarantined

    assert run() == (1, 1)
    assert "cannot be read" in str(bench.manifest()["late"]["reason"])
    assert run() == (1, 1)
    write_wav(late.path, tone(220, 1.5))
    assert run() == (2, 0)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_beside(target, "first")
    with pytest.raises(UnicodeEncodeError):
        write_beside(target, "\ud800")
    assert target.read_text("utf-8") == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


PHONE = "我的手机号是13812345678，你帮我记一下，我想转二十万过来买基金"


def kept(bench: Bench, *, mask: bool = True) -> tuple[Transcript, list[tuple[str, str | None, dict[int, str]]]]:
    """One recording in which a telephone is told, through a handler with masks; what was put away for it."""

    class Kept:
        def __init__(self) -> None:
            self.seen: list[tuple[str, str | None, dict[int, str]]] = []

        def keep(self, call_id: str, client_id: str | None, texts: dict[int, str]) -> str:
            self.seen.append((call_id, client_id, texts))
            return "a_1"

    class Digits:
        def masks(self, text: str) -> Sequence[Mask]:
            return [Mask(start=m.start(), end=m.end(), shown="138****5678") for m in re.finditer(r"\d{11}", text)]

        def masks_of(self, said: Sequence[tuple[str, str]]) -> Sequence[Sequence[Mask]]:
            return [self.masks(text) for _, text in said]

    write_wav(bench.calls / "a.wav", tone(200, 1.5))
    bench.engine.text = PHONE
    originals = Kept()
    archive = Archive(bench.store, bench.out, engine="masking", formats=("json", "txt", "srt"))
    archive.enqueue([RecordingFile(path=bench.calls / "a.wav", call_id="a", client_id="C1")])
    handler = TranscribeHandler(bench.engine, SpeechSettings(), masker=Digits() if mask else None, originals=originals)
    archive.run(handler, stop=threading.Event(), settings=FAST)
    return from_json((bench.out / "a.json").read_text("utf-8")), originals.seen


def test_files_show_masks_and_the_words_behind_them_are_kept_elsewhere(bench: Bench) -> None:
    transcript, seen = kept(bench)
    assert transcript.originals == "a_1"
    assert seen == [("a", "C1", {0: PHONE})]
    for path in bench.out.glob("a.*"):
        assert "13812345678" not in path.read_text("utf-8"), path
    turn = transcript.turns[0]
    assert [turn.text[n.start : n.end] for n in turn.numbers if n.kind == "amount"] == ["二十万"]


def test_without_masks_nothing_is_put_away(bench: Bench) -> None:
    transcript, seen = kept(bench, mask=False)
    assert (transcript.turns[0].text, transcript.originals, seen) == (PHONE, "", [])


def test_headerless_files_wait_in_quarantine_until_their_format_is_told(bench: Bench) -> None:
    (bench.calls / "a.alaw").write_bytes(b"\x55\xd5" * 8000)
    assert bench.run().quarantined == 1
    assert "--raw alaw:8000" in str(bench.manifest()["a"]["reason"])
    settings = SpeechSettings(raw="alaw:8000")
    archive = Archive(bench.store, bench.out, engine=f"{bench.engine.name}|{settings.configuration}")
    archive.enqueue(find_recordings([bench.calls]))
    done = archive.run(TranscribeHandler(bench.engine, settings), stop=threading.Event(), settings=FAST)
    assert (done.done, done.audio_s) == (1, pytest.approx(2.0, abs=0.05))


def test_what_changes_a_transcript_is_another_configuration() -> None:
    usual = SpeechSettings()
    for changed in ({"raw": "alaw:8000"}, {"hotwords": 12}, {"mask": False}, {"repair": False}):
        assert SpeechSettings(**changed).configuration != usual.configuration  # type: ignore[arg-type]
    for same in ({"threads": 2}, {"batch_size": 4}, {"device": "cuda"}):
        assert SpeechSettings(**same).configuration == usual.configuration  # type: ignore[arg-type]


HEADER = "id,path,client_id,advisor_id,started_at,direction,advisor_channel\n"


def test_call_metadata_is_read_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "k1,r/k1.wav,C1,A1,2026-11-03T10:12:40+08:00,inbound,right\nk2,k2.wav,,,,,\n", "utf-8")
    first, second = load_call_metadata(path)
    assert first == RecordingFile(
        path=tmp_path / "r" / "k1.wav",
        call_id="k1",
        client_id="C1",
        advisor_id="A1",
        started_at="2026-11-03T10:12:40+08:00",
        advisor_channel="right",
        direction="inbound",
    )
    assert second == RecordingFile(path=tmp_path / "k2.wav", call_id="k2")


def test_the_short_names_of_columns_and_numbers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "id,path,client,advisor,started_at,numbers,direction\nk1,k1.wav,C1,A1,,13800001111; 010-66668888,outbound\n",
        "utf-8",
    )
    (row,) = load_call_metadata(path)
    assert (row.client_id, row.advisor_id, row.direction) == ("C1", "A1", "outbound")
    assert row.numbers == ("13800001111", "010-66668888")
    path.write_text("id,path,numbers\nk1,k1.wav,call me\n", "utf-8")
    with pytest.raises(CallFileError, match=r"Line 2 .*numbers that are none"):
        load_call_metadata(path)


def test_the_manifest_says_whose_call_it_was_and_no_number(bench: Bench) -> None:
    path = write_wav(bench.calls / "a.wav", tone(200, 1.5))
    archive = Archive(bench.store, bench.out, engine="told")
    archive.enqueue(
        [RecordingFile(path=path, call_id="a", client_id="C1", direction="inbound", numbers=("13800001111",))]
    )
    archive.run(TranscribeHandler(bench.engine, SpeechSettings()), stop=threading.Event(), settings=FAST)
    line = bench.manifest()["a"]
    assert (line["client"], line["advisor"], line["direction"]) == ("C1", None, "inbound")
    assert "13800001111" not in json.dumps(line)


def test_two_calls_of_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,path\nk1,a.wav\nk2,b.wav\nk1,c.wav\n", "utf-8")
    with pytest.raises(CallFileError, match=r"Line 4 .*has the id k1 of line 2"):
        load_call_metadata(path)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",a.wav,,,,,", "lacks an id"),
        ("k,a.wav,,,2026-11-03T10:12:40,,", "with a zone"),
        ("k,a.wav,,,yesterday,,", "with a zone"),
        ("k,a.wav,,,,,middle", "left or right"),
        ("k,a.wav,,,,sideways,", "inbound, outbound or internal"),
        ("../k,a.wav,,,,,", "leaves the folder of transcripts"),
        ("/elsewhere/k,a.wav,,,,,", "leaves the folder of transcripts"),
    ],
)
def test_bad_call_metadata_is_named_by_its_line(tmp_path: Path, row: str, says: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + row + "\n", "utf-8")
    with pytest.raises(CallFileError, match=f"Line 2 .*{says}"):
        load_call_metadata(path)


class Counting(JobStore):
    """Counts the rows that are looked up by their keys."""

    looked_up = 0

    def find_many(self, queue: str, keys: Sequence[str]) -> Iterator[Job]:
        self.looked_up += len(keys)
        return super().find_many(queue, keys)


def test_what_is_finished_is_not_looked_up_again(bench: Bench) -> None:
    for n in range(3):
        write_wav(bench.calls / f"{n}.wav", tone(200 + n, 1.5))
    done = bench.run()
    store = Counting(bench.store.engine)
    archive = Archive(store, bench.out, engine=bench.engine.name)
    assert archive.enqueue(find_recordings([bench.calls])) == 0
    assert store.looked_up == 3
    assert [archive.progress() for _ in range(5)] == [done] * 5
    assert store.looked_up == 3
    assert len(list(archive.outcomes())) == 3
