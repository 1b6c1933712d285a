"""Clips of the archive's benchmark, and what is told of a batch's memory and speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.archive import Look, of_clips, slope, watched
from eval.bench.clips import FORMATS, cut_clips
from eval.bench.lane import PacedEngine
from eval.bench.speech import sample_recordings
from eval.case import EvalError
from eval.fresh import fresh_house
from intent.recordings import RecordingFile
from intent.speech.audio import decode
from intent.speech.transcribe import ScriptedTranscriber
from serve.wiring import House


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[RecordingFile]:
    return cut_clips(sample_recordings("stereo", 2), tmp_path_factory.mktemp("cut"), 8)


def test_clips_are_short_differ_and_come_in_every_container(clips: list[RecordingFile]) -> None:
    sounds = [decode(each.path) for each in clips]
    assert {each.path.suffix for each in clips} == {f".{suffix}" for suffix, *_ in FORMATS}
    assert {sound.channels for sound in sounds[::2]} | {1} == {1, 2}  # 1 where one of the two says nothing
    assert {sound.channels for sound in sounds[1::2]} == {1}
    assert all(2.9 < sound.duration_s < 6.2 for sound in sounds)
    assert len({each.path.read_bytes() for each in clips}) == 8
    assert not any("silen" in warning.lower() for sound in sounds for warning in sound.warnings)


def test_a_batch_is_looked_at_while_it_runs(house: House, clips: list[RecordingFile], tmp_path: Path) -> None:
    with fresh_house(house) as fresh:
        fresh.transcriber = PacedEngine(seconds_per_s=0.0)
        looks = watched(fresh, fresh.settings, clips, tmp_path, workers=1, in_processes=False)
    assert looks[-1].done == 8
    assert [look.done for look in looks] == sorted({look.done for look in looks})
    assert looks[-1].audio_s == pytest.approx(sum(decode(each.path).duration_s for each in clips), abs=0.5)
    assert looks[-1].rss_mb > 50


def test_a_clip_that_fails_ends_it_by_name(house: House, clips: list[RecordingFile], tmp_path: Path) -> None:
    with fresh_house(house) as fresh:
        fresh.transcriber = ScriptedTranscriber([])  # has no text for anything
        jobs = fresh.settings.jobs.model_copy(update={"max_attempts": 1, "idle_s": 0.02})
        settings = fresh.settings.model_copy(update={"jobs": jobs})
        fresh.settings = settings
        with pytest.raises(EvalError, match="was not transcribed"):
            watched(fresh, settings, clips[:1], tmp_path, workers=1, in_processes=False)


def test_seconds_are_of_a_clip_however_many_one_look_finds() -> None:
    looks = [Look(at_s=n / 2, done=n, audio_s=n, rss_mb=500) for n in (1, 4, 12)]
    assert of_clips(looks)["clip_s"] == 0.5
    assert set(of_clips([]).values()) == {None}


def test_a_slope_is_of_files_and_needs_some() -> None:
    looks = [Look(at_s=n, done=n, audio_s=n, rss_mb=500 + 0.25 * n) for n in (2, 3, 5, 6, 8, 9, 11)]
    assert slope(looks) == pytest.approx(0.25)
    assert slope(looks[:6]) is None
