"""The bare speech engine, as a baseline: faster-whisper as it comes, without any step of the product."""

from __future__ import annotations

from typing import Any

from intent.speech.audio import Recording
from serve.wiring import House


class BareEngine:
    """The product's own Whisper weights with voice activity detection and word times, and nothing else."""

    def __init__(self, house: House) -> None:
        from faster_whisper import WhisperModel

        speech = house.settings.speech
        self._language = None if speech.language == "auto" else speech.language
        self._beam_size = speech.beam_size
        self._model: Any = WhisperModel(
            str(house.model_store.path("whisper")),
            device=speech.device,
            compute_type=speech.compute_type,
            cpu_threads=speech.threads,
            local_files_only=True,
        )

    def text(self, recording: Recording) -> str:
        """What the engine says of each channel, the channels one after the other."""
        return "".join(self._channel(recording, i) for i in range(recording.channels))

    def _channel(self, recording: Recording, index: int) -> str:
        segments, _ = self._model.transcribe(
            recording.channel(index),
            language=self._language,
            beam_size=self._beam_size,
            vad_filter=True,
            word_timestamps=True,
        )
        return "".join(segment.text for segment in segments)


def bare_engine(house: House) -> BareEngine | None:
    """The baseline of a local engine; None where speech goes to a remote one, which has no bare form here."""
    return BareEngine(house) if house.settings.speech.engine == "local" else None
