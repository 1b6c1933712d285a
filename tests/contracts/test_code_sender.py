"""Every sender hands a message on once, whole, and says when it could not."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from copilot.loop.keys import LinkKeys, new_link_id
from copilot.loop.senders import (
    CODE_TOPIC,
    ClientMessage,
    CodeSender,
    FileCodeSender,
    MessageCourier,
    ScriptedCodeSender,
    WebhookCodeSender,
    as_json,
)
from intent.leads.webhooks import WebhookSender
from jobs.errors import DeliveryError
from jobs.outbox import OutboxMessage

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NOW = datetime.now(UTC)
MESSAGE = ClientMessage(
    id="m1", kind="code", client_id="C1", link_id="rl_1", secret="012345", text="您的验证码是012345。",
    expires_at=NOW + timedelta(minutes=5),
)  # fmt: skip


class Gateway:
    """A receiver on this machine; it keeps what it was sent, and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.taken.append({**body, "headers": {k.lower(): v for k, v in self.headers.items()}})
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/messages"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.server.shutdown()
    made.server.server_close()


class TestContract:
    @pytest.fixture(params=["file", "webhook", "scripted"])
    def sender(self, request: pytest.FixtureRequest, tmp_path: Path, gateway: Gateway) -> CodeSender:
        self.folder, self.gateway = tmp_path / "messages", gateway
        self.scripted = ScriptedCodeSender()
        webhook = WebhookSender(url=gateway.url, secret=SECRET, allow_private=True)
        return {"file": FileCodeSender(self.folder), "webhook": WebhookCodeSender(webhook), "scripted": self.scripted}[
            request.param
        ]  # type: ignore[return-value]

    def taken(self) -> list[dict[str, Any]]:
        files = [json.loads(path.read_text("utf-8")) for path in sorted(self.folder.glob("*.json"))]
        posted = [{**each["data"], "id": each["headers"]["webhook-id"]} for each in self.gateway.taken]
        return [*files, *posted, *map(as_json, self.scripted.taken)]

    def test_a_message_arrives_whole(self, sender: CodeSender) -> None:
        sender.send(MESSAGE)
        (arrived,) = self.taken()
        for name, value in as_json(MESSAGE).items():
            assert arrived[name] == value, name

    def test_the_same_message_twice_is_known_by_its_id(self, sender: CodeSender) -> None:
        sender.send(MESSAGE)
        sender.send(MESSAGE)
        assert {each["id"] for each in self.taken()} == {"m1"}


class TestTrouble:
    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "messages").write_text("no folder")
        with pytest.raises(DeliveryError, match="cannot be written"):
            FileCodeSender(tmp_path / "messages").send(MESSAGE)

    def test_a_file_is_read_by_its_owner_alone(self, tmp_path: Path) -> None:
        FileCodeSender(tmp_path / "messages").send(MESSAGE)
        (path,) = (tmp_path / "messages").iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_a_gateway_that_fails_is_told(self, gateway: Gateway) -> None:
        gateway.status = 500
        sender = WebhookCodeSender(WebhookSender(url=gateway.url, secret=SECRET, allow_private=True))
        with pytest.raises(DeliveryError, match="500"):
            sender.send(MESSAGE)

    def test_the_double_fails_as_told(self) -> None:
        sender = ScriptedCodeSender(failures=1)
        with pytest.raises(DeliveryError):
            sender.send(MESSAGE)
        sender.send(MESSAGE)
        assert [each.id for each in sender.taken] == ["m1"]


class TestCourier:
    keys = LinkKeys(b"k" * 32)

    def message(self, topic: str = CODE_TOPIC, *, late: bool = False, **payload: Any) -> OutboxMessage:
        expires = datetime.now(UTC) + timedelta(minutes=-1 if late else 5)
        held = {"id": new_link_id(), "client_id": "C1", "count": 3, "expires_at": expires.isoformat(), **payload}
        return OutboxMessage(id="o1", sequence=1, topic=topic, key="k", payload=held, created_at=NOW, attempt=1)

    def courier(self, sender: ScriptedCodeSender) -> MessageCourier:
        return MessageCourier(sender, self.keys, lambda link: f"https://x/r/{self.keys.token(link)}", firm="远山证券")

    def test_the_code_is_made_at_the_moment_of_sending(self) -> None:
        sender, message = ScriptedCodeSender(), self.message()
        self.courier(sender).deliver(message)
        sent = sender.last("code")
        assert sent.secret == self.keys.code(message.payload["id"], 3)
        assert sent.secret in sent.text
        assert sent.text.startswith("【远山证券】")
        assert sent.secret not in json.dumps(message.payload)

    def test_a_link_is_sent_with_its_address(self) -> None:
        sender, message = ScriptedCodeSender(), self.message("message.cleared", type="report.sent")
        self.courier(sender).deliver(message)
        assert sender.last("link").secret.endswith(self.keys.token(message.payload["id"]))

    def test_what_is_too_late_is_never_sent(self) -> None:
        sender = ScriptedCodeSender()
        with pytest.raises(DeliveryError) as told:
            self.courier(sender).deliver(self.message(late=True))
        assert told.value.permanent
        assert sender.taken == []

    def test_a_text_without_a_link_is_left_to_its_advisor(self) -> None:
        sender = ScriptedCodeSender()
        self.courier(sender).deliver(self.message("message.cleared", type="other"))
        assert sender.taken == []
