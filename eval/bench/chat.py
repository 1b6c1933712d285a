"""`tougu bench chat`: open sessions that ask once a minute, then a burst, over HTTP."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.bench.measure import Progress, bench_result, open_loop, p95, quotient
from eval.bench.own_server import own_server
from eval.bench.retrieval_fixture import fill_with
from eval.case import EvalError, load_cases
from eval.fresh import fresh_house
from eval.result import Figure, Result
from prompts.settings import ChatSettings
from serve.sample import import_people, sample_folder
from serve.users import OPERATOR
from serve.wiring import House

if TYPE_CHECKING:
    import httpx

EVERY_S = 60.0  # a session asks one question in this time
BURST = 10
ALONE = 5  # questions of the talk that has the server for itself
LONGEST_S = 120.0
MODEL_DELAY_S = 0.4  # for a sentence of the scripted model server, as a small model on a GPU
_FIRST_SOURCE = re.compile(r"\[1\]《([^》]+)》\n(.*?)(?=\n\n\[2\]|\n\n此前的对话)", re.DOTALL)


def bench_chat(
    house: House, cases: Path, *, sessions: int, seconds: float, progress: Progress, chunks: int = 0
) -> Result:
    """Questions over the sample documents: `sessions` talks, then ten at once; extractive, and drafted by a scripted
    model server that writes its first sentence after 0.4 s. chunks: made passages, of the samples' own words, among
    which they are searched.

    Times count from the question to the first sentence that the gate cleared, and to the last event. `after_model`:
    from the end of the model's first sentence to the cleared one, one talk alone. The baseline is one talk alone.
    """
    began = time.perf_counter()
    questions = [item["question"] for item in load_cases(cases, required=("question",)).items]
    with fresh_house(house) as fresh:
        import_people(fresh)
        progress(0, 3, "sync")
        fill_with(fresh.index, sample_folder() / "documents", chunks)
        fresh.sync(sample_folder() / "documents", delete=False, principal=OPERATOR, progress=lambda *_: None)
        progress(1, 3, "extractive")
        plain = _load(fresh, questions, sessions, seconds)
        progress(2, 3, "scripted model")
        with _scripted_model() as server, _with_chat(fresh, _settings(server)) as drafted:
            model = _load(drafted, questions, sessions, seconds, server)
        progress(3, 3, "")
    return bench_result(
        "chat",
        fixture="serve/sample/documents, eval/cases/rag.jsonl",
        n=len(questions),
        model={"encoder": house.encoder.name},
        parameters={
            "sessions": sessions, "seconds": seconds, "chunks": chunks, "asks_every_s": EVERY_S, "burst": BURST,
            "model_delay_s": MODEL_DELAY_S,
        },
        metrics={
            **plain,
            "after_model_p95_ms": model.pop("after_model_p95_ms"),
            **{f"{name}_model": value for name, value in model.items() if name != "sessions"},
            "ratio": quotient(_number(plain["whole_p95_ms"]), _number(plain["baseline_alone_p95_ms"])),
        },
        began=began,
    )  # fmt: skip


def _number(value: Figure) -> float | None:
    return float(value) if isinstance(value, int | float) else None


class _Talker:
    """Talks of one client over HTTP, one question at a time each, and when their first sentences came."""

    def __init__(self, client: httpx.Client, questions: list[str], talks: int) -> None:
        self._client, self._questions = client, list(islice(cycle(questions), 4096))
        self._talks: SimpleQueue[str] = SimpleQueue()
        for _ in range(talks):
            self._talks.put(client.post("/v1/sessions", json={}).raise_for_status().json()["id"])
        self.first_ms: list[float] = []
        self.first_at: list[float] = []

    def ask(self, i: int) -> None:
        """Ask and read to the last event. Raises httpx.HTTPError, EvalError for an answer that failed."""
        talk, began = self._talks.get(timeout=LONGEST_S), time.perf_counter()
        try:
            asked = self._client.post(f"/v1/sessions/{talk}/questions", json={"question": self._questions[i]})
            turn = asked.raise_for_status().json()["id"]
            with self._client.stream("GET", f"/v1/sessions/{talk}/turns/{turn}/answer") as answer:
                self._read(answer, began)
        finally:
            self._talks.put(talk)

    def _read(self, answer: httpx.Response, began: float) -> None:
        first = 0.0
        for line in answer.iter_lines():
            if line == "event: sentence" and not first:
                first = time.perf_counter()
                self.first_ms.append((first - began) * 1e3)
                self.first_at.append(first)
            if line == "event: error":
                raise EvalError("an answer failed: see the server's log.")


def _load(
    house: House, questions: list[str], sessions: int, seconds: float, server: _ScriptedServer | None = None
) -> dict[str, Figure]:
    import httpx

    limits = httpx.Limits(max_connections=None)
    with own_server(house) as url, httpx.Client(base_url=url, timeout=LONGEST_S, limits=limits) as client:
        _Talker(client, questions, 1).ask(0)  # weights load outside the measured time
        single = _Talker(client, questions, 1)
        lags, alone = _alone(single, server)
        talker = _Talker(client, questions, max(sessions, BURST))
        whole, errors = open_loop(_asks(sessions, seconds), talker.ask)
        first = list(talker.first_ms)
        burst, burst_errors = open_loop([0.0] * BURST, talker.ask)
    return {
        "first_sentence_p95_ms": p95(first),
        "whole_p95_ms": p95(whole),
        "burst_p95_ms": p95(burst),
        "baseline_alone_p95_ms": p95(alone),
        **({"after_model_p95_ms": p95(lags)} if server else {}),
        "sessions": sessions,
        "errors": errors + burst_errors,
    }


def _alone(talker: _Talker, server: _ScriptedServer | None) -> tuple[list[float], list[float]]:
    """One talk that asks a few questions one after another: ms behind the model's first sentence, and ms in all."""
    lags, whole = [], []
    for i in range(ALONE):
        began, known = time.perf_counter(), len(talker.first_at)
        talker.ask(i)
        whole.append((time.perf_counter() - began) * 1e3)
        if server is not None and server.sentence_at > began and len(talker.first_at) > known:
            lags.append((talker.first_at[-1] - server.sentence_at) * 1e3)
    return lags, whole


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


