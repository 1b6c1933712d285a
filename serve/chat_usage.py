"""Counters of the chat models for the Prometheus collector."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from serve.wiring import House


class ChatUsage(Collector):
    """What each chat model was asked so far, read when the collector asks."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """Nothing where no chat model is set."""
        if not self._house.settings.chat.servers:
            return
        replies = CounterMetricFamily("tougu_chat_requests", "Requests to a chat model.", labels=("model", "outcome"))
        tokens = CounterMetricFamily(
            "tougu_chat_tokens",
            "Tokens as the server counts them; characters where it does not.",
            labels=("model", "kind"),
        )
        seconds = CounterMetricFamily("tougu_chat_seconds", "Time spent waiting for it.", labels=("model",))
        spent = GaugeMetricFamily("tougu_chat_spent", "1 when the day's tokens are used up.", labels=("model",))
        resting = GaugeMetricFamily("tougu_chat_resting", "1 after failures in a row.", labels=("model",))
        for used in self._house.chat_models.usage:
            replies.add_metric((used.model, "reply"), used.replies)
            replies.add_metric((used.model, "failure"), used.failures)
            tokens.add_metric((used.model, "prompt"), used.prompt_tokens)
            tokens.add_metric((used.model, "reply"), used.reply_tokens)
            seconds.add_metric((used.model,), used.seconds)
            resting.add_metric((used.model,), float(used.resting))
            spent.add_metric((used.model,), float(used.spent))
        yield from (replies, tokens, seconds, resting, spent)
