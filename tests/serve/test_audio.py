"""`POST /v1/audio/transcriptions`: the OpenAI shape, its formats, and what is refused."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from intent.speech.remote import RemoteTranscriber
from intent.speech.transcribe import ScriptedTranscriber
from serve.wiring import House
from tests.intent.sound import tone, voice, write_wav
from tests.serve.conftest import client_of

TEXTS = ("您好，这里是远山证券，我是您的客户经理。", "我想身购基金，手续费多少？")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Two people who talk at once, one a channel, so that every word of the script lies in sound."""
    return write_wav(tmp_path / "call.wav", voice(115, 0, 5.0), voice(210, 1, 5.0))


@pytest.fixture
def client(house: House) -> TestClient:
    house.transcriber = ScriptedTranscriber(list(TEXTS))
    return client_of(house)


def ask(client: TestClient, sound: Path, **form: str) -> object:
    files = {"file": (sound.name, sound.read_bytes())}
    return client.post("/v1/audio/transcriptions", files=files, data={"model": "whisper-1", **form})


def test_json_is_the_text_with_terms_put_right(client: TestClient, sound: Path) -> None:
    answer = ask(client, sound)
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert answer.json() == {"text": TEXTS[0] + "我想申购基金，手续费多少？"}  # type: ignore[attr-defined]


def test_verbose_json_tells_who_said_what_and_what_was_heard(client: TestClient, sound: Path) -> None:
    told = ask(client, sound, response_format="verbose_json").json()  # type: ignore[attr-defined]
    assert (told["task"], told["language"], told["duration"]) == ("transcribe", "zh", 5.0)
    assert [s["speaker"] for s in told["segments"]] == ["advisor", "client"]
    assert told["segments"][1]["heard"] == TEXTS[1]
    assert told["segments"][0]["start"] < told["segments"][1]["end"] <= 5.0


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("text", "text/plain", "您好，"),
        ("srt", "application/x-subrip", "1\n00:00:0"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:0"),
    ],
)
def test_other_formats(client: TestClient, sound: Path, form: str, kind: str, begins: str) -> None:
    answer = ask(client, sound, response_format=form)
    assert answer.headers["content-type"].startswith(kind)  # type: ignore[attr-defined]
    assert answer.text.startswith(begins)  # type: ignore[attr-defined]


def test_what_a_file_is_is_told_from_its_content(client: TestClient, sound: Path, tmp_path: Path) -> None:
    misnamed = tmp_path / "call.mp3"
    misnamed.write_bytes(sound.read_bytes())
    assert ask(client, misnamed).status_code == 200  # type: ignore[attr-defined]
    letter = tmp_path / "letter.wav"
    letter.write_text("this is no sound " * 100)
    refused = ask(client, letter)
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert "cannot be decoded as sound" in refused.json()["detail"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"response_format": "pdf"}, "response_format"),
        ({"language": "en"}, "transcribes zh"),
        ({"prompt": "以下是普通话"}, "prompt is not taken"),
    ],
)
def test_what_is_not_done_is_said(client: TestClient, sound: Path, form: dict[str, str], says: str) -> None:
    answer = ask(client, sound, **form)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert says in answer.json()["detail"]  # type: ignore[attr-defined]


def test_too_long_and_an_engine_that_is_away(house: House, sound: Path) -> None:
    client = client_of(house)
    house.transcriber = ScriptedTranscriber([])
    assert ask(client, sound).status_code == 503  # type: ignore[attr-defined]
    short = house.settings.speech.model_copy(update={"max_duration_s": 2.0})
    house.settings = house.settings.model_copy(update={"speech": short})
    assert ask(client, sound).status_code == 422  # type: ignore[attr-defined]


def test_nothing_is_left_on_the_disk(client: TestClient, sound: Path, house: House) -> None:
    ask(client, sound)
    assert not list(Path(tempfile.gettempdir()).glob("tougu-audio-*"))
    assert not (house.settings.home / "recordings").exists()
    assert not (house.settings.home / "heard").exists()


def test_our_own_remote_engine_can_be_this_server(house: House) -> None:
    import uvicorn

    from serve.app import create_app

    house.transcriber = ScriptedTranscriber(["我想申购基金"])
    server = uvicorn.Server(uvicorn.Config(create_app(house), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    heard = RemoteTranscriber(base_url=f"http://127.0.0.1:{port}/v1", model="any", retries=0).transcribe(tone(180, 2.0))
    server.should_exit = True
    thread.join(10)
    assert heard.text == "我想申购基金"