class _ScriptedServer(ThreadingHTTPServer):
    """A chat server of the OpenAI protocol that quotes what it is given; remembers when its last first sentence was
    written (time.perf_counter)."""

    sentence_at = 0.0


@contextmanager
def _scripted_model() -> Iterator[_ScriptedServer]:
    server = _ScriptedServer(("127.0.0.1", 0), _Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _settings(server: _ScriptedServer) -> ChatSettings:
    return ChatSettings(base_url=f"http://127.0.0.1:{server.server_port}/v1", model="scripted", concurrency=BURST)


class _Scripted(BaseHTTPRequestHandler):
    """Waits, then streams two sentences that cite the first source, each after as long."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        streamed = bool(asked.get("stream"))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.end_headers()
        if not streamed:
            self._rewritten()
            return
        for at, sentence in enumerate(_quoting(asked["messages"][-1]["content"])):
            time.sleep(MODEL_DELAY_S)
            self._piece({"content": sentence}, None)
            if at == 0:
                self.server.sentence_at = time.perf_counter()  # type: ignore[attr-defined]
        self._piece({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _rewritten(self) -> None:
        """A follow-up is asked to be written out: this model has nothing to say, and the rules do it."""
        time.sleep(MODEL_DELAY_S)
        choice = {"index": 0, "message": {"role": "assistant", "content": "无"}, "finish_reason": "stop"}
        whole = {"id": "scripted", "object": "chat.completion", "created": 0, "model": "scripted"}
        self.wfile.write(json.dumps({**whole, "choices": [choice]}).encode())

    def _piece(self, delta: dict[str, str], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self.wfile.write(b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked is nobody's business."""


def _quoting(prompt: str) -> tuple[str, str]:
    """Two sentences of a model that keeps to its sources: the quote of the first one, and its title."""
    found = _FIRST_SOURCE.search(prompt)
    title, quote = (found[1], found[2].strip().rstrip("。；;").splitlines()[-1]) if found else ("资料", "资料")
    return f"{quote}[1]。", f"{title}有以上内容[1]。"
