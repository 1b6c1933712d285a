"""No connection leaves but to what is configured: the ways of a whole server, watched from inside the interpreter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from serve.sample import import_people, sample_folder
from serve.wiring import House
from tests.conftest import ROOT
from tests.intent.sound import tone, write_wav
from tests.intent.test_webhooks import SECRET, Receiver
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import FEE, settings_of
from tests.serve.staff_cases import BUY, record, wish

FAR = "http://203.0.113.9:3128"  # a proxy of the environment, which nothing may use (RFC 5737: nobody's address)
PROXIES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), FAR)
HOMES = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "k", "HF_HUB_OFFLINE": "0"}
PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A server that runs under the guard, and what it may reach."""

    url: str
    told: Path
    chat: ChatServer
    receiver: type[Receiver]
    allowed: frozenset[int]  # ports of this machine

    def ways_out(self) -> list[list[Any]]:
        return [json.loads(line) for line in self.told.read_text().splitlines()]


@pytest.fixture
def receiver() -> Iterator[tuple[int, type[Receiver]]]:
    handler = type("Handler", (Receiver,), {"got": [], "extra": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_port, handler
        made.shutdown()


def start(told: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("TOUGU_")}
    command = [sys.executable, "-m", "tests.serve.watched", str(told), *arguments]
    told_to = {**own, **PROXIES, **HOMES, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=told_to, stderr=subprocess.PIPE, text=True)


def furnish(home: Path) -> None:
    """People, NAV of a fund, a lead that waits to be pushed; documents come in by the server."""
    (home / "nav").mkdir(parents=True)
    for name in ("990002.csv", "benchmark.csv"):
        shutil.copyfile(sample_folder() / "funds" / "nav" / name, home / "nav" / name)
    house = House(settings_of(home))
    import_people(house)
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY, amount=500_000))
    house.close()


@pytest.fixture
def watched(tmp_path: Path, receiver: tuple[int, type[Receiver]]) -> Iterator[Watched]:
    """As it is installed, with its own weights, a chat model and a receiver of leads on this machine."""
    furnish(tmp_path / "home")
    with ChatServer() as chat:
        chat.reply = "云岭稳健增利的管理费率为每年0.60%[1]。"
        environment = {
            "TOUGU_HOME": str(tmp_path / "home"), "TOUGU_LOG__LEVEL": "WARNING", "TOUGU_JOBS__IDLE_S": "0.05",
            "TOUGU_CHAT__BASE_URL": chat.base_url, "TOUGU_CHAT__MODEL": "tiny",
            "TOUGU_LEADS__WEBHOOK__URL": f"http://127.0.0.1:{receiver[0]}/hook",
            "TOUGU_LEADS__WEBHOOK__SECRET": SECRET, "TOUGU_LEADS__WEBHOOK__ALLOW_PRIVATE": "true",
            "TOUGU_LEADS__CLOCK_EVERY_S": "0.05",
        }  # fmt: skip
        process = start(tmp_path / "ways_out", environment, "serve", "--port", "0")
        assert process.stderr
        line = process.stderr.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, line + process.stderr.read()
        threading.Thread(target=process.stderr.read, daemon=True).start()
        ports = frozenset(urlsplit(each).port or 0 for each in (found.group(), chat.base_url)) | {receiver[0]}
        yield Watched(url=found.group(), told=tmp_path / "ways_out", chat=chat, receiver=receiver[1], allowed=ports)
        process.terminate()
        assert process.wait(timeout=30) == 0


def until(done: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.05)


def walk(server: Watched, sound: Path) -> None:
    """Ask, talk, check, diagnose, transcribe, push leads, download, see the pages."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S, trust_env=False) as client:
        until(lambda: _answers(client))
        document = (sample_folder() / "documents" / "key_facts" / "990001.md").read_bytes()
        job = client.post("/v1/knowledge/files?name=990001.md", content=document).json()["id"]
        until(lambda: client.get(f"/v1/knowledge/files/{job}").json()["state"] == "done")
        assert client.post("/v1/questions", json={"question": FEE, "client_id": "C0003"}).status_code == 200
        talk = client.post("/v1/sessions", json={"client_id": "C0003"}).json()["id"]
        turn = client.post(f"/v1/sessions/{talk}/questions", json={"question": FEE}).json()["id"]
        assert "event: done" in client.get(f"/v1/sessions/{talk}/turns/{turn}/answer").text
        assert (
            client.post("/v1/compliance/check", json={"text": "这只产品稳赚不赔。"}).json()["verdict"]["outcome"]
            == "block"
        )
        job = client.post("/v1/diagnoses", json={"fund_code": "990002"}).json()["id"]
        until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] in ("done", "quarantined"))
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "done"
        with sound.open("rb") as file:
            heard = client.post("/v1/audio/transcriptions", files={"file": ("a.wav", file)})
        assert heard.status_code == 200, heard.text
        assert client.post("/v1/leads/claim", json={"limit": 1}).json()["leads"]
        assert client.get("/v1/leads/export").status_code == 200
        for page in ("/", "/board", "/review", "/openapi.json", "/metrics", "/readyz"):
            assert client.get(page).status_code == 200
    until(lambda: server.receiver.got)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.slow
@pytest.mark.weights
def test_nothing_leaves_but_to_what_is_configured(watched: Watched, tmp_path: Path) -> None:
    walk(watched, write_wav(tmp_path / "a.wav", tone(180, 1.0)))
    found = watched.ways_out()
    started = [each for each in found if len(each) == 2]
    asked = {each[1] for each in found if len(each) == 3}
    reached = {each[2] for each in found if len(each) == 3 and each[0] == "socket.connect"}
    assert watched.chat.requests, "the chat model was asked, so the guard lets through what is configured"
    assert reached <= watched.allowed
    assert asked <= {"127.0.0.1", "localhost"}
    assert {program for _, program in started} <= {"uname"}, "what `platform.processor` asks, and no other program"


def test_the_guard_is_awake(tmp_path: Path) -> None:
    process = start(tmp_path / "ways_out", {}, "try")
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "nothing leaves this machine" in said
    assert '"203.0.113.7"' in (tmp_path / "ways_out").read_text()
