"""The chat models of the settings: who is asked for what, and who stands in where one gives nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from prompts.chat import ChatModel, Message, OnThinking, Pseudonymiser, PseudonymisingChat, Reply, Schema, Tool
from prompts.errors import ChatUnavailableError
from prompts.guard import GuardedChat, Usage
from prompts.patience import in_time, patient
from prompts.settings import ChatServer, ChatSettings, ChatTask

_log = logging.getLogger(__name__)


def server_answers(server: ChatServer) -> tuple[bool, str]:
    """Whether a server answers and knows its model, and one line about it; sends no prompt."""
    from prompts.openai_chat import reachable

    return reachable(server)


class ChatModels:
    """Every model once, with its guard; tasks share them."""

    def __init__(
        self,
        settings: ChatSettings,
        pseudonymiser: Callable[[], Pseudonymiser | None],
        *,
        on_thinking: OnThinking = lambda reply: None,
    ) -> None:
        """Opens no connection. Raises ChatError when a server may not be used."""
        self._settings = settings
        self._pseudonymiser = pseudonymiser
        self._on_thinking = on_thinking
        self._models = [(server, self._guarded(server)) for server in settings.servers]

    def for_task(self, task: ChatTask, *, for_clients: bool = False, tools: bool = False) -> ChatModel | None:
        """The models that may do it, behind the pseudonymiser; None when there are none.

        for_clients: the text reaches clients without an advisor's edit, so only models with a filing are asked.
        tools: only models that call tools. Raises ChatError without a pseudonymiser.
        """
        able = self._settings.for_task(task, for_clients=for_clients, tools=tools)
        models = [model for server, model in self._models if server in able]
        if not models:
            return None
        chain = FallbackChat(models, budget_s=self._settings.budget_s, silence_s=self._settings.silence_s)
        return PseudonymisingChat(chain, self._pseudonymiser(), on_thinking=self._on_thinking)

    @property
    def usage(self) -> tuple[Usage, ...]:
        """Counters of every model."""
        return tuple(model.usage for _server, model in self._models)

    def _guarded(self, server: ChatServer) -> GuardedChat:
        from prompts.openai_chat import OpenAIChat

        return GuardedChat(
            OpenAIChat(server),
            context_tokens=server.context_tokens,
            concurrency=server.concurrency,
            failures=self._settings.failures,
            rest_s=self._settings.rest_s,
            tokens_a_day=server.tokens_a_day,
        )


class FallbackChat:
    """Models in order: the next is asked where one gives nothing, within one time for all."""

    def __init__(
        self,
        models: Sequence[ChatModel],
        *,
        budget_s: float,
        silence_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """silence_s: longest pause of a stream, by default all of `budget_s`. Raises ValueError without a model."""
        if not models:
            raise ValueError("a chain of chat models needs one at least")
        self.name = models[0].name
        self._models, self._budget_s, self._clock = tuple(models), budget_s, clock
        self._silence_s = silence_s or budget_s

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """See ChatModel; the error is the last model's."""
        until = self._clock() + min(within_s or self._budget_s, self._budget_s)
        error = ChatUnavailableError("no chat model was asked")
        for model in self._models:
            left = until - self._clock()
            if left <= 0:
                raise ChatUnavailableError(f"the chat models took longer than {self._budget_s:g} s: {error}")
            try:
                ask = partial(
                    model.complete, messages, max_tokens=max_tokens, schema=schema, within_s=left, tools=tools
                )
                return in_time(ask, name=model.name, budget_s=left)
            except ChatUnavailableError as failed:
                _log.warning("the chat model %s gave nothing: %s", model.name, failed)
                error = failed
        raise error

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Iterator[str]:
        """See ChatModel. Once a piece is out nobody stands in: what was said cannot be taken back here."""
        until = self._clock() + self._budget_s
        for model in self._models[:-1]:
            pieces = self._patiently(
                model, model.stream(messages, max_tokens=max_tokens, on_thinking=on_thinking), until
            )
            try:
                first = next(pieces, None)
            except ChatUnavailableError as failed:
                _log.warning("the chat model %s gave nothing: %s", model.name, failed)
                continue
            if first is not None:
                yield first
            yield from pieces
            return
        last = self._models[-1]
        pieces = last.stream(messages, max_tokens=max_tokens, on_thinking=on_thinking)
        yield from self._patiently(last, pieces, until)

    def _patiently(self, model: ChatModel, pieces: Iterator[str], until: float) -> Iterator[str]:
        return patient(
            pieces,
            name=model.name,
            silence_s=self._silence_s,
            budget_s=until - self._clock(),
            clock=self._clock,
        )
