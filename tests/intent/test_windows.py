"""Long recordings in windows: cut at silences, nothing lost, times of the whole, memory that does not grow."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from intent.errors import AudioError
from intent.speech import audio
from intent.speech.audio import Recording, Samples, StreamedRecording, decode, open_sound
from intent.speech.hearing import hear
from intent.speech.listen import listen
from intent.speech.survey import LEVEL_S
from intent.speech.transcribe import Segment, Transcription, Word
from intent.speech.voice_frames import voice_frames
from intent.speech.voices import split_frames
from intent.speech.windows import cuts
from tests.intent.sound import RATE, silence, taking_turns, tone, voice, write_wav


class Loud:
    """Hears one word for each stretch that is not silent, where it stands."""

    name = "loud"

    def __init__(self, *, implausible: bool = False) -> None:
        self.sizes: list[float] = []
        self.hotwords: list[tuple[str, ...]] = []
        self._implausible = implausible

    def transcribe(self, samples: Samples, *, hotwords: tuple[str, ...] = ()) -> Transcription:
        self.sizes.append(samples.size / RATE)
        self.hotwords.append(hotwords)
        loud = np.abs(samples[: samples.size // 1600 * 1600]).reshape(-1, 1600).max(axis=1) > 0.01
        edges = np.flatnonzero(np.diff(np.r_[0, loud.astype(np.int8), 0])).reshape(-1, 2) / 10
        words = tuple(Word(text=f"字{n}", start_s=a, end_s=b) for n, (a, b) in enumerate(edges.tolist()))
        segments = tuple(Segment(text=w.text, start_s=w.start_s, end_s=w.end_s, words=(w,)) for w in words)
        return Transcription(segments=segments, speech_s=float(loud.sum() / 10), implausible=self._implausible)


@pytest.fixture(autouse=True)
def _short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of six seconds, so that a minute is a long recording."""
    monkeypatch.setattr(audio, "WINDOW_S", 6.0)
    monkeypatch.setattr(audio, "cuts", lambda levels: cuts(levels, window_s=6.0))


