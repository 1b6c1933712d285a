"""A speech server elsewhere: any with the OpenAI-compatible path /v1/audio/transcriptions."""

from __future__ import annotations

import io
import json
import random
import threading
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import numpy as np

from intent.errors import TranscriptionError
from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.remote_answer import read_answer
from intent.speech.transcribe import Transcription, better, clean, plausible
from prompts.errors import ChatError
from prompts.hosts import refuse_outside

SECOND_TEMPERATURE = "0.4"  # of the second decoding: another way through the same sound
RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
MAX_ANSWER = 64 * 1024 * 1024  # bytes; an answer is text


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: bytes
    wait_s: float  # what the server asks for with Retry-After, 0 where it asks for nothing


class RemoteTranscriber:
    """Sends one channel as 16-bit WAV and reads verbose_json with word times where the server gives them.

    Threads may use it at once; `at_once` requests of a process are in flight at most.
    """

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
        at_once: int = 4,
        chars_per_s: tuple[float, float] = (1.2, 12.0),
        allow_external: bool = False,
    ) -> None:
        """`timeout_s`: of one request; a silent server is given up after it, one that drips at its next byte.
        `pause_s`: before the first further try; each pause is twice the one before, and spread by chance.
        `allow_external`: recordings may go to a host outside this machine and private networks."""
        self.name = f"remote-{model}-{language}"
        self.at_once = at_once
        self._url = base_url.rstrip("/") + "/audio/transcriptions"
        self._model, self._language = model, language
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._plausible = chars_per_s
        self._timeout_s, self._retries, self._pause_s = timeout_s, retries, pause_s
        self._slots = threading.BoundedSemaphore(at_once)
        self._quiet_until = 0.0  # by the monotonic clock: the server asked to be left alone until then
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
        return clean(read_answer(answer, samples.size / SAMPLE_RATE, self._language), hotwords)

    def _post(self, body: bytes, options: dict[str, str]) -> dict[str, Any]:
        problem = ""
        for attempt in range(self._retries + 1):
            if attempt:
                time.sleep(self._pause_s * 2 ** (attempt - 1) * random.uniform(1.0, 1.5))
            try:
                answer = self._send(body, options)
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if answer.status == 200:
                return _json(answer.body)
            problem = f"status {answer.status}"
            if answer.status not in RETRIED_STATUS:
                break
        raise TranscriptionError(
            f"The speech server at {self._url} gave no text ({problem}): check that it runs, "
            "and speech.remote.base_url, model and api_key."
        )

    def _send(self, body: bytes, options: dict[str, str]) -> _Answer:
        """One request, when a slot is free and the server does not want to be left alone; bounded in time and size."""
        with self._slots:
            time.sleep(max(0.0, self._quiet_until - time.monotonic()))
            answer = self._asked(body, options)
            self._quiet_until = max(self._quiet_until, time.monotonic() + min(answer.wait_s, self._timeout_s))
            return answer

    def _asked(self, body: bytes, options: dict[str, str]) -> _Answer:
        data: dict[str, Any] = {
            "model": self._model,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["segment", "word"],
            **options,
        }
        if self._language != "auto":
            data["language"] = self._language
        files = {"file": ("channel.wav", body, "audio/wav")}
        over = time.monotonic() + self._timeout_s
        request = httpx.stream(
            "POST",
            self._url,
            headers=self._headers,
            data=data,
            files=files,
            timeout=self._timeout_s,
            follow_redirects=False,
            trust_env=False,  # no proxy of the environment hears a client
        )
        with request as response:
            told = response.headers.get("retry-after") if response.status_code in RETRIED_STATUS else None
            return _Answer(status=response.status_code, body=_read(response, over), wait_s=_retry_after_s(told))


def _read(response: httpx.Response, over: float) -> bytes:
    """The whole answer. Raises ReadTimeout at `over`: a server that drips is cut off like one that is silent."""
    held = bytearray()
    for block in response.iter_bytes():
        held += block
        if time.monotonic() > over:
            raise httpx.ReadTimeout("the answer was not whole in time")
        if len(held) > MAX_ANSWER:
            raise TranscriptionError("The speech server's answer is too large to be text: check which API it speaks.")
    return bytes(held)


def _retry_after_s(told: str | None) -> float:
    """Retry-After of RFC 9110, as seconds or a date; 0 where there is none, or no such thing."""
    if not told:
        return 0.0
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):  # no date, or one without a zone
        return 0.0


def wav_bytes(samples: Samples) -> bytes:
    """Float samples of shape (n,) at 16 kHz as a 16-bit mono WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise TranscriptionError(
            "The speech server answered 200 without JSON: check that speech.remote.base_url ends with /v1."
        ) from error
    if not isinstance(answer, dict) or "text" not in answer:
        raise TranscriptionError("The speech server's answer holds no text: check which API it speaks.")
    return answer
