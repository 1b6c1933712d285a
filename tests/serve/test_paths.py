"""No name in a path, a query or an upload leads out of the folders that the server reads and writes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from intent.speech.transcribe import ScriptedTranscriber
from serve.wiring import House
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import api_routes, client_of

NAMES = (
    "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd", "..\\..\\..\\etc\\passwd", "/etc/passwd", "file:///etc/passwd", "tougu.db\x00.pdf",
    "../audit.key",
)  # fmt: skip


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def secrets_of(home: Path) -> list[bytes]:
    return [path.read_bytes() for path in home.glob("*.key")] + [b"root:x:", b"SQLite format"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_a_path_opens_a_file(client: TestClient, house: House, name: str) -> None:
    client.post("/v1/compliance/check", json={"text": "您好。"})  # the keys are there now
    asked = 0
    for route in api_routes(client.app):  # type: ignore[arg-type]
        if "GET" not in route.methods or "{" not in route.path:
            continue
        for put in (quote(name, safe=""), quote(name, safe="/%")):
            path = "/".join(put if part.startswith("{") else part for part in route.path.split("/"))
            answer = client.get(path, follow_redirects=False)
            asked += 1
            assert answer.status_code < 500, path
            assert not [each for each in secrets_of(house.settings.home) if each in answer.content], path
    assert asked > 60


@pytest.mark.parametrize("name", [*NAMES, "../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", "vendor/../../app.py"])
def test_the_folder_of_pages_is_all_that_is_served(client: TestClient, name: str) -> None:
    for put in (name.replace("\x00", "%00"), quote(name, safe="")):
        answer = client.get(f"/static/{put}")
        assert answer.status_code in (400, 404, 405), put
        assert b"create_app" not in answer.content


@pytest.mark.parametrize("name", ["../../out.md", "..\\..\\out.md", "/tmp/out.md", "a/../../out.md"])
def test_a_document_stays_among_the_documents(client: TestClient, house: House, name: str) -> None:
    before = files(house.settings.home.parent)
    document = "# 说明\n\n定投每期最低100元。\n".encode()
    answer = client.post("/v1/knowledge/files", params={"name": name}, content=document)
    assert answer.status_code in (200, 202, 409), answer.text
    added = files(house.settings.home.parent) - before
    assert {path for path in added if path.endswith(".md")} <= {f"{house.settings.home.name}/documents/added/out.md"}


@pytest.mark.parametrize("name", ["../../out.wav", "..\\out.wav", "/tmp/out.wav"])
def test_a_recording_stays_among_the_recordings(house: House, tmp_path: Path, name: str) -> None:
    house.transcriber = ScriptedTranscriber(["你好"] * 9)
    sound = write_wav(tmp_path / "a.wav", tone(180, 1.0)).read_bytes()
    client, before = client_of(house), files(house.settings.home.parent)
    assert client.post("/v1/calls", files={"recording": (name, sound)}).status_code == 202
    added = {path for path in files(house.settings.home.parent) - before if path.endswith(".wav")}
    assert len(added) == 1
    assert all(path.startswith(f"{house.settings.home.name}/recordings/") for path in added)
