"""`POST /v1/audio/transcriptions`: the OpenAI shape, its formats, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from intent.speech.remote import RemoteTranscriber
from intent.speech.transcribe import ScriptedTranscriber
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.sound import tone, two_voices, write_wav
from tests.serve.conftest import client_of

TEXTS = ("您好，这里是远山证券，我是您的客户经理。", "我想身购基金，手续费多少？")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Two people who talk at once, one a channel, so that every word of the script lies in sound."""
    return write_wav(tmp_path / "call.wav", *two_voices())


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
    assert ask(client, sound).status_code == 413  # type: ignore[attr-defined]


def test_a_long_recording_is_refused_before_it_is_sent_whole(house: House, sound: Path) -> None:
    """Of a body of many blocks only the first is asked for: its header tells how long it will be."""
    import anyio

    from serve.app import create_app

    speech = house.settings.speech.model_copy(update={"max_duration_s": 60.0})
    house.settings = house.settings.model_copy(update={"speech": speech})
    app, asked, answers = create_app(house), [], []
    boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    header = bytearray(sound.read_bytes()[:4096])
    header[4:8] = (40_000_000).to_bytes(4, "little")
    blocks = [boundary + bytes(header), *([b"\0" * 65536] * 600)]

    async def receive() -> dict[str, object]:
        asked.append(1)
        return {"type": "http.request", "body": blocks[len(asked) - 1], "more_body": len(asked) < len(blocks)}

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/audio/transcriptions",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"multipart/form-data; boundary=b"),
                    (b"content-length", b"40000000")],
    }  # fmt: skip
    anyio.run(app, scope, receive, send)
    assert answers[0]["status"] == 413
    assert len(asked) == 1


@pytest.mark.parametrize("start", [b"%PDF-1.7", b"PK\x03\x04", b"<!doctype html>", b"\x89PNG", b'{"a": 1}'])
def test_what_is_plainly_no_sound_is_told_by_its_first_bytes(client: TestClient, tmp_path: Path, start: bytes) -> None:
    letter = tmp_path / "call.wav"
    letter.write_bytes(start + b"x" * 9000)
    answer = ask(client, letter)
    assert answer.status_code == 415  # type: ignore[attr-defined]
    assert answer.json()["error"]["code"] == "unsupported_file"  # type: ignore[attr-defined]


def test_words_have_times_where_they_are_asked_for(client: TestClient, sound: Path) -> None:
    form = {"response_format": "verbose_json", "timestamp_granularities[]": ["word"]}
    told = ask(client, sound, **form).json()  # type: ignore[attr-defined,arg-type]
    assert "segments" not in told
    assert sorted("".join(word["word"] for word in told["words"])) == sorted("".join(TEXTS)), "as it was heard"
    starts = [word["start"] for word in told["words"]]
    assert starts == sorted(starts)
    assert all(0 <= word["start"] <= word["end"] <= 5.0 for word in told["words"])
    refused = ask(client, sound, **{"timestamp_granularities[]": "word"})
    assert refused.status_code == 422  # type: ignore[attr-defined]


def test_the_openai_client_understands_answers_and_errors(house: House, sound: Path) -> None:
    openai = pytest.importorskip("openai")
    house.transcriber = ScriptedTranscriber([*TEXTS, *TEXTS])
    with serving(house) as address:
        client = openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        told = client.audio.transcriptions.create(
            model="whisper-1", file=sound, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
        assert [segment.start for segment in told.segments]
        assert told.words[0].end > told.words[0].start >= 0
        assert "申购" in client.audio.transcriptions.create(model="whisper-1", file=sound).text
        with pytest.raises(openai.UnprocessableEntityError) as refused:
            client.audio.transcriptions.create(model="whisper-1", file=sound, prompt="以下是普通话")
        assert (refused.value.type, refused.value.body["message"][:9]) == ("invalid_request_error", "A prompt ")
        with pytest.raises(openai.InternalServerError, match="one more was asked for"):
            client.audio.transcriptions.create(model="whisper-1", file=sound)


def test_nothing_is_left_on_the_disk(client: TestClient, sound: Path, house: House) -> None:
    ask(client, sound)
    assert not list((house.settings.home / "recordings").iterdir())
    assert not (house.settings.home / "heard").exists()


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The service on a port of its own; its address."""
    import uvicorn

    from serve.app import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(house), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_our_own_remote_engine_can_be_this_server(house: House) -> None:
    house.transcriber = ScriptedTranscriber(["我想申购基金"])
    with serving(house) as address:
        heard = RemoteTranscriber(base_url=f"{address}/v1", model="any", retries=0).transcribe(tone(180, 2.0))
    assert heard.text == "我想申购基金"


PHONE = "我的手机号是13812345678，你记一下"


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_identifiers_are_masked_in_every_form(house: House, sound: Path, form: str) -> None:
    house.transcriber = ScriptedTranscriber([TEXTS[0], PHONE])
    words = {"timestamp_granularities[]": "word"} if form == "verbose_json" else {}
    answer = ask(client_of(house), sound, response_format=form, **words)
    assert "138****5678" in answer.text  # type: ignore[attr-defined]
    assert "12345678" not in answer.text  # type: ignore[attr-defined]


def test_the_words_behind_masks_are_kept_under_their_id(house: House, sound: Path) -> None:
    house.transcriber = ScriptedTranscriber([*TEXTS, TEXTS[0], PHONE])
    client = client_of(house)
    plain = ask(client, sound, response_format="verbose_json").json()  # type: ignore[attr-defined]
    assert plain["originals"] is None
    told = ask(client, sound, response_format="verbose_json").json()  # type: ignore[attr-defined]
    (words,) = house.originals.open(told["originals"], principal=OPERATOR).texts.values()
    assert words == PHONE


def test_a_firm_may_have_the_words_as_they_are(house: House, sound: Path) -> None:
    house.settings = house.settings.model_copy(
        update={"speech": house.settings.speech.model_copy(update={"mask": False})}
    )
    house.transcriber = ScriptedTranscriber([TEXTS[0], PHONE])
    words = {"timestamp_granularities[]": "word"}
    told = ask(client_of(house), sound, response_format="verbose_json", **words).json()  # type: ignore[attr-defined]
    assert PHONE in told["text"]
    assert len(told["words"]) == len(TEXTS[0] + PHONE)
