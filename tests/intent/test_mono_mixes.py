"""Sample calls mixed to one channel: who speaks when, against what the scripts say; no weights are needed."""

from __future__ import annotations

import json

import pytest

from eval.metrics.asr import Span, der, role_accuracy
from intent.speech.audio import decode
from intent.speech.speakers import by_voice, roles_from_words
from intent.speech.transcribe import Segment
from intent.speech.voice_frames import voice_frames
from serve.sample import sample_folder

CALLS = ("call02.wav", "call03.wav", "call06.mp3", "call08.opus")


@pytest.mark.parametrize("name", CALLS)
def test_two_voices_of_a_mix_are_told_apart(name: str) -> None:
    folder = sample_folder() / "calls"
    script = json.loads((folder / "scripts" / f"{name[:6]}.json").read_text("utf-8"))
    recording = decode(folder / "recordings" / name)
    mixed = (recording.channel(0) + recording.channel(1)) / 2
    said = [Segment(text=t["text"], start_s=t["start"], end_s=t["end"]) for t in script["turns"]]

    found = by_voice(said, voice_frames(mixed))

    assert len(found.voices) == 2
    assert found.clear > 0.95
    roles = roles_from_words(["".join(s.text for s in voice) for voice in found.voices])
    heard = [
        Span(role=role.value, start_s=s.start_s, end_s=s.end_s)
        for role, voice in zip(roles.roles, found.voices, strict=True)
        for s in voice
    ]
    gold = [Span(role=t["role"], start_s=t["start"], end_s=t["end"]) for t in script["turns"]]
    assert (role_accuracy(gold, heard) or 0) >= 0.97
    assert der(gold, heard) is not None
    assert (der(gold, heard) or 0) <= 0.1
