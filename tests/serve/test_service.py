"""The server and the worker as processes of their own: quick to answer, and they stop when asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("TOUGU_")}
    return {**own, "TOUGU_HOME": str(tmp_path / "home"), "TOUGU_LOG__LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def run(environment: dict[str, str]) -> Iterator[object]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        code = "from serve.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    line = process.stderr.readline()
    found = re.search(r"http://\S+:\d+", line)
    assert found, line
    return found.group()


def first_answer(url: str, patience_s: float = 20.0) -> httpx.Response:
    until = time.monotonic() + patience_s
    while True:
        try:
            return httpx.get(url, timeout=patience_s)
        except httpx.ConnectError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_stops_when_asked(run, ending: signal.Signals) -> None:  # type: ignore[no-untyped-def]
    process = run("serve", "--port", "0")
    server = address(process)
    assert first_answer(f"{server}/livez").json() == {"status": "ok"}
    assert first_answer(f"{server}/readyz").status_code == 200
    process.send_signal(ending)
    assert process.wait(timeout=20) == 0
    assert "Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_the_worker_stops_when_asked(run) -> None:  # type: ignore[no-untyped-def]
    process = run("worker")
    assert "running" in process.stderr.readline()
    time.sleep(2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_an_open_door_is_refused_in_one_line(run) -> None:  # type: ignore[no-untyped-def]
    process = run("serve", "--host", "0.0.0.0")
    assert process.wait(timeout=60) == 1
    (line,) = process.stderr.read().strip().splitlines()
    assert line.startswith("tougu: The server was asked to listen on 0.0.0.0")
