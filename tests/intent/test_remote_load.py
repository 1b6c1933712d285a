"""A speech server under load and a bad one: several windows at once, in order, and answers that cannot be true."""

from __future__ import annotations

import io
import json
import threading
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from intent.errors import TranscriptionError
from intent.speech.audio import SAMPLE_RATE, Recording
from intent.speech.hearing import hear
from intent.speech.remote import RemoteTranscriber
from tests.intent.sound import voice

SAID = "您好我想问一下上个月买的那只基金现在表现怎么样还能不能继续持有谢谢你帮我看看吧"
WAIT_S = 20.0  # a test that hangs ends with an error after this
Answer = tuple[int, dict[str, str], bytes]  # status, headers, body


@dataclass
class Desk:
    """What the server does for a sound of so many seconds, and what it saw."""

    answer: Callable[[int, int], Answer]  # seconds of sound, how often it was asked for before
    asked: Counter[int] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    desk: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with wave.open(io.BytesIO(body[body.index(b"RIFF") :])) as sound:
            seconds = round(sound.getnframes() / SAMPLE_RATE)
        desk = self.desk
        with desk.lock:
            before = desk.asked[seconds]
            desk.asked[seconds] += 1
            desk.in_flight += 1
            desk.most_in_flight = max(desk.most_in_flight, desk.in_flight)
        status, headers, answer = desk.answer(seconds, before)
        with desk.lock:
            desk.in_flight -= 1
        self.send_response(status)
        for name, value in {"content-length": str(len(answer)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what some tests want."""


Serve = Callable[[Callable[[int, int], Answer]], tuple[str, Desk]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    made: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[int, int], Answer]) -> tuple[str, Desk]:
        desk = Desk(answer=answer)
        server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"desk": desk}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1", desk

    yield start
    for server in made:
        server.shutdown()
        server.server_close()


def engine(url: str, **more: Any) -> RemoteTranscriber:
    return RemoteTranscriber(base_url=url, model="big", **{"retries": 2, "pause_s": 0.01, "timeout_s": WAIT_S, **more})


def said(seconds: int, **more: Any) -> Answer:
    """The first 4 characters a second, with a segment over all of it."""
    text = SAID[: 4 * seconds]
    told = {"text": text, "segments": [{"start": 0.0, "end": float(seconds), "text": text}], **more}
    return 200, {}, json.dumps(told).encode()


@dataclass(frozen=True)
class Windows:
    """A recording whose windows are 1, 2, 3... seconds long, so that a server knows them by their length."""

    lengths: Sequence[int]
    channels: int = 1
    warnings: tuple[str, ...] = ()
    salvaged: bool = False

    @property
    def duration_s(self) -> float:
        return float(sum(self.lengths))

    def windows(self) -> Iterator[Recording]:
        start_s = 0.0
        for n in self.lengths:
            one = (voice(115, 0, float(n)) * 32767).astype(np.int16)
            yield Recording(pcm=np.stack([one] * self.channels), start_s=start_s)
            start_s += n


def test_windows_are_asked_for_together_and_come_in_order(serve: Serve) -> None:
    together = threading.Barrier(3)

    def answer(seconds: int, before: int) -> Answer:
        together.wait(WAIT_S)  # nobody is answered before three are asked for
        return said(seconds)

    url, desk = serve(answer)
    told: list[float] = []
    heard = hear(Windows([1, 2, 3, 4, 5, 6]), engine(url, at_once=3), on_window=told.append)
    assert heard.channels[0].text == "".join(SAID[: 4 * n] for n in range(1, 7))
    assert told == [1.0, 3.0, 6.0, 10.0, 15.0, 21.0]
    assert desk.most_in_flight == 3


def test_the_channels_of_a_short_call_go_together(serve: Serve) -> None:
    together = threading.Barrier(2)

    def answer(seconds: int, before: int) -> Answer:
        together.wait(WAIT_S)
        return said(seconds)

    url, desk = serve(answer)
    hear(Windows([4], channels=2), engine(url, at_once=2))
    assert desk.asked == {4: 2}


def test_a_slow_window_stalls_no_other(serve: Serve) -> None:
    others = threading.Semaphore(0)

    def answer(seconds: int, before: int) -> Answer:
        if seconds == 1:  # is answered when the two after it were
            assert others.acquire(timeout=WAIT_S)
            assert others.acquire(timeout=WAIT_S)
        else:
            others.release()
        return said(seconds)

    url, _ = serve(answer)
    heard = hear(Windows([1, 2, 3, 4]), engine(url, at_once=3))
    assert heard.channels[0].text == "".join(SAID[: 4 * n] for n in range(1, 5))


def test_one_that_never_answers_ends_with_its_time_out(serve: Serve) -> None:
    over = threading.Event()

    def answer(seconds: int, before: int) -> Answer:
        if seconds == 1:
            over.wait(WAIT_S)
        return said(seconds)

    url, desk = serve(answer)
    with pytest.raises(TranscriptionError, match="ReadTimeout"):
        hear(Windows([1, 2, 3]), engine(url, at_once=3, timeout_s=0.5, retries=1))
    over.set()
    assert desk.asked == {1: 2, 2: 1, 3: 1}


def test_one_that_drips_is_cut_off_too() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            there, _ = server.accept()
            there.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            while not over.wait(0.05):
                try:
                    there.sendall(b" ")
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        with pytest.raises(TranscriptionError, match="not whole in time"):
            engine(url, timeout_s=0.3, retries=0).transcribe(voice(115, 0, 1.0))
        over.set()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_and_broken_are_asked_again(serve: Serve, status: int) -> None:
    url, desk = serve(lambda seconds, before: said(seconds) if before == 2 else (status, {}, b"busy"))
    assert engine(url).transcribe(voice(115, 0, 2.0)).text == SAID[:8]
    assert desk.asked == {2: 3}


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [("2", 2.0, 2.0), ("86400", 5.0, 5.0), ("soon", 0.0, 0.0), ("-3", 0.0, 0.0), ("", 0.0, 0.0), ("date", 1.0, 3.0)],
)
def test_retry_after_is_kept_up_to_the_time_out(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, told: str, least: float, most: float
) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True) if told == "date" else told
    url, _ = serve(lambda seconds, before: said(seconds) if before else (429, {"retry-after": when}, b""))
    slept: list[float] = []
    monkeypatch.setattr("intent.speech.remote.time.sleep", slept.append)
    assert engine(url, timeout_s=5.0).transcribe(voice(115, 0, 1.0)).text
    assert least - 0.5 <= max(slept) <= most + 0.05


WORDS = [{"word": char, "start": n * 0.25, "end": n * 0.25 + 0.25} for n, char in enumerate(SAID[:8])]
LIES: dict[str, dict[str, Any]] = {
    "beyond the end": {"segments": [{"start": 90.0, "end": 92.5, "text": SAID[:8]}]},
    "backwards": {"segments": [{"start": 1.5, "end": 0.5, "text": SAID[:8]}]},
    "negative": {"segments": [{"start": -9.0, "end": 1.0, "text": SAID[:8]}]},
    "no number": {"segments": [{"start": float("nan"), "end": float("inf"), "text": SAID[:8]}]},
    "words beyond": {"words": [{**word, "end": 7_000_000} for word in WORDS]},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_times_that_cannot_be_are_not_believed(serve: Serve, lie: dict[str, Any]) -> None:
    url, _ = serve(lambda seconds, before: said(seconds, **lie))
    heard = engine(url).transcribe(voice(115, 0, 2.0))
    assert heard.text == SAID[:8]
    assert all(0 <= s.start_s <= s.end_s <= 2.0 for s in heard.segments)
    assert any("times did not fit" in warning for warning in heard.warnings)


def test_milliseconds_are_told_from_seconds(serve: Serve) -> None:
    words = [{**word, "start": int(word["start"] * 1000), "end": int(word["end"] * 1000)} for word in WORDS]
    part = {"segments": [{"start": 0, "end": 2000, "text": SAID[:8]}], "words": words}
    url, _ = serve(lambda seconds, before: said(seconds, **part))
    (segment,) = engine(url).transcribe(voice(115, 0, 2.0)).segments
    assert (segment.end_s, len(segment.words), segment.words[-1].end_s) == (2.0, 8, 2.0)


def test_words_out_of_order_are_sorted_and_lost_ones_lose_no_text(serve: Serve) -> None:
    url, _ = serve(lambda seconds, before: said(seconds, words=WORDS[::-1] if before == 0 else WORDS[:2]))
    heard = engine(url).transcribe(voice(115, 0, 2.0))
    assert "".join(word.text for word in heard.segments[0].words) == SAID[:8]
    again = engine(url).transcribe(voice(115, 0, 2.0))
    assert (again.text, again.segments[0].words) == (SAID[:8], ())


@pytest.mark.parametrize("part", [{"segments": [{"text": "a"}]}, {"segments": 3}, {"words": [{"start": "x"}]}])
def test_another_shape_is_one_sentence(serve: Serve, part: dict[str, Any]) -> None:
    url, _ = serve(lambda seconds, before: said(seconds, **part))
    with pytest.raises(TranscriptionError, match="verbose_json"):
        engine(url).transcribe(voice(115, 0, 2.0))
