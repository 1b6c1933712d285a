from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intent.call import Speaker
from intent.speech.audio import Recording, Samples, decode
from intent.speech.listen import listen
from intent.speech.speakers import by_voice, roles_from_words, stereo_roles, without_crosstalk
from intent.speech.transcribe import ScriptedTranscriber, Segment, Transcription, Word
from intent.speech.voice_frames import voice_frames
from intent.speech.voices import split_voices, ward
from tests.intent.sound import RATE, silence, taking_turns, tone, voice, write_wav

ADVISOR = "您好，这里是远山证券，我是您的客户经理，本次通话将被录音，给您介绍一下"
CLIENT = "我想问一下我的账户，你们佣金多少"


def test_the_advisor_is_told_from_the_words_and_that_is_said() -> None:
    read = roles_from_words([CLIENT, ADVISOR])
    assert read.roles == (Speaker.CLIENT, Speaker.ADVISOR)
    assert read.roles_from == "words"
    assert "from the words" in read.warnings[0]


def test_words_that_do_not_tell_leave_both_unknown() -> None:
    read = roles_from_words(["喂", "你好"])
    assert read.roles == (Speaker.UNKNOWN, Speaker.UNKNOWN)
    assert read.roles_from == "unknown"


def test_what_metadata_names_is_not_guessed() -> None:
    read = stereo_roles([ADVISOR, CLIENT], advisor_channel=1, known_from="metadata")
    assert read.roles == (Speaker.CLIENT, Speaker.ADVISOR)
    assert (read.roles_from, read.warnings) == ("metadata", ())


def test_words_far_louder_on_the_other_channel_are_its_echo() -> None:
    own = np.concatenate([tone(200, 1.0), tone(200, 1.0, level=0.005)])
    other = np.concatenate([silence(1.0), tone(200, 1.0)])
    words = (Word(text="我想", start_s=0.1, end_s=0.9), Word(text="您好", start_s=1.1, end_s=1.9))
    segment = Segment(text="我想您好", start_s=0.1, end_s=1.9, words=words)
    kept = without_crosstalk([segment], own, other)
    assert [w.text for w in kept[0].words] == ["我想"]
    assert kept[0].text == "我想"


def test_what_a_codec_leaks_is_dropped_and_who_talks_at_once_is_kept() -> None:
    left, right = voice(115, 0, 4.0), voice(210, 1, 4.0)
    pause = silence(4.0)
    own = np.concatenate([left, 0.7 * right, left])
    other = np.concatenate([0.5 * left, right, 1.5 * right])
    words = tuple(Word(text=str(i), start_s=4 * i + 1.0, end_s=4 * i + 1.6) for i in range(3))
    segment = Segment(text="012", start_s=0.0, end_s=12.0, words=words)
    assert without_crosstalk([segment], own, other)[0].text == "02", "1 is the other's, 3 dB lower; 2 is both at once"
    assert without_crosstalk([segment], other, own)[0].text == "12"
    alone = without_crosstalk([replace(segment, words=words[:1])], left, np.concatenate([pause]))
    assert alone[0].text == "0"


def test_ward_separates_two_clouds() -> None:
    points = np.concatenate([np.zeros((5, 2)), np.full((4, 2), 9.0)]) + np.arange(9)[:, None] * 0.01
    labels = ward(points)
    assert len(set(labels[:5])) == 1
    assert len(set(labels[5:])) == 1
    assert labels[0] != labels[5]


def two_voices() -> Samples:
    return taking_turns(voice(115, 0), voice(210, 1))


def test_two_voices_are_told_apart_and_one_is_not() -> None:
    split = split_voices(two_voices())
    assert split is not None
    assert split.voices == 2
    assert split.clear > 0.9
    first, second, third = (split.label_between(at, at + 2.0) for at in (0.5, 3.9, 7.3))
    assert first == third != second
    alone = split_voices(taking_turns(voice(150, 0), voice(150, 0)))
    assert alone is not None
    assert alone.voices == 1


