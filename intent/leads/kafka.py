"""Lead events published to Kafka from the same outbox: the key is the client, so that one partition keeps the order.

CloudEvents 1.0, structured mode (Kafka protocol binding 1.0.2). At least once: the id is the same over all attempts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

from intent.errors import WebhookError
from intent.leads.webhooks import SOURCE, cloud_event
from jobs.errors import DeliveryError
from jobs.outbox import OutboxMessage

Report = Callable[[Any, Any], None]  # error or None, message


class Producer(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(self, topic: str, *, key: bytes | None, value: bytes, headers: Any, on_delivery: Report) -> None: ...

    def flush(self, timeout: float) -> int: ...


class KafkaPublisher:
    """Delivers outbox messages; hand its `deliver` to `jobs.outbox.Dispatcher` with their topic."""

    def __init__(self, producer: Producer, *, topic: str, timeout_s: float = 30.0, source: str = SOURCE) -> None:
        self._producer, self._topic, self._timeout_s, self._source = producer, topic, timeout_s, source

    def deliver(self, message: OutboxMessage) -> None:
        """Publish one message and wait until the brokers have it. Raises DeliveryError."""
        outcome: list[Any] = []
        try:
            self._producer.produce(
                self._topic,
                key=message.key.encode() if message.key is not None else None,
                value=json.dumps(cloud_event(message, self._source), ensure_ascii=False).encode(),
                headers=[("content-type", b"application/cloudevents+json; charset=UTF-8"), ("id", message.id.encode())],
                on_delivery=lambda error, _message: outcome.append(error),
            )
            self._producer.flush(self._timeout_s)
        except (BufferError, ValueError) as error:
            raise DeliveryError(f"the message was not published ({type(error).__name__})") from error
        if not outcome:
            raise DeliveryError(f"the brokers did not confirm within {self._timeout_s:g} s")
        if outcome[0] is not None:
            raise DeliveryError(f"the brokers refused the message ({outcome[0]})")


def open_producer(brokers: str, options: Mapping[str, str]) -> Producer:
    """An idempotent producer that waits for all replicas. Raises WebhookError where tougu[kafka] is not installed."""
    try:
        library = import_module("confluent_kafka")
    except ImportError as error:
        raise WebhookError(
            "Lead events cannot be published to Kafka, confluent-kafka is not installed: pip install 'tougu[kafka]'."
        ) from error
    fixed = {"bootstrap.servers": brokers, "enable.idempotence": "true", "acks": "all"}
    producer: Producer = library.Producer({**options, **fixed})
    return producer
