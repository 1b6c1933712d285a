from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine

from intent.errors import WebhookError
from intent.leads.targets import check_url
from intent.leads.webhooks import WebhookSender
from jobs.errors import DeliveryError
from jobs.outbox import Dispatcher, Outbox, OutboxMessage
from jobs.tables import metadata

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver(BaseHTTPRequestHandler):
    status = 200
    extra: dict[str, str]
    got: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.status)
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    handler = type("Handler", (Receiver,), {"got": [], "extra": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/hook", handler
        made.shutdown()


@pytest.fixture
def message(engine: Engine) -> OutboxMessage:
    metadata.create_all(engine)
    outbox = Outbox(engine)
    with engine.begin() as connection:
        id_ = outbox.add(connection, "lead", "C1", {"type": "lead.created", "id": "L1", "sequence": 7})
    return outbox.get(id_)


def sender(url: str) -> WebhookSender:
    return WebhookSender(url=url, secret=SECRET, allow_private=True, timeout_s=5)


def test_a_message_arrives_signed_as_a_cloud_event(
    engine: Engine, message: OutboxMessage, receiver: tuple[str, type[Receiver]]
) -> None:
    url, handler = receiver
    assert Dispatcher(engine, sender(url).deliver, topics=["lead"]).run_once().delivered == 1
    headers, body = handler.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == message.id
    event = json.loads(body)
    assert (event["specversion"], event["type"], event["subject"], event["sequence"]) == (
        "1.0",
        "lead.created",
        "L1",
        "7",
    )
    assert event["data"] == {"id": "L1", "sequence": 7}


@pytest.mark.parametrize(
    ("status", "extra", "permanent", "wait_s"),
    [
        (500, {}, False, None),
        (410, {}, True, None),
        (429, {"retry-after": "30"}, False, 30.0),
        (302, {"location": "http://10.0.0.1/"}, False, None),
    ],
)
def test_refusals_are_told_apart(
    message: OutboxMessage,
    receiver: tuple[str, type[Receiver]],
    status: int,
    extra: dict[str, str],
    permanent: bool,
    wait_s: float | None,
) -> None:
    url, handler = receiver
    handler.status, handler.extra = status, extra
    with pytest.raises(DeliveryError, match=str(status)) as caught:
        sender(url).deliver(message)
    assert (caught.value.permanent, caught.value.retry_in_s) == (permanent, wait_s)
    assert len(handler.got) == 1


def test_a_receiver_that_is_away_is_tried_again(message: OutboxMessage) -> None:
    with pytest.raises(DeliveryError, match="did not answer") as caught:
        sender("http://127.0.0.1:9/").deliver(message)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.example/hook",
        "no address",
        "http://crm.example/hook",
        "https://127.0.0.1/hook",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://localhost/",
    ],
)
def test_addresses_that_may_not_be_used(url: str) -> None:
    with pytest.raises(WebhookError):
        check_url(url, allow_private=False)


def test_a_name_that_points_inside_is_refused_at_delivery(message: OutboxMessage) -> None:
    made = WebhookSender(url="https://crm.example/", secret=SECRET, resolve=lambda host: ["10.0.0.7"])
    with pytest.raises(DeliveryError, match="private address") as caught:
        made.deliver(message)
    assert caught.value.permanent


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_" + base64.b64encode(b"x" * 10).decode()])
def test_a_bad_secret_is_refused(secret: str) -> None:
    with pytest.raises(WebhookError, match="whsec_"):
        WebhookSender(url="https://crm.example/", secret=secret)
