"""Sound to a transcript: each voice transcribed, its role found, the turns put in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from intent.call import Speaker, Transcript
from intent.speech.audio import Sound
from intent.speech.clean import by_sentence, turns
from intent.speech.hearing import OnWindow, Voices, hear
from intent.speech.quality import unreadable
from intent.speech.speakers import MonoVoices, RoleReading, by_voice, roles_from_words, stereo_roles
from intent.speech.transcribe import Transcriber

NO_SPEECH = "No speech was found."
ONE_VOICE = "The voices of this mono recording could not be told apart; every turn may be the client's."
ESTIMATED = "{voices} voices share one channel; who speaks when was estimated, clearly for {clear:.0%} of the speech."

MIN_CONFIDENCE = 0.4
SHORT_PAUSE_S = 0.35  # where two voices share turns, every breath may be a change of speaker

OnVoices = Callable[[Voices], None]  # told the segments of each voice, with their words, before they become turns


def listen(
    sound: Sound,
    transcriber: Transcriber,
    *,
    advisor_channel: int | None = None,
    channel_known_from: str = "metadata",
    pause_s: float = 1.2,
    min_confidence: float = MIN_CONFIDENCE,
    on_voices: OnVoices = lambda voices: None,
    hotwords: Sequence[str] = (),
    on_window: OnWindow = lambda done_s: None,
) -> Transcript:
    """Transcribe a recording, a window at a time; what a reader must doubt stands in the transcript's warnings.

    `advisor_channel` (0 or 1) counts for stereo only. Below `min_confidence` of the engine, a mean over characters,
    the transcript is marked `unreadable`. `hotwords`: names that may be spoken. Raises TranscriptionError.
    """
    heard = hear(sound, transcriber, hotwords=hotwords, on_window=on_window)
    voices: Voices
    if heard.frames is None:
        voices = heard.own
        roles = stereo_roles(_texts(voices), advisor_channel=advisor_channel, known_from=channel_known_from)
    else:
        mono = by_voice(heard.own[0], heard.frames)
        voices, roles = mono.voices, _mono_roles(mono)
    on_voices(voices)
    if len(voices) == 1:
        said = by_sentence(voices[0], pause_s=SHORT_PAUSE_S)
    else:
        said = turns(zip(roles.roles, voices, strict=True), pause_s=pause_s)
    warnings = (*sound.warnings, *heard.warnings, *(roles.warnings if said else (NO_SPEECH,)))
    return Transcript(
        turns=said,
        duration_s=round(sound.duration_s, 3),
        language=heard.channels[0].language,
        engine=transcriber.name,
        warnings=tuple(dict.fromkeys(warnings)),
        roles_from=roles.roles_from if said else "unknown",
        unreadable=unreadable(said, heard.channels, min_confidence=min_confidence),
        salvaged=sound.salvaged,
    )


def _mono_roles(mono: MonoVoices) -> RoleReading:
    if len(mono.voices) > 1:
        roles = roles_from_words(_texts(mono.voices))
        return replace(roles, warnings=(ESTIMATED.format(voices=len(mono.voices), clear=mono.clear), *roles.warnings))
    return RoleReading(roles=(Speaker.UNKNOWN,), roles_from="unknown", warnings=(ONE_VOICE,))


def _texts(voices: Voices) -> list[str]:
    return ["".join(segment.text for segment in voice) for voice in voices]
