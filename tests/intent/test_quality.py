"""Guards: silence, music on hold, tones, transcripts too poor to read, clipping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from intent.call import Speaker, Turn
from intent.speech.audio import Recording, Samples, decode, open_sound
from intent.speech.listen import NO_SPEECH, listen
from intent.speech.quality import held_sounds, unreadable, without_held, without_silent
from intent.speech.transcribe import Segment, Transcription, Word
from serve.sample import sample_folder
from tests.intent.sound import RATE, silence, tone, voice, write_wav

NOTES_HZ = (262, 294, 330, 349, 392, 440, 494, 523)


def music(seconds: float, note_s: float = 0.5) -> Samples:
    """Chords of three notes with overtones, struck and dying away."""
    random = np.random.default_rng(1)
    t = np.arange(int(note_s * RATE)) / RATE
    chords = []
    for _ in range(int(seconds / note_s)):
        struck = random.choice(NOTES_HZ, 3, replace=False)
        chords.append(sum(np.sin(2 * np.pi * hz * k * t) / k for hz in struck for k in (1, 2, 3)) * np.exp(-1.5 * t))
    return (0.1 * np.concatenate(chords)).astype(np.float32)


@pytest.mark.parametrize("note_s", [0.3, 0.5, 0.8])
def test_music_on_hold_is_found(note_s: float) -> None:
    call = np.concatenate([voice(130, 0, 12.0), music(24.0, note_s), voice(210, 1, 12.0)])
    (span,) = held_sounds(call)
    assert span.start_s == pytest.approx(12.0, abs=3.0)
    assert span.end_s == pytest.approx(36.0, abs=3.0)


def test_voices_ringing_noise_and_silence_are_no_music() -> None:
    t = np.arange(20 * RATE) / RATE
    ringing = (0.3 * np.sin(2 * np.pi * 450 * t) * (t % 5 < 1)).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.05, 20 * RATE).astype(np.float32)
    for sound in (voice(115, 0), voice(240, 1), ringing, noise, silence(20.0), silence(0.0)):
        assert held_sounds(sound) == ()


@pytest.mark.parametrize("name", ["call01.wav", "call05.opus", "call09.mp3"])
def test_sample_calls_hold_no_music(name: str) -> None:
    recording = decode(sample_folder() / "calls" / "recordings" / name)
    assert [held_sounds(recording.channel(i)) for i in range(recording.channels)] == [()] * recording.channels


def test_text_over_music_is_removed_and_counted() -> None:
    sound = np.concatenate([voice(130, 0, 12.0), music(24.0)])
    said = Word(text="您稍等", start_s=2.0, end_s=3.0)
    sung = Word(text="明天会更好", start_s=20.0, end_s=22.0)
    both = Segment(text="您稍等明天会更好", start_s=2.0, end_s=22.0, words=(said, sung))
    whole = Segment(text="啦啦啦", start_s=25.0, end_s=26.0)
    heard = without_held(Transcription(segments=(both, whole), speech_s=20.0), sound)
    assert heard.text == "您稍等"
    assert "8 characters written over them were removed" in heard.warnings[0]


def test_text_over_silence_is_removed_and_counted() -> None:
    sound = np.concatenate([voice(130, 0, 3.0), silence(5.0), 0.01 * tone(200, 2.0)])
    said = Segment(text="您好", start_s=0.5, end_s=2.0)
    invented = Segment(text="请不吝点赞", start_s=4.0, end_s=7.0)
    late = Segment(text="再见", start_s=5.0, end_s=7.9)  # its end comes too early, as times do
    heard = without_silent(Transcription(segments=(said, invented, late), speech_s=5.0), sound)
    assert heard.text == "您好再见"
    assert heard.warnings == ("5 characters written over silence were removed.",)
    assert without_silent(heard, sound) == heard


def test_what_an_engine_writes_over_silence_is_no_part_of_a_transcript(tmp_path: Path) -> None:
    class Inventive:
        name = "inventive"

        def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
            return Transcription(segments=(Segment(text="感谢收听", start_s=1.0, end_s=2.0),), speech_s=1.0)

    path = write_wav(tmp_path / "a.wav", silence(3.0), voice(130, 0, 3.0))
    transcript = listen(open_sound(path), Inventive())
    assert [turn.text for turn in transcript.turns] == ["感谢收听"]
    mono = listen(open_sound(write_wav(tmp_path / "b.wav", silence(3.0))), Inventive())
    assert (mono.turns, mono.warnings[-1]) == ((), NO_SPEECH)


def turns(confidence: float | None, text: str = "我想问一下那个什么东西怎么弄啊就是上次说的那个") -> list[Turn]:
    return [Turn(index=0, speaker=Speaker.CLIENT, text=text, start_s=0, end_s=9, confidence=confidence)]


def test_what_is_too_poor_to_read_says_why() -> None:
    fine, doubtful = Transcription(segments=(), speech_s=9), Transcription(segments=(), speech_s=9, implausible=True)
    assert unreadable(turns(0.8), [fine], min_confidence=0.4) == ""
    assert unreadable(turns(None), [fine], min_confidence=0.4) == ""
    assert unreadable(turns(0.2, "嗯"), [fine], min_confidence=0.4) == "", "one word says nothing of the call"
    assert "0.21" in unreadable(turns(0.21), [fine], min_confidence=0.4)
    assert "不符" in unreadable(turns(0.8), [fine, doubtful], min_confidence=0.4)


def test_a_transcript_carries_why_it_must_not_be_read() -> None:
    class Unsure:
        name = "unsure"

        def transcribe(self, samples: Samples) -> Transcription:
            text = "我想问一下那个什么东西怎么弄啊就是上次说的那个"
            word = Word(text=text, start_s=0.0, end_s=4.0, probability=0.2)
            return Transcription(segments=(Segment(text=text, start_s=0, end_s=4, words=(word,)),), speech_s=4.0)

    pcm = (voice(130, 0, 5.0) * 32767).astype(np.int16)[None]
    assert "0.20" in listen(Recording(pcm=pcm), Unsure()).unreadable
    assert listen(Recording(pcm=pcm), Unsure(), min_confidence=0.1).unreadable == ""


def test_clipping_is_said_with_its_share(tmp_path: Path) -> None:
    loud = np.clip(tone(200, 2.0) * 8, -1, 1)
    assert any("Channel 1 is clipped in" in w for w in decode(write_wav(tmp_path / "a.wav", loud)).warnings)
    assert not decode(write_wav(tmp_path / "b.wav", tone(200, 2.0))).warnings
