from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from intent.errors import TranscriptionError
from intent.speech.remote import RemoteTranscriber
from tests.intent.sound import tone


class Flaky(BaseHTTPRequestHandler):
    """Answers from the list `answers`, (status, body) each, and keeps what was asked."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[str, str | None, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.path, self.headers.get("authorization"), body))
        status, answer = self.answers.pop(0)
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[Flaky]]]:
    handler = type("Handler", (Flaky,), {"answers": [], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/v1", handler
        made.shutdown()


def engine(url: str, retries: int = 2) -> RemoteTranscriber:
    return RemoteTranscriber(base_url=url, model="big", api_key="k", retries=retries, pause_s=0.01)


def test_it_asks_as_openai_does_and_tries_again(server: tuple[str, type[Flaky]]) -> None:
    url, handler = server
    handler.answers += [(503, b"busy"), (200, json.dumps({"text": "好的"}).encode())]

    heard = engine(url).transcribe(tone(200, 1.0))

    assert heard.text == "好的"
    assert heard.segments[0].end_s == pytest.approx(1.0)
    path, authorization, body = handler.asked[1]
    assert path == "/v1/audio/transcriptions"
    assert authorization == "Bearer k"
    assert b'name="model"\r\n\r\nbig' in body
    assert b"verbose_json" in body
    assert b'name="language"\r\n\r\nzh' in body
    assert b"RIFF" in body


@pytest.mark.parametrize(
    ("status", "answer", "tries", "says"),
    [
        (401, b"no", 1, "status 401"),
        (500, b"no", 3, "status 500"),
        (200, b"<html>", 1, "without JSON"),
        (200, b"[]", 1, "no text"),
    ],
)
def test_failures_end_in_one_sentence(
    server: tuple[str, type[Flaky]], status: int, answer: bytes, tries: int, says: str
) -> None:
    url, handler = server
    handler.answers += [(status, answer)] * 3
    with pytest.raises(TranscriptionError, match=says):
        engine(url).transcribe(tone(200, 1.0))
    assert len(handler.asked) == tries


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(TranscriptionError, match="check that it runs"):
        engine("http://127.0.0.1:9/v1", retries=0).transcribe(tone(200, 1.0))


def test_implausible_text_is_asked_for_again_another_way(server: tuple[str, type[Flaky]]) -> None:
    url, handler = server
    short = {"text": "嗯", "segments": [{"start": 0.0, "end": 9.0, "text": "嗯"}]}
    whole = {
        "text": "我想买一点基金你看看怎么样",
        "segments": [{"start": 0.0, "end": 9.0, "text": "我想买一点基金你看看怎么样"}],
    }
    handler.answers += [(200, json.dumps(short).encode()), (200, json.dumps(whole).encode())]
    heard = engine(url).transcribe(tone(200, 9.0))
    assert heard.text == whole["text"]
    assert not heard.implausible
    first, second = (asked[2] for asked in handler.asked)
    assert b'name="temperature"\r\n\r\n0\r\n' in first
    assert b'name="temperature"\r\n\r\n0.4\r\n' in second
    handler.answers += [(200, json.dumps(short).encode())] * 2
    assert engine(url).transcribe(tone(200, 9.0)).implausible


@pytest.mark.parametrize("url", ["https://8.8.8.8/v1", "http://169.254.169.254/v1", "http://[2001:4860::1]/v1"])
def test_no_recording_leaves_the_firms_network_unless_that_was_allowed(url: str) -> None:
    with pytest.raises(TranscriptionError, match=r"speech server .* lies outside.*remote\.allow_external"):
        engine(url).transcribe(tone(200, 1.0))


def test_no_proxy_of_the_environment_hears_a_client(
    server: tuple[str, type[Flaky]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = server
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    handler.answers += [(200, json.dumps({"text": "好的"}).encode())]
    assert engine(url, retries=0).transcribe(tone(200, 1.0)).text == "好的"