def sparse(seconds: int, hz: float = 200) -> Samples:
    """Every four seconds a second and a half of sound, from the first second on."""
    return np.concatenate([silence(1.0), tone(hz, 1.5), silence(1.5)] * (seconds // 4))


def opened(path: Path) -> Recording | StreamedRecording:
    return open_sound(path, window_s=6.0)


def test_a_window_ends_in_the_quietest_place_and_none_is_too_long() -> None:
    levels = np.full(2000, 100.0, np.float32)
    levels[1100:1130] = 1.0
    levels[560:575] = 50.0
    assert cuts(levels, window_s=120.0) == pytest.approx((112.4,), abs=1.5)
    borders = [0.0, *cuts(np.ones(20_000, np.float32)), 20_000 * LEVEL_S]
    assert all(0 < b - a <= 600 for a, b in itertools.pairwise(borders))
    assert cuts(np.ones(6000, np.float32)) == ()


def test_windows_are_the_whole_sample_for_sample(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", sparse(40), sparse(40, 300) * 0.5)
    streamed, whole = opened(path), decode(path)
    assert isinstance(streamed, StreamedRecording)
    windows = list(streamed.windows())
    assert len(windows) > 6
    assert all(w.duration_s <= 6.0 for w in windows)
    assert (np.concatenate([w.pcm for w in windows], axis=1) == whole.pcm).all()
    assert [w.start_s for w in windows] == [w.start_s for w in whole.windows()], "in memory and streamed alike"
    assert (streamed.duration_s, streamed.channels, streamed.warnings) == (40.0, 2, ())


def test_no_cut_goes_through_sound_and_times_are_those_of_the_recording(tmp_path: Path) -> None:
    heard = hear(opened(write_wav(tmp_path / "a.wav", sparse(40), sparse(40, 300) * 0.5)), Loud())
    for channel in heard.own:
        assert [round(s.start_s, 1) for s in channel] == [1.0 + 4 * n for n in range(10)]
        assert all(s.words[0].start_s == s.start_s and s.end_s - s.start_s == pytest.approx(1.5) for s in channel)


def test_what_was_said_of_the_whole_holds_for_a_long_file_too(tmp_path: Path) -> None:
    dead = opened(write_wav(tmp_path / "a.wav", sparse(24), silence(24.0)))
    assert dead.channels == 1
    assert "Channel 2 is dead" in dead.warnings[0]
    path = write_wav(tmp_path / "b.wav", sparse(40))
    path.write_bytes(path.read_bytes()[: 30 * RATE * 2])
    cut = opened(path)
    assert "claims 40.0 s but 30.0 s" in cut.warnings[0]
    assert listen(cut, Loud()).turns[-1].end_s == pytest.approx(30.5, abs=1.6)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", sparse(24))
    sound = opened(path)
    write_wav(path, sparse(8))
    with pytest.raises(AudioError, match="changed while it was read"):
        list(sound.windows())


def test_voices_are_told_apart_over_all_windows_as_in_the_whole(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", taking_turns(voice(115, 0, 12.0), voice(230, 1, 12.0)))
    heard, whole = hear(opened(path), Loud()), voice_frames(decode(path).channel(0))
    assert heard.frames is not None
    assert heard.frames.features.dtype == np.float32, "hours of frames must not fill the memory"
    streamed, at_once = split_frames(heard.frames), split_frames(whole)
    assert streamed is not None
    assert at_once is not None
    assert streamed.voices == at_once.voices > 1
    assert (streamed.labels[: len(at_once.labels)] == at_once.labels).mean() > 0.98
    assert any("voices share one channel" in w for w in listen(opened(path), Loud()).warnings)


def test_doubt_about_a_small_part_does_not_condemn_the_whole(tmp_path: Path) -> None:
    class Once(Loud):
        def transcribe(self, samples: Samples, *, hotwords: tuple[str, ...] = ()) -> Transcription:
            heard = super().transcribe(samples)
            bad = len(self.sizes) == 2
            return Transcription(
                segments=heard.segments, speech_s=heard.speech_s, implausible=bad, warnings=("odd",) * bad
            )

    sound = opened(write_wav(tmp_path / "a.wav", sparse(60)))
    transcript = listen(sound, Once())
    assert transcript.unreadable == ""
    assert any(w.startswith("From 0:00:0") and w.endswith("odd") for w in transcript.warnings), "with its place"
    assert "不符" in listen(sound, Loud(implausible=True)).unreadable


def test_hotwords_reach_every_window_and_progress_is_told(tmp_path: Path) -> None:
    engine, done = Loud(), []
    sound = opened(write_wav(tmp_path / "a.wav", sparse(24)))
    listen(sound, engine, hotwords=("云岭货币",), on_window=done.append)
    assert set(engine.hotwords) == {("云岭货币",)}
    assert done == sorted(done)
    assert done[-1] == sound.duration_s


PROGRAM = """
import re, sys
from pathlib import Path
import numpy as np
from intent.speech.audio import open_sound
from intent.speech.listen import listen
from intent.speech.transcribe import Segment, Transcription

class Whole:
    name = "whole"
    def transcribe(self, samples):
        seconds = samples.size / 16000
        assert seconds <= 600
        said = Segment(text="我想买基金" * 3, start_s=0.0, end_s=seconds)
        return Transcription(segments=(said,), speech_s=seconds)

sound = open_sound(Path(sys.argv[1]))
transcript = listen(sound, Whole())
# The last minute ends with silence, and a window of nothing but silence gives no turn.
assert 0 <= sound.duration_s - transcript.turns[-1].end_s < 42, (transcript.turns[-1].end_s, sound.duration_s)
# Not ru_maxrss: that begins with what the parent held when it started this process.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.slow
def test_an_hour_costs_hardly_more_memory_than_ten_minutes(tmp_path: Path) -> None:
    from tests.intent.test_audio import encode

    clip = np.concatenate([voice(115, 0, 8.0)[::2], silence(2.0, 8000), voice(230, 1, 8.0)[::2], silence(42.0, 8000)])
    peak = {}
    for minutes in (10, 60):
        path = encode(tmp_path / f"{minutes}.wav", "pcm_alaw", np.tile(clip, minutes)[None], 8000)
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, timeout=300, check=False
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
        peak[minutes] = int(ran.stdout)
    assert peak[60] - peak[10] < 120, f"an hour of one channel takes {peak} MB"
