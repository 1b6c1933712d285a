"""What stands around each chat model: how many requests at once, how long a text, and a rest after failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from prompts.chat import ChatModel, Message, Reply, Schema
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = model.name
        self._model = model
        self._context_tokens, self._failures, self._rest_s = context_tokens, failures, rest_s
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
            return Usage(**{**vars(self._usage), "resting": resting})

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
    ) -> Reply:
        """See ChatModel."""
        self._must_fit(messages, max_tokens)
        with self._asked(within_s) as left:
            reply = self._model.complete(messages, max_tokens=max_tokens, schema=schema, within_s=left)
        self._count(replies=1, prompt_tokens=reply.prompt_tokens, reply_tokens=reply.reply_tokens)
        return reply

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Generator[str, None, None]:
        """See ChatModel. Tokens of streams are not counted: most servers do not tell them."""
        self._must_fit(messages, max_tokens)
        with self._asked(None):
            yield from self._model.stream(messages, max_tokens=max_tokens)
        self._count(replies=1)

    def _must_fit(self, messages: Sequence[Message], max_tokens: int) -> None:
        """A character is at most one token to the tokenizers of today's Chinese models, but for rare signs."""
        needed = sum(len(message.content) + TOKENS_A_MESSAGE for message in messages) + max_tokens
        if needed > self._context_tokens:
            raise ChatUnavailableError(
                f"the text is too long for {self.name} ({needed} of {self._context_tokens} tokens): send fewer passages"
            )

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

    def _must_be_awake(self) -> None:
        with self._lock:
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
            held = vars(self._usage)
            self._usage = Usage(**{**held, **{name: held[name] + n for name, n in more.items()}})
