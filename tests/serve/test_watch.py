"""The watched folder: taken when complete, once, by the right client; told of what is broken."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from intent.call_records.row import CallState
from intent.settings import CallSettings
from jobs.tables import JobState
from serve.call_queue import CALLS
from serve.users import OPERATOR
from serve.watch import Watcher
from serve.wiring import House
from tests.intent.sound import silence, tone, write_wav
from tests.serve.test_worker import Counting, work

OLD_NS = 1_700_000_000_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "incoming"
    made.mkdir()
    return made


def watcher(house: House, folder: Path, **settings: object) -> Watcher:
    """One that judges completeness by the time of the file alone."""
    return Watcher(house, folder, CallSettings(watch=folder, settle_s=5.0, **settings))  # type: ignore[arg-type]


def put(folder: Path, name: str, pitch: float = 180.0, *, complete: bool = True) -> Path:
    """A recording whose writer ended long ago."""
    left, right = np.concatenate([tone(pitch, 1.0), silence(1.5)]), np.concatenate([silence(1.0), tone(240, 1.5)])
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, left, right)
    if complete:
        os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def look(watching: Watcher, times: int = 2) -> tuple[int, int, int]:
    """A file is complete at the second look that finds it the same."""
    found = [watching.look() for _ in range(times)]
    return sum(f.taken for f in found), sum(f.told for f in found), sum(f.refused for f in found)


def jobs_of(house: House) -> list[str]:
    return [job.payload["path"] for job in house.jobs.list(CALLS)]


def test_a_file_is_taken_when_it_stays_as_it_is_and_once(house: House, folder: Path) -> None:
    path, growing = put(folder, "a.wav"), put(folder, "b.wav", 200, complete=False)
    watching = watcher(house, folder)
    assert watching.look().waiting == ["a.wav", "b.wav"]
    second = watching.look()
    assert (second.taken, second.waiting) == (1, ["b.wav"])
    assert jobs_of(house) == [str(path)]
    assert look(watching) == (0, 0, 0)
    assert watching.not_taken() == ["b.wav"]

    with growing.open("ab") as file:
        file.write(b"more")
    os.utime(growing, ns=(OLD_NS, OLD_NS))
    assert watching.look().waiting == ["b.wav"], "it changed: it is looked at anew"
    assert watching.look().taken == 1
    assert look(watcher(house, folder)) == (0, 0, 0), "nor by another process after this one died"


def test_the_same_recording_under_another_name_is_the_same_call(house: House, folder: Path) -> None:
    shutil.copy2(put(folder, "a.wav"), folder / "copy.wav")
    assert look(watcher(house, folder)) == (1, 0, 0)
    assert len(jobs_of(house)) == 1
    assert [each.path for each in watcher(house, folder).seen("known")] == ["copy.wav"]


def test_what_is_still_copied_or_no_recording_is_let_be(house: House, folder: Path) -> None:
    for name in (".hidden.wav", "a.wav.part", "a.tmp", "notes.docx"):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, ns=(OLD_NS, OLD_NS))
    assert look(watcher(house, folder)) == (0, 0, 0)


class TestMoved:
    def test_a_taken_file_lies_at_home_and_nowhere_else(self, house: House, folder: Path, home: Path) -> None:
        path = put(folder, "a.wav")
        content = path.read_bytes()
        assert look(watcher(house, folder, taken="move")) == (1, 0, 0)
        (kept,) = (home / "recordings").iterdir()
        assert (kept.read_bytes(), path.exists()) == (content, False)
        assert jobs_of(house) == [str(kept)]

    @pytest.mark.parametrize("step", ["take", "_write", "unlink"])
    def test_killed_at_any_step_it_goes_on_and_loses_nothing(
        self, house: House, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        class Killed(BaseException):
            """As SIGKILL leaves it: nothing after this step happens."""

        def die(*_: object, **__: object) -> None:
            raise Killed

        path = put(folder, "a.wav")
        of = {"take": house.call_queue, "_write": Watcher, "unlink": Path}[step]
        if step == "unlink":
            real = Path.unlink
            monkeypatch.setattr(Path, "unlink", lambda self, **how: die() if self == path else real(self, **how))
        else:
            monkeypatch.setattr(of, step, die)
        with pytest.raises(Killed):
            look(watcher(house, folder, taken="move"))
        monkeypatch.undo()
        assert path.exists(), "the original goes last"
        look(watcher(house, folder, taken="move"))
        assert not path.exists()
        assert jobs_of(house) == [str(next((home / "recordings").iterdir()))]
        assert [p for p in (home / "recordings").iterdir() if p.name.startswith(".")] == []


class TestWhatIsTold:
    def test_a_side_file_gives_client_advisor_and_start(self, house: House, folder: Path) -> None:
        house.transcriber = Counting()
        put(folder, "2026-11-20/001.wav")
        side = folder / "2026-11-20" / "001.json"
        told = {"client_id": "C0003", "advisor_id": "A001", "started_at": "2026-11-20T10:00:00+08:00",
                "advisor_channel": "left"}  # fmt: skip
        side.write_text(json.dumps(told), "utf-8")
        os.utime(side, ns=(OLD_NS, OLD_NS))
        assert look(watcher(house, folder)) == (1, 1, 0)
        work(house)
        call = house.leads.call("2026-11-20:001", principal=OPERATOR)
        assert (call["client_id"], call["advisor_id"]) == ("C0003", "A001")
        assert [lead.client_id for lead in house.leads.list(principal=OPERATOR)] == ["C0003"]

    def test_records_that_come_later_have_the_call_read_then(self, house: House, folder: Path) -> None:
        house.transcriber = Counting()
        put(folder, "8021_1.wav")
        watching = watcher(house, folder)
        look(watching)
        work(house)
        (waits,) = house.call_records.parked(CallState.UNASSIGNED, principal=OPERATOR)
        assert (waits.reason, house.transcriber.calls) == ("not_told", 0)

        records = folder / "records.csv"
        records.write_text("id,path,client,advisor,advisor_channel\nk1,/recorder/8021_1.wav,C0003,A001,left\n", "utf-8")
        os.utime(records, ns=(OLD_NS, OLD_NS))
        assert look(watching) == (0, 1, 0)
        work(house)
        assert house.leads.call("k1", principal=OPERATOR)["client_id"] == "C0003"
        assert house.call_records.parked(CallState.UNASSIGNED, principal=OPERATOR) == []

    def test_days_with_the_same_names_are_not_mixed_up(self, house: House, folder: Path) -> None:
        for day, client, pitch in (("d1", "C0003", 180.0), ("d2", "C0002", 200.0)):
            put(folder, f"{day}/001.wav", pitch)
            side = folder / day / "001.json"
            side.write_text(json.dumps({"client_id": client}), "utf-8")
            os.utime(side, ns=(OLD_NS, OLD_NS))
        house.transcriber = Counting()
        look(watcher(house, folder))
        work(house)
        assert [house.leads.call(f"{day}:001", principal=OPERATOR)["client_id"] for day in ("d1", "d2")] == [
            "C0003", "C0002",
        ]  # fmt: skip

    def test_a_broken_file_of_records_is_refused_with_its_line(self, house: House, folder: Path) -> None:
        records = folder / "records.csv"
        records.write_text("id,path,from_number\nk1,a.wav,177-no-number\n", "utf-8")
        os.utime(records, ns=(OLD_NS, OLD_NS))
        watching = watcher(house, folder)
        assert look(watching) == (0, 0, 1)
        (refused,) = watching.seen("refused")
        assert "line 2" in refused.reason
        assert "177" not in refused.reason, "no number stands in a reason"
        assert look(watching) == (0, 0, 0), "not again as long as it stays as it is"


def test_a_broken_recording_becomes_a_quarantined_row_with_its_reason(house: House, folder: Path) -> None:
    broken = folder / "broken.mp3"
    broken.write_bytes(b"this is no sound" * 100)
    os.utime(broken, ns=(OLD_NS, OLD_NS))
    look(watcher(house, folder))
    work(house)
    (job,) = house.jobs.list(CALLS)
    assert job.state is JobState.QUARANTINED
    assert job.error


def test_a_file_that_cannot_be_read_is_told_and_tried_again(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "a.wav")
    watching = watcher(house, folder)
    from intent.errors import CallFileError

    def closed(path: Path) -> str:
        raise CallFileError(f"{path.name} cannot be read (Permission denied): check its permissions.")

    with monkeypatch.context() as patched:
        patched.setattr("serve.watch.content_hash", closed)
        look(watching)
        assert "Permission denied" in watching.seen("refused")[0].reason
    assert look(watching) == (1, 0, 0)
    assert watching.seen("refused") == []


def test_a_folder_that_is_away_ends_no_watch(house: House, tmp_path: Path) -> None:
    from intent.errors import CallFileError

    with pytest.raises(CallFileError, match="cannot be read"):
        watcher(house, tmp_path / "gone").look()
