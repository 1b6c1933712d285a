"""`tougu bench chat`: open sessions that ask once a minute, then a burst, over HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.measure import Progress, bench_result, open_loop, p95, quotient
from eval.bench.own_server import own_server
from eval.case import load_cases
from eval.fresh import fresh_house
from eval.result import Figure, Result
from prompts.settings import ChatSettings
from serve.sample import import_people, sample_folder
from serve.users import OPERATOR
from serve.wiring import House

EVERY_S = 60.0  # a session asks one question in this time
BURST = 10
MODEL_DELAY_S = 0.4  # of the scripted model server, a short answer of a small model on a GPU
SCRIPTED = "根据所给资料，相关内容如下。"


def bench_chat(house: House, cases: Path, *, sessions: int, seconds: float, progress: Progress) -> Result:
    """Questions over the sample documents: `sessions` sessions, then ten at once; extractive, and drafted by a
    scripted model server that answers after 0.4 s.

    Answers are released whole after the gate, so that the first sentence comes with the last:
    `first_sentence_p95_ms` is null. The baseline is one session alone.
    """
    began = time.perf_counter()
    questions = [item["question"] for item in load_cases(cases, required=("question",)).items]
    with fresh_house(house) as fresh:
        import_people(fresh)
        progress(0, 3, "sync")
        fresh.sync(sample_folder() / "documents", delete=False, principal=OPERATOR, progress=lambda *_: None)
        progress(1, 3, "extractive")
        plain = _load(fresh, questions, sessions, seconds)
        progress(2, 3, "scripted model")
        with _scripted_model() as settings, _with_chat(fresh, settings) as drafted:
            model = _load(drafted, questions, sessions, seconds)
        progress(3, 3, "")
    return bench_result(
        "chat",
        fixture="serve/sample/documents, eval/cases/rag.jsonl",
        n=len(questions),
        model={"encoder": house.encoder.name},
        parameters={
            "sessions": sessions, "seconds": seconds, "asks_every_s": EVERY_S, "burst": BURST,
            "model_delay_s": MODEL_DELAY_S,
        },
        metrics={
            "first_sentence_p95_ms": None,
            **plain,
            **{f"{name}_model": value for name, value in model.items() if name != "sessions"},
            "ratio": quotient(_number(plain["whole_p95_ms"]), _number(plain["baseline_alone_p95_ms"])),
        },
        began=began,
    )  # fmt: skip


def _number(value: Figure) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _load(house: House, questions: list[str], sessions: int, seconds: float) -> dict[str, Figure]:
    import httpx

    with own_server(house) as url, httpx.Client(base_url=url, timeout=120) as client:
        asked = list(islice(cycle(questions), 4096))

        def ask(i: int) -> Any:
            return client.post("/v1/questions", json={"question": asked[i]}).raise_for_status()

        ask(0)  # weights load outside the measured time
        alone, _ = open_loop([float(n) * 2 for n in range(5)], ask, threads=1)
        whole, errors = open_loop(_asks(sessions, seconds), ask)
        burst, burst_errors = open_loop([0.0] * BURST, ask)
    return {
        "whole_p95_ms": p95(whole),
        "burst_p95_ms": p95(burst),
        "baseline_alone_p95_ms": p95(alone),
        "sessions": sessions,
        "errors": errors + burst_errors,
    }


def _asks(sessions: int, seconds: float) -> list[float]:
    """Seconds at which the sessions ask: each at its own place of the minute, and again a minute later."""
    places = np.random.default_rng(7).uniform(0, EVERY_S, size=sessions)
    rounds = range(int(seconds // EVERY_S) + 1)
    return sorted(float(p + EVERY_S * r) for p in places for r in rounds if p + EVERY_S * r < seconds)


@contextmanager
def _with_chat(house: House, settings: ChatSettings) -> Iterator[House]:
    """The same home with a chat model behind its answers."""
    wired = House(house.settings.model_copy(update={"chat": settings}))
    wired.encoder = house.encoder
    try:
        yield wired
    finally:
        wired.close()


@contextmanager
def _scripted_model() -> Iterator[ChatSettings]:
    """A chat server of the OpenAI protocol that always says the same."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ChatSettings(base_url=f"http://127.0.0.1:{server.server_port}/v1", model="scripted")
    finally:
        server.shutdown()
        server.server_close()


class _Scripted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(MODEL_DELAY_S)
        message = {"role": "assistant", "content": SCRIPTED}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {
            "id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted",
            "choices": [choice], "usage": usage,
        }  # fmt: skip
        self._send(json.dumps(body).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked is nobody's business."""
