"""A chat server of the OpenAI protocol on loopback, for tests of the adapter."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ChatServer:
    """Answers every request with `reply`, or fails as told; keeps what it was sent."""

    def __init__(self) -> None:
        self.reply = "好的。"
        self.turns: list[list[dict[str, Any]]] = []  # calls of tools, given in turn where tools are offered
        self.reasoning = ""  # given beside the reply, as servers with a reasoning parser do
        self.status = 200
        self.statuses: list[int] = []  # of the next replies, before `status`
        self.retry_after = ""
        self.trickle_s = 0.0  # pause after each byte of a whole reply
        self.delay_s = 0.0
        self.stall_after = 0  # pieces of a stream after which nothing more comes; 0: it does not stall
        self.break_off = False  # end the stream in the middle, without its last line
        self.redirect_to = ""
        self.closing = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(body)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            time.sleep(server.delay_s)
            if server.delay_s:  # the client has given up by now and closed its end
                return
            if server.redirect_to:
                self._head(307, "text/plain", location=server.redirect_to)
            elif (status := server.statuses.pop(0) if server.statuses else server.status) != 200:
                self._head(status, "application/json", retry_after=server.retry_after)
                said = body["messages"][-1]["content"]
                self.wfile.write(json.dumps({"error": {"message": f"refused: {said}"}}).encode())
            elif body.get("stream"):
                self._stream()
            else:
                self._whole()

        def do_GET(self) -> None:
            self._head(server.status, "application/json")
            self.wfile.write(json.dumps({"object": "list", "data": [{"id": "tiny"}]}).encode())

        def _head(self, status: int, kind: str, location: str = "", retry_after: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def _whole(self) -> None:
            self._head(200, "application/json")
            message: dict[str, Any] = {
                "role": "assistant",
                "content": server.reply,
                "reasoning_content": server.reasoning,
            }
            offered = bool(server.requests[-1].get("tools"))
            if offered:
                calls = server.turns.pop(0) if server.turns else []
                message |= {"tool_calls": calls, "content": None} if calls else {"content": "完成"}
            choice = {"index": 0, "finish_reason": "tool_calls" if offered else "stop", "message": message}
            content = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "tiny",
                "choices": [choice],
                "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
            }
            self._written(json.dumps(content).encode())

        def _written(self, content: bytes) -> None:
            if not server.trickle_s:
                self.wfile.write(content)
                return
            for byte in content:
                if server.closing.wait(server.trickle_s):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()

        def _stream(self) -> None:
            self._head(200, "text/event-stream")
            for at in range(0, len(server.reasoning), 2):
                self._chunk({"reasoning": server.reasoning[at : at + 2]}, None)
            for at in range(0, len(server.reply), 2):
                self._chunk({"content": server.reply[at : at + 2]}, None)
                if server.stall_after and at >= 2 * server.stall_after:
                    server.closing.wait(60)
                    return
                if server.break_off:
                    self.wfile.write(b'data: {"id"')
                    return
            self._chunk({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

        def _chunk(self, delta: dict[str, str], finish: str | None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            content = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
            self.wfile.write(b"data: " + json.dumps({**content, "choices": [choice]}).encode() + b"\n\n")

        def log_message(self, *_: object) -> None:
            """Tests need no access log."""

    return Handler
