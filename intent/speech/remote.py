"""A speech server elsewhere: any with the OpenAI-compatible path /v1/audio/transcriptions."""

from __future__ import annotations

import io
import math
import time
import wave
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from intent.errors import TranscriptionError
from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.transcribe import Segment, Transcription, Word, better, clean, plausible
from prompts.errors import ChatError
from prompts.hosts import refuse_outside

SECOND_TEMPERATURE = "0.4"  # of the second decoding: another way through the same sound
RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})


class RemoteTranscriber:
    """Sends one channel as 16-bit WAV and reads verbose_json with word times where the server gives them."""

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: str | None = None,
        language: str = "zh",
        timeout_s: float = 300.0,
        retries: int = 2,
        pause_s: float = 1.0,
        chars_per_s: tuple[float, float] = (1.2, 12.0),
        allow_external: bool = False,
    ) -> None:
        """allow_external: recordings may go to a host outside this machine and private networks."""
        self.name = f"remote-{model}-{language}"
        self._url = base_url.rstrip("/") + "/audio/transcriptions"
        self._model, self._language = model, language
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._plausible = chars_per_s
        self._timeout_s, self._retries, self._pause_s = timeout_s, retries, pause_s
        self._allow_external = allow_external

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        """See Transcriber. Text that does not fit its speech is asked for once more, with another temperature.

        Raises TranscriptionError after the last try, naming the server's status.
        """
        if samples.size < SAMPLE_RATE // 10:
            return Transcription(segments=(), speech_s=0.0)
        if not self._allow_external:
            self._refuse_outside()
        body = wav_bytes(samples)
        first = self._heard(body, samples, hotwords, "0")
        if plausible(first, self._plausible):
            return first
        return better(first, self._heard(body, samples, hotwords, SECOND_TEMPERATURE), self._plausible)

    def _refuse_outside(self) -> None:
        """Raises TranscriptionError unless the server stands on this machine or in a private network."""
        try:
            refuse_outside(self._url, what="speech server", setting="speech.remote.allow_external")
        except ChatError as error:
            raise TranscriptionError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error

    def _heard(self, body: bytes, samples: Samples, hotwords: Sequence[str], temperature: str) -> Transcription:
        options = {"temperature": temperature, **({"hotwords": " ".join(hotwords)} if hotwords else {})}
        answer = self._post(body, options)
        return clean(_read(answer, samples.size / SAMPLE_RATE, self._language), hotwords)

    def _post(self, body: bytes, options: dict[str, str]) -> dict[str, Any]:
        problem = ""
        for attempt in range(self._retries + 1):
            if attempt:
                time.sleep(self._pause_s * 2 ** (attempt - 1))
            try:
                response = self._send(body, options)
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if response.status_code == 200:
                return _json(response)
            problem = f"status {response.status_code}"
            if response.status_code not in RETRIED_STATUS:
                break
        raise TranscriptionError(
            f"The speech server at {self._url} gave no text ({problem}): check that it runs, "
            "and speech.remote.base_url, model and api_key."
        )

    def _send(self, body: bytes, options: dict[str, str]) -> httpx.Response:
        data: dict[str, Any] = {
            "model": self._model,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["segment", "word"],
            **options,
        }
        if self._language != "auto":
            data["language"] = self._language
        return httpx.post(
            self._url,
            headers=self._headers,
            data=data,
            files={"file": ("channel.wav", body, "audio/wav")},
            timeout=self._timeout_s,
            follow_redirects=False,
            trust_env=False,  # no proxy of the environment hears a client
        )


def wav_bytes(samples: Samples) -> bytes:
    """Float samples of shape (n,) at 16 kHz as a 16-bit mono WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError as error:
        raise TranscriptionError(
            "The speech server answered 200 without JSON: check that speech.remote.base_url ends with /v1."
        ) from error
    if not isinstance(answer, dict) or "text" not in answer:
        raise TranscriptionError("The speech server's answer holds no text: check which API it speaks.")
    return answer


def _read(answer: dict[str, Any], duration_s: float, language: str) -> Transcription:
    words = tuple(
        Word(text=str(w["word"]), start_s=float(w["start"]), end_s=float(w["end"])) for w in answer.get("words") or ()
    )
    segments = tuple(_segment(raw, words) for raw in answer.get("segments") or ())
    if not segments and str(answer["text"]).strip():
        segments = (Segment(text=str(answer["text"]), start_s=0.0, end_s=duration_s, words=words),)
    speech_s = sum(s.end_s - s.start_s for s in segments)
    return Transcription(segments=segments, speech_s=speech_s, language="zh" if language == "auto" else language)


def _segment(raw: dict[str, Any], words: tuple[Word, ...]) -> Segment:
    start_s, end_s = float(raw["start"]), float(raw["end"])
    mine = tuple(w for w in words if start_s <= (w.start_s + w.end_s) / 2 < end_s)
    logprob = raw.get("avg_logprob")
    confidence = min(1.0, math.exp(float(logprob))) if logprob is not None else None
    return Segment(text=str(raw["text"]), start_s=start_s, end_s=end_s, words=mine, confidence=confidence)
