"""Sound to a transcript: each voice transcribed, its role found, the turns put in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from intent.call import Speaker, Transcript
from intent.speech.audio import Recording
from intent.speech.clean import by_sentence, turns
from intent.speech.quality import unreadable, without_held
from intent.speech.speakers import MonoVoices, RoleReading, by_voice, roles_from_words, stereo_roles, without_crosstalk
from intent.speech.transcribe import Segment, Transcriber, Transcription

NO_SPEECH = "No speech was found."
ONE_VOICE = "The voices of this mono recording could not be told apart; every turn may be the client's."

LEAK = "{} words were heard on both channels, louder on one; they were kept there."
ESTIMATED = "{voices} voices share one channel; who speaks when was estimated, clearly for {clear:.0%} of the speech."

MIN_CONFIDENCE = 0.4
SHORT_PAUSE_S = 0.35  # where two voices share turns, every breath may be a change of speaker

Voices = Sequence[Sequence[Segment]]
OnVoices = Callable[[Voices], None]  # told the segments of each voice, with their words, before they become turns


def listen(
    recording: Recording,
    transcriber: Transcriber,
    *,
    advisor_channel: int | None = None,
    channel_known_from: str = "metadata",
    pause_s: float = 1.2,
    min_confidence: float = MIN_CONFIDENCE,
    on_voices: OnVoices = lambda voices: None,
) -> Transcript:
    """Transcribe a recording; what a reader must doubt stands in the transcript's warnings.

    `advisor_channel` (0 or 1) counts for stereo only. Below `min_confidence` of the engine, a mean over characters,
    the transcript is marked `unreadable`. Raises TranscriptionError.
    """
    heard = _transcribed(recording, transcriber)
    if recording.channels == 2:
        voices = _stereo(recording, heard)
        leaked = _words([h.segments for h in heard]) - _words(voices)
        roles = stereo_roles(_texts(voices), advisor_channel=advisor_channel, known_from=channel_known_from)
    else:
        leaked = 0
        mono = by_voice(heard[0].segments, recording.channel(0))
        voices, roles = mono.voices, _mono_roles(mono)
    on_voices(voices)
    if len(voices) == 1:
        said = by_sentence(voices[0], pause_s=SHORT_PAUSE_S)
    else:
        said = turns(zip(roles.roles, voices, strict=True), pause_s=pause_s)
    warnings = (*recording.warnings, *(w for h in heard for w in h.warnings), *([LEAK.format(leaked)] * (leaked > 0)))
    return Transcript(
        turns=said,
        duration_s=round(recording.duration_s, 3),
        language=heard[0].language,
        engine=transcriber.name,
        warnings=tuple(dict.fromkeys((*warnings, *(roles.warnings if said else (NO_SPEECH,))))),
        roles_from=roles.roles_from if said else "unknown",
        unreadable=unreadable(said, heard, min_confidence=min_confidence),
    )


def _transcribed(recording: Recording, transcriber: Transcriber) -> list[Transcription]:
    channels = [recording.channel(i) for i in range(recording.channels)]
    return [without_held(transcriber.transcribe(channel), channel) for channel in channels]


def _stereo(recording: Recording, heard: Sequence[Transcription]) -> Voices:
    left, right = recording.channel(0), recording.channel(1)
    return (
        without_crosstalk(heard[0].segments, left, right),
        without_crosstalk(heard[1].segments, right, left),
    )


def _mono_roles(mono: MonoVoices) -> RoleReading:
    if len(mono.voices) > 1:
        roles = roles_from_words(_texts(mono.voices))
        return replace(roles, warnings=(ESTIMATED.format(voices=len(mono.voices), clear=mono.clear), *roles.warnings))
    return RoleReading(roles=(Speaker.UNKNOWN,), roles_from="unknown", warnings=(ONE_VOICE,))


def _words(voices: Voices) -> int:
    return sum(len(segment.words) for voice in voices for segment in voice)


def _texts(voices: Voices) -> list[str]:
    return ["".join(segment.text for segment in voice) for voice in voices]
