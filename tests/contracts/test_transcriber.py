"""What every speech engine keeps: the double, the remote adapter (against a small server), and Whisper."""

from __future__ import annotations

import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from intent.speech.audio import SAMPLE_RATE, Recording, Samples
from intent.speech.listen import listen
from intent.speech.remote import RemoteTranscriber
from intent.speech.transcribe import LocalWhisper, ScriptedTranscriber, Transcriber
from tests.intent.sound import silence, tone

ANSWER = {
    "text": "我想買基金",
    "segments": [{"start": 0.1, "end": 1.4, "text": "我想買基金", "avg_logprob": -0.2}],
    "words": [{"word": "我想", "start": 0.1, "end": 0.6}, {"word": "買基金", "start": 0.6, "end": 1.4}],
}


class Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with wave.open(io.BytesIO(body[body.index(b"RIFF") :])) as sound:
            silent = not any(sound.readframes(sound.getnframes()))
        answer = {"text": "", "segments": []} if silent else ANSWER
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/v1"
        made.shutdown()


class Contract:
    """Every transcriber: a name, simplified characters, times inside the sound, nothing from nothing."""

    @pytest.fixture
    def engine(self) -> Transcriber:
        raise NotImplementedError

    def test_it_has_a_name(self, engine: Transcriber) -> None:
        assert engine.name

    def test_no_sound_gives_no_text(self, engine: Transcriber) -> None:
        assert engine.transcribe(silence(0)).segments == ()

    def test_silence_gives_no_text(self, engine: Transcriber) -> None:
        assert engine.transcribe(silence(2.0)).segments == ()

    def test_times_lie_inside_and_in_order(self, engine: Transcriber) -> None:
        heard = engine.transcribe(tone(180, 2.0))
        times = [t for s in heard.segments for w in s.words for t in (w.start_s, w.end_s)]
        assert times == sorted(times)
        assert all(0 <= t <= 2.0 for t in times)
        assert all(s.confidence is None or 0 <= s.confidence <= 1 for s in heard.segments)
        assert "買" not in heard.text


class TestScripted(Contract):
    @pytest.fixture
    def engine(self) -> Transcriber:
        return ScriptedTranscriber(["我想買基金"] * 5)


class TestRemote(Contract):
    @pytest.fixture
    def engine(self, server: str) -> Transcriber:
        return RemoteTranscriber(base_url=server, model="any", retries=0)


@pytest.mark.weights
@pytest.mark.slow
class TestLocalWhisper(Contract):
    @pytest.fixture(scope="class")
    def whisper(self, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], LocalWhisper]:
        from models.registry import ModelStore

        made = LocalWhisper(store=ModelStore(Path(tmp_path_factory.mktemp("weights"))), threads=1)
        return lambda: made

    @pytest.fixture
    def engine(self, whisper: Callable[[], LocalWhisper]) -> Transcriber:
        return whisper()

    @pytest.mark.parametrize("what", ["ringing", "engaged", "noise", "hum", "clicks"])
    def test_nothing_is_written_over_what_nobody_said(self, engine: Transcriber, what: str) -> None:
        assert listen(Recording(pcm=(nobody(what) * 32767).astype(np.int16)[None]), engine).marks == ("no_speech",)


def nobody(what: str, seconds: float = 12.0) -> Samples:
    """What lines carry before an answer, and without one."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    random = np.random.default_rng(4)
    tone_450 = 0.2 * np.sin(2 * np.pi * 450 * t)  # Chinese networks signal at 450 Hz
    made = {
        "ringing": tone_450 * (t % 5.0 < 1.0),
        "engaged": tone_450 * (t % 0.7 < 0.35),
        "noise": 0.05 * random.standard_normal(t.size),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * t) + 0.01 * random.standard_normal(t.size),
        "clicks": 0.5 * (random.random(t.size) > 0.9995),
    }
    return made[what].astype(np.float32)