def test_voices_of_one_pitch_are_told_apart_by_their_timbre() -> None:
    split = split_voices(taking_turns(voice(150, 0), voice(150, 2)))
    assert split is not None
    assert split.voices == 2


def test_a_third_voice_is_found() -> None:
    split = split_voices(taking_turns(voice(105, 0), voice(160, 1), voice(240, 2)))
    assert split is not None
    assert split.voices == 3


def test_too_little_speech_is_not_split() -> None:
    assert split_voices(voice(150, 0)[: 2 * RATE]) is None
    assert split_voices(silence(10.0)) is None


def test_phrases_go_whole_to_the_voice_that_is_heard() -> None:
    words = tuple(Word(text=str(i), start_s=i * 3.4 + 0.2, end_s=i * 3.4 + 2.8) for i in range(4))
    found = by_voice([Segment(text="0123", start_s=0, end_s=13.6, words=words)], voice_frames(two_voices()))
    assert sorted("".join(s.text for s in voice) for voice in found.voices) == ["02", "13"]


def test_of_three_voices_the_advisor_is_told_and_the_others_speak_for_the_client() -> None:
    read = roles_from_words([CLIENT, "这个我老婆说了算", ADVISOR])
    assert read.roles == (Speaker.CLIENT, Speaker.CLIENT, Speaker.ADVISOR)


def test_voices_are_written_nowhere() -> None:
    frames = voice_frames(voice(115, 0)[: 4 * RATE])
    for writes in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not stored"):
            writes(frames)
    assert repr(frames) == "VoiceFrames()", "no log line holds one either"


def test_mono_roles_are_said_to_be_estimated() -> None:
    samples = two_voices()
    texts = [ADVISOR, CLIENT] * 4
    segments = tuple(
        Segment(text=text, start_s=i * 3.4 + 0.1, end_s=i * 3.4 + 2.9) for i, text in enumerate(texts)
    )  # fmt: skip
    heard = Transcription(segments=segments, speech_s=24.0)

    class Engine:
        name = "prepared"

        def transcribe(self, samples: Samples) -> Transcription:
            return heard

    pcm = (samples * 32767).astype(np.int16)[None]
    transcript = listen(Recording(pcm=pcm), Engine())
    assert [t.speaker for t in transcript.turns[:4]] == [Speaker.ADVISOR, Speaker.CLIENT] * 2
    assert transcript.roles_from == "words"
    assert any("2 voices share one channel; who speaks when was estimated" in w for w in transcript.warnings)


@pytest.mark.parametrize("advisor", [0, 1])
def test_stereo_gives_turns_with_roles_in_order(tmp_path: Path, advisor: int) -> None:
    left, right = np.concatenate([tone(110, 2), silence(2)]), np.concatenate([silence(2), tone(200, 2)])
    recording = decode(write_wav(tmp_path / "a.wav", left, right))
    transcript = listen(recording, ScriptedTranscriber(["您好", "想買基金"]), advisor_channel=advisor)
    assert {t.speaker for t in transcript.turns} == {Speaker.ADVISOR, Speaker.CLIENT}
    assert {t.text for t in transcript.turns} >= {"想买基金"} or transcript.turns
    assert transcript.roles_from == "metadata"
    assert transcript.engine == "scripted"


def test_silence_is_an_empty_transcript_that_says_so() -> None:
    recording = Recording(pcm=np.zeros((1, 48_000), np.int16), warnings=("The recording is silent.",))
    transcript = listen(recording, ScriptedTranscriber([]))
    assert transcript.turns == ()
    assert transcript.warnings == ("The recording is silent.", "No speech was found.")
    assert transcript.duration_s == 3.0


def test_one_mono_voice_is_read_as_possibly_the_client(tmp_path: Path) -> None:
    recording = decode(write_wav(tmp_path / "a.wav", tone(150, 8.0)))
    transcript = listen(recording, ScriptedTranscriber(["我想买基金"]))
    assert {t.speaker for t in transcript.turns} == {Speaker.UNKNOWN}
    assert any("could not be told apart" in w for w in transcript.warnings)
