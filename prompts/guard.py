"""What stands around each chat model: how many requests at once, how long a text, and a rest after failures."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from prompts.chat import ChatModel, Message, OnThinking, Reply, Schema, Tool
from prompts.errors import ChatUnavailableError

TOKENS_A_MESSAGE = 8  # role and separators, in the chat templates of Qwen and DeepSeek


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one model was asked so far."""

    model: str
    replies: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    seconds: float = 0.0
    resting: bool = False
    spent: bool = False  # the day's tokens are used up


class GuardedChat:
    """A model that is not asked more than it can take.

    After `failures` in a row it is not asked for `rest_s`; then one request tries (a circuit breaker, Nygard,
    Release It!, 2007).
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        context_tokens: int,
        concurrency: int,
        failures: int,
        rest_s: float,
        tokens_a_day: int = 0,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """`tokens_a_day`: prompts and replies together, by UTC days; 0 sets no bound."""
        self.name = model.name
        self._model = model
        self._context_tokens, self._failures, self._rest_s = context_tokens, failures, rest_s
        self._tokens_a_day, self._today = tokens_a_day, today
        self._used_on = (today(), 0)
        self._clock = clock
        self._places = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._usage = Usage(model=model.name)
        self._in_a_row, self._asked_again_at = 0, 0.0

    @property
    def usage(self) -> Usage:
        """Counters so far."""
        with self._lock:
            resting = self._in_a_row >= self._failures and self._clock() < self._asked_again_at
            return Usage(**{**vars(self._usage), "resting": resting, "spent": self._is_spent()})

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """See ChatModel. Where the server counts no tokens, characters are counted."""
        sent = self._must_fit(messages, tools, max_tokens)
        with self._asked(within_s) as left:
            reply = self._model.complete(messages, max_tokens=max_tokens, schema=schema, within_s=left, tools=tools)
        said = reply.reply_tokens or len(reply.text) + sum(len(call.arguments) for call in reply.tool_calls)
        self._count(replies=1, prompt_tokens=reply.prompt_tokens or sent, reply_tokens=said)
        return reply

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Generator[str, None, None]:
        """See ChatModel. Characters are counted: most servers do not tell the tokens of a stream."""
        sent, said = self._must_fit(messages, (), max_tokens), 0
        with self._asked(None):  # where it is not asked at all nothing was sent
            try:
                for piece in self._model.stream(messages, max_tokens=max_tokens, on_thinking=on_thinking):
                    said += len(piece)
                    yield piece
            finally:
                self._count(prompt_tokens=sent, reply_tokens=said)
        self._count(replies=1)

    def _must_fit(self, messages: Sequence[Message], tools: Sequence[Tool], max_tokens: int) -> int:
        """Tokens of what is sent, at most: a character is one to the tokenizers of today's Chinese models, or less.

        Raises ChatUnavailableError where the reply has no room beside it.
        """
        sent = sum(_size(message) for message in messages)
        sent += sum(len(tool.description) + len(json.dumps(tool.parameters)) for tool in tools)
        needed = sent + max_tokens
        if needed > self._context_tokens:
            raise ChatUnavailableError(
                f"the text is too long for {self.name} ({needed} of {self._context_tokens} tokens): send fewer passages"
            )
        return sent

    @contextmanager
    def _asked(self, within_s: float | None) -> Iterator[float | None]:
        """A place among those under way; yields what is left of the time."""
        self._must_be_awake()
        began = self._clock()
        if not self._places.acquire(timeout=-1 if within_s is None else max(0.0, within_s)):
            raise ChatUnavailableError(f"{self.name} has no place free: raise chat.concurrency or ask again later")
        try:
            yield None if within_s is None else max(0.1, within_s - (self._clock() - began))
        except ChatUnavailableError:
            self._failed()
            raise
        else:
            with self._lock:
                self._in_a_row = 0
        finally:
            self._places.release()
            self._count(seconds=self._clock() - began)

    def _is_spent(self) -> bool:
        day, used = self._used_on
        return bool(self._tokens_a_day) and day == self._today() and used >= self._tokens_a_day

    def _must_be_awake(self) -> None:
        with self._lock:
            if self._is_spent():
                raise ChatUnavailableError(
                    f"{self.name} has used its {self._tokens_a_day} tokens of today: raise tokens_a_day or wait for "
                    "tomorrow"
                )
            if self._in_a_row < self._failures:
                return
            now = self._clock()
            if now < self._asked_again_at:
                raise ChatUnavailableError(
                    f"{self.name} failed {self._in_a_row} times in a row and rests for {self._rest_s:g} s: look at "
                    "its server"
                )
            self._asked_again_at = now + self._rest_s  # this request tries; the others go on waiting

    def _failed(self) -> None:
        with self._lock:
            self._in_a_row += 1
            self._asked_again_at = self._clock() + self._rest_s
        self._count(failures=1)

    def _count(self, **more: float) -> None:
        with self._lock:
            day, used = self._used_on
            tokens = int(more.get("prompt_tokens", 0) + more.get("reply_tokens", 0))
            self._used_on = (self._today(), tokens + (used if day == self._today() else 0))
            held = vars(self._usage)
            self._usage = Usage(**{**held, **{name: held[name] + n for name, n in more.items()}})


def _size(message: Message) -> int:
    return len(message.content) + sum(len(call.arguments) for call in message.tool_calls) + TOKENS_A_MESSAGE
