"""Events pushed to a real HTTP receiver that checks signatures by the `standardwebhooks` library, and to Kafka."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from intent.errors import WebhookError
from intent.leads.endpoints import Endpoints, Gate
from intent.leads.kafka import KafkaPublisher, open_producer
from intent.leads.queue import TOPIC
from intent.leads.targets import check_url, target_of
from intent.leads.webhooks import WebhookSender
from jobs.errors import DeliveryError
from jobs.outbox import Delivered, Dispatcher, Outbox, OutboxMessage
from jobs.retry import Backoff
from jobs.settings import JobSettings
from knowledge_base.access import AccessDeniedError
from tests.intent.leads.firm import CRM, SYSTEM, advisor, record, store_on, wish

standardwebhooks = pytest.importorskip("standardwebhooks", reason="expected: standardwebhooks is for tests alone")

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
AT_ONCE = Backoff(base_s=0.001, cap_s=0.001)


class Receiver(BaseHTTPRequestHandler):
    """Checks and keeps what comes; answers in turn, the last answer for ever."""

    answers: list[int | str]
    got: list[tuple[str, dict[str, Any]]]
    hosts: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        standardwebhooks.Webhook(SECRET).verify(body, headers)  # raises, which fails the delivery
        self.got.append((headers["webhook-id"], json.loads(body)))
        self.hosts.append(headers["host"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang":
            time.sleep(1.0)
            return
        if answer == "twice":  # taken, but the answer is lost on the way
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(int(answer))
        if answer == 302:
            self.send_header("location", "http://169.254.169.254/latest/meta-data")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    handler = type("Handler", (Receiver,), {"got": [], "hosts": [], "answers": [200]})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/hook", handler
        made.shutdown()


def dispatcher(engine: Engine, url: str, **options: Any) -> Dispatcher:
    gate = Gate(Endpoints(engine), TOPIC, url)
    sender = WebhookSender(url=url, secret=SECRET, allow_private=True, timeout_s=0.3, gone=gate.gone)
    return Dispatcher(engine, sender.deliver, topics=[TOPIC], backoff=AT_ONCE, paused=gate.paused, **options)


def run_until_empty(dispatcher: Dispatcher, engine: Engine) -> None:
    deadline = time.monotonic() + 20
    while Outbox(engine).pending(1) and time.monotonic() < deadline:
        dispatcher.run_once()
        time.sleep(0.005)


class TestReceivers:
    def test_every_change_arrives_signed_and_in_the_order_of_the_client(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        url, handler = receiver
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        store.claim(principal=CRM)
        store.ack(lead.id, principal=CRM, disposition="won", reason="开通")
        assert dispatcher(any_engine, url).run_once() == Delivered(delivered=3)
        events = [event for _, event in handler.got]
        assert [e["type"] for e in events] == ["lead.created", "lead.claimed", "lead.won"]
        assert [int(e["sequence"]) for e in events] == sorted({int(e["sequence"]) for e in events})
        assert all(e["specversion"] == "1.0" and e["subject"] == lead.id and e["id"] == i for i, e in handler.got)
        assert events[-1]["data"]["disposition"] == "won"

    @pytest.mark.parametrize("answers", [[500, 500, 200], ["hang", 200], ["twice", 200], [302, 200], [429, 503, 200]])
    def test_one_that_fails_gets_the_same_id_until_it_takes_it(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]], answers: list[int | str]
    ) -> None:
        url, handler = receiver
        handler.answers = list(answers)
        record(store_on(any_engine), wish())
        (message,) = Outbox(any_engine).pending()
        run_until_empty(dispatcher(any_engine, url), any_engine)
        assert [id_ for id_, _ in handler.got] == [message.id] * len(answers)
        attempts = Outbox(any_engine).attempts(message.id)
        assert [a.ok for a in attempts] == [False] * (len(answers) - 1) + [True]

    def test_one_that_is_gone_is_left_alone_until_it_is_enabled(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        url, handler = receiver
        handler.answers = [410]
        store, outbox, endpoints = store_on(any_engine), Outbox(any_engine), Endpoints(any_engine)
        for n in range(3):
            record(store, wish(), call_id=f"k{n}", client_id=f"C{n}")
        assert dispatcher(any_engine, url).run_once() == Delivered(dead=1)
        assert dispatcher(any_engine, url).run_once() == Delivered(), "another process does not try either"
        off = endpoints.disabled(TOPIC)
        assert off is not None
        assert "410" in off.why
        assert (len(outbox.dead()), len(outbox.pending())) == (1, 2)
        assert not Gate(endpoints, TOPIC, "https://new.example/hook").paused(), "a new address is another receiver"
        with pytest.raises(AccessDeniedError):
            endpoints.enable(TOPIC, principal=advisor("A1"))
        handler.answers = [200]
        assert endpoints.enable(TOPIC, principal=CRM)
        assert outbox.replay_all(TOPIC) == 1
        run_until_empty(dispatcher(any_engine, url), any_engine)
        assert len({id_ for id_, _ in handler.got}) == 3
        assert outbox.dead() == []

    def test_given_up_after_the_last_attempt_and_replayed_by_hand(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        url, handler = receiver
        handler.answers = [500, 500, 200]
        record(store_on(any_engine), wish())
        worker, outbox = dispatcher(any_engine, url, max_attempts=2), Outbox(any_engine)
        run_until_empty(worker, any_engine)
        (dead,) = outbox.dead(topic=TOPIC)
        assert outbox.dead(topic="other") == []
        outbox.replay(dead.id)
        run_until_empty(worker, any_engine)
        assert [id_ for id_, _ in handler.got] == [dead.id] * 3

    def test_both_secrets_sign_while_one_is_changed(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        url, handler = receiver  # it still knows only SECRET, which is the previous one by now
        record(store_on(any_engine), wish())
        sender = WebhookSender(url=url, secret=OLD, previous_secret=SECRET, allow_private=True)
        assert Dispatcher(any_engine, sender.deliver, topics=[TOPIC]).run_once() == Delivered(delivered=1)
        assert len(handler.got) == 1

    def test_delivered_messages_are_forgotten_in_the_end(
        self, any_engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        store, outbox = store_on(any_engine), Outbox(any_engine)
        record(store, wish())
        assert dispatcher(any_engine, receiver[0]).run_once() == Delivered(delivered=1)
        record(store, wish(), call_id="k2")
        assert outbox.forget(days=1) == 0
        time.sleep(0.01)
        assert outbox.forget(days=0) == 1
        assert len(outbox.pending()) == 1


def test_eighteen_attempts_take_about_three_days() -> None:
    rules = JobSettings()
    total_s = [sum(rules.outbox_backoff.delay_s(n) for n in range(1, rules.outbox_max_attempts)) for _ in range(20)]
    assert all(2.1 * 86_400 < each < 3.4 * 86_400 for each in total_s)
    assert len({round(each) for each in total_s}) > 1, "what failed together does not come back together"


class TestTargets:
    def test_the_request_goes_to_the_address_that_was_checked(
        self, engine: Engine, receiver: tuple[str, type[Receiver]]
    ) -> None:
        """The name is resolved once a delivery; what it points to afterwards does not matter."""
        url, handler = receiver
        asked: list[str] = []

        def resolve(host: str) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.7"]

        record(store_on(engine), wish())
        port = url.rpartition(":")[2].partition("/")[0]
        sender = WebhookSender(
            url=f"http://crm.example:{port}/hook", secret=SECRET, allow_private=True, resolve=resolve, timeout_s=2
        )
        assert Dispatcher(engine, sender.deliver, topics=[TOPIC]).run_once() == Delivered(delivered=1)
        assert (asked, handler.hosts) == (["crm.example"], [f"crm.example:{port}"])

    def test_the_certificate_is_that_of_the_name(self) -> None:
        target = target_of("https://crm.example/a?b=1", allow_private=False, resolve=lambda _: ["203.0.114.9"])
        assert (target.url, target.host, target.server_name) == (
            "https://203.0.114.9/a?b=1", "crm.example", "crm.example",
        )  # fmt: skip
        six = target_of("https://crm.example:8443/", allow_private=False, resolve=lambda _: ["2600::1"])
        assert six.url == "https://[2600::1]:8443/"

    @pytest.mark.parametrize(
        "found",
        [
            ["10.0.0.7"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.7"], ["fe80::1%eth0"], ["2002:0a00:0007::1"],
            ["64:ff9b::a00:7"], ["169.254.169.254"], ["224.0.1.1"], ["100.64.0.1"], ["0.0.0.0"],
        ],
    )  # fmt: skip
    def test_a_private_address_in_any_dress_is_refused(self, found: list[str]) -> None:
        with pytest.raises(DeliveryError, match="private") as caught:
            target_of("https://crm.example/", allow_private=False, resolve=lambda _: found)
        assert caught.value.permanent

    def test_a_name_without_an_address_is_tried_again(self) -> None:
        def resolve(host: str) -> list[str]:
            raise socket.gaierror("no such name")

        with pytest.raises(DeliveryError, match="no address") as caught:
            target_of("https://crm.example/", allow_private=False, resolve=resolve)
        assert not caught.value.permanent
        with pytest.raises(WebhookError, match="no user"):
            check_url("https://me:secret@crm.example/", allow_private=False)


class Producer:
    """The double of `confluent_kafka.Producer`: what is produced is confirmed at the flush, or not."""

    def __init__(self, confirm: Callable[[], Any] = lambda: None, *, silent: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self._confirm, self._silent = confirm, silent
        self._waiting: list[Callable[[Any, Any], None]] = []

    def produce(self, topic: str, *, key: bytes | None, value: bytes, headers: Any, on_delivery: Any) -> None:
        self.sent.append({"topic": topic, "key": key, "value": json.loads(value), "headers": dict(headers)})
        self._waiting.append(on_delivery)

    def flush(self, timeout: float) -> int:
        if self._silent:
            return len(self._waiting)
        while self._waiting:
            self._waiting.pop(0)(self._confirm(), None)
        return 0


class TestKafka:
    def test_events_are_published_by_client_from_the_same_outbox(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        store.claim(principal=CRM)
        producer = Producer()
        publisher = KafkaPublisher(producer, topic="tougu.leads")
        assert Dispatcher(any_engine, publisher.deliver, topics=[TOPIC]).run_once() == Delivered(delivered=2)
        assert [(m["topic"], m["key"], m["value"]["type"]) for m in producer.sent] == [
            ("tougu.leads", b"C1", "lead.created"), ("tougu.leads", b"C1", "lead.claimed"),
        ]  # fmt: skip
        assert producer.sent[0]["value"]["data"]["id"] == lead.id
        assert producer.sent[0]["headers"]["content-type"].startswith(b"application/cloudevents+json")

    @pytest.mark.parametrize(
        ("producer", "why"),
        [(Producer(silent=True), "did not confirm"), (Producer(lambda: "no leader"), "no leader")],
    )
    def test_what_the_brokers_do_not_confirm_is_tried_again(self, producer: Producer, why: str) -> None:
        message = OutboxMessage(
            id="m1", sequence=1, topic=TOPIC, key="C1", payload={"id": "L1"}, created_at=datetime.now(UTC), attempt=1
        )
        with pytest.raises(DeliveryError, match=why) as caught:
            KafkaPublisher(producer, topic="t", timeout_s=0.1).deliver(message)
        assert not caught.value.permanent

    def test_without_the_library_one_sentence_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "confluent_kafka", None)
        with pytest.raises(WebhookError, match=r"pip install 'tougu\[kafka\]'"):
            open_producer("localhost:9092", {})


def test_messages_about_leads_need_a_role(engine: Engine) -> None:
    assert Endpoints(store_on(engine).engine).enable(TOPIC, principal=SYSTEM) is False
