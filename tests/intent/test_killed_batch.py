"""A batch killed five times (SIGKILL): every recording is found exactly once, and only what was in flight repeats."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from intent.speech.formats import from_json
from tests.intent.sound import tone, write_wav

FILES, KILLS = 14, 5
LIMIT_S = 180.0


@pytest.mark.slow
def test_five_kills_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path: Path) -> None:
    calls, out, log = tmp_path / "calls", tmp_path / "out", tmp_path / "heard.log"
    calls.mkdir()
    for n in range(FILES):
        write_wav(calls / f"k{n:02d}.wav", tone(150 + n, 1.0 + n / 100))
    command = [sys.executable, "-m", "tests.intent.killed_batch", f"sqlite:///{tmp_path}/jobs.db", str(calls), str(out),
               str(log)]  # fmt: skip

    kills = 0
    for _ in range(KILLS):
        before = heard(log)
        child = subprocess.Popen(command)
        until(lambda before=before, child=child: heard(log) >= before + 2 or child.poll() is not None)  # type: ignore[misc]
        if child.poll() is None:
            child.kill()
            kills += 1
        child.wait()
    assert kills == KILLS, "each run was killed in the midst of its work"
    assert subprocess.run(command, timeout=LIMIT_S, check=False).returncode == 0

    manifest = [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]
    assert [(line["id"], line["state"]) for line in manifest] == [(f"k{n:02d}", "done") for n in range(FILES)]
    assert sorted(p.name for p in out.glob("*.json")) == [f"k{n:02d}.json" for n in range(FILES)]
    texts = [from_json(path.read_text("utf-8")).turns[0].text for path in sorted(out.glob("*.json"))]
    assert len(set(texts)) == FILES, "no transcript stands in another's place"
    times = Counter(log.read_text("utf-8").split())
    assert len(times) == FILES
    assert sum(times.values()) <= FILES + KILLS, "a kill repeats at most the recording in hand"


def heard(log: Path) -> int:
    return len(log.read_text("utf-8").split()) if log.exists() else 0


def until(reached: object) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not reached() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.02)
