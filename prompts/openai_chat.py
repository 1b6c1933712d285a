"""The adapter to any OpenAI-compatible chat server (vLLM is the one tested), on langchain-openai.

It stands behind PseudonymisingChat; nobody but `prompts.chat_models` should hand it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from models.lazy import Lazy
from models.offline import stay_offline
from prompts.chat import Message, OnThinking, Reply, Schema, Tool
from prompts.errors import ChatError, ChatUnavailableError
from prompts.hosts import refuse_outside
from prompts.json_replies import json_text
from prompts.retrying import retrying
from prompts.settings import ChatServer
from prompts.thinking import split_thinking, without_thinking
from prompts.wire import THINKING, called, offered, to_wire, untraced

NO_KEY = "none"  # the client library insists on a key; a local server ignores it


class OpenAIChat:
    """Speaks /chat/completions. Thinking tags are dropped; errors never quote the conversation."""

    def __init__(self, settings: ChatServer) -> None:
        """Raises ChatError when the host is an address outside; a name is looked up at each call."""
        if settings.base_url is None:
            raise ChatError("no chat server is set: give base_url and model in the settings")
        self.name = settings.model
        self._settings = settings
        self._base_url = settings.base_url
        self._client = Lazy(lambda: _client(settings))
        if not settings.allow_external:
            refuse_outside(self._base_url, resolve=False)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 800,
        schema: Schema | None = None,
        within_s: float | None = None,
        tools: Sequence[Tool] = (),
    ) -> Reply:
        """See ChatModel."""
        client, options = self._ready(), self._options(max_tokens, schema, within_s, tools)
        try:
            with untraced():
                answered = retrying(
                    lambda: client.invoke(to_wire(messages), **options),
                    retries=self._settings.max_retries,
                    within_s=within_s,
                )
        except Exception as error:  # openai's, the HTTP library's and langchain's own
            raise self._translated(error) from None
        thought, text = split_thinking(_text(answered))
        calls = called(answered) if tools else ()
        said = text if calls else self._not_empty(text)
        used = answered.usage_metadata or {}
        return Reply(
            text=said if schema is None else json_text(said, schema, model=self.name),
            model=self.name,
            thinking=str(answered.additional_kwargs.get(THINKING) or thought),
            prompt_tokens=used.get("input_tokens", 0),
            reply_tokens=used.get("output_tokens", 0),
            tool_calls=calls,
        )

    def _options(
        self, max_tokens: int, schema: Schema | None, within_s: float | None, tools: Sequence[Tool]
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"max_tokens": max_tokens}
        if tools:
            options["tools"] = [offered(tool) for tool in tools]
        if schema is not None:
            wanted = {"name": "reply", "schema": dict(schema), "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": wanted}
        if within_s is not None:  # every attempt gets its share
            options["timeout"] = min(self._settings.timeout_s, within_s / (self._settings.max_retries + 1))
        return options

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int = 800, on_thinking: OnThinking | None = None
    ) -> Iterator[str]:
        """As the server sends it. A missing opening tag of thinking is made up for where `thinks_first` is set."""
        said, thought, begun = False, list[str](), self._settings.thinks_first
        try:
            pieces = self._pieces(messages, max_tokens, thought)
            for piece in without_thinking(pieces, thought=thought.append, begun=begun):
                said = True
                yield piece
        finally:
            if on_thinking is not None and (told := "".join(thought).strip()):
                on_thinking(Reply(text="", model=self.name, thinking=told))
        if not said:
            self._not_empty("")

    def _pieces(self, messages: Sequence[Message], max_tokens: int, thought: list[str]) -> Iterator[str]:
        client, finished = self._ready(), False
        try:
            chunks, chunk = retrying(lambda: _begun(client, messages, max_tokens), retries=self._settings.max_retries)
            while chunk is not None:
                finished = finished or bool(chunk.response_metadata.get("finish_reason"))
                thought.append(str(chunk.additional_kwargs.get(THINKING) or ""))
                yield _text(chunk)
                chunk = _next(chunks)
        except Exception as error:
            raise self._translated(error) from None
        if not finished:  # the client library takes a cut connection for the end of the reply
            raise ChatUnavailableError(f"the reply of {self.name} broke off before its end: ask again")

    def _ready(self) -> Any:
        if not self._settings.allow_external:
            refuse_outside(self._base_url)
        return self._client.get()

    def _not_empty(self, reply: str) -> str:
        if reply:
            return reply
        raise ChatUnavailableError(
            f"the chat model {self.name} gave an empty reply, or only thinking: allow it more tokens"
        )

    def _translated(self, error: Exception) -> ChatUnavailableError:
        """One sentence; the server's own words are left out, since they may quote the prompt."""
        where = f"the chat server {urlsplit(self._base_url).hostname}"
        status = getattr(error, "status_code", None)
        if status is not None:
            return ChatUnavailableError(f"{where} refused with status {status}: {_advice(int(status))}")
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "APITimeoutError" in kinds or "TimeoutException" in kinds:
            return ChatUnavailableError(
                f"{where} did not answer within {self._settings.timeout_s:g} s: look at its load or raise timeout_s"
            )
        if "APIConnectionError" in kinds:
            return ChatUnavailableError(f"{where} cannot be reached: start it or correct base_url")
        return ChatUnavailableError(
            f"{where} broke off or gave a reply that cannot be read ({type(error).__name__}): look at its log"
        )


def reachable(settings: ChatServer, *, timeout_s: float = 3.0) -> tuple[bool, str]:
    """Whether the server answers and knows the model, and one line about it; sends no prompt."""
    import httpx

    if settings.base_url is None:
        return False, "no chat server is set"
    try:
        if not settings.allow_external:
            refuse_outside(settings.base_url)
        reply = httpx.get(
            f"{settings.base_url.rstrip('/')}/models",
            headers={"Authorization": f"Bearer {_key(settings).get_secret_value()}"},
            timeout=timeout_s,
            trust_env=False,
        )
        names = [str(model["id"]) for model in reply.raise_for_status().json()["data"]]
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return False, f"the server refused with status {status}: {_advice(status)}"
    except (ChatError, httpx.HTTPError) as error:
        return False, str(error) if isinstance(error, ChatError) else "the server cannot be reached"
    except (ValueError, KeyError, TypeError):
        return False, "the server answers, but not as a chat server does: correct the path of base_url"
    if settings.model not in names:
        return False, f"the server has no model {settings.model}: it offers {', '.join(names) or 'none'}"
    return True, f"{settings.model} answers"


def _client(settings: ChatServer) -> Any:
    stay_offline()
    try:
        from openai import DefaultHttpxClient

        from prompts.reasoning import ReasoningChatOpenAI
    except ImportError as error:
        raise ChatUnavailableError(
            f"the client for chat servers is not installed ({error}); run: pip install langchain-openai"
        ) from error
    # No proxy of the environment and no redirect may carry a prompt to another machine.
    http = DefaultHttpxClient(trust_env=False, follow_redirects=False, timeout=settings.timeout_s)
    return ReasoningChatOpenAI(
        base_url=settings.base_url,
        model=settings.model,
        api_key=_key(settings),
        timeout=settings.timeout_s,
        max_retries=0,  # see prompts.retrying
        temperature=settings.temperature,
        http_client=http,
        openai_proxy=None,
        use_responses_api=False,
        stream_usage=False,
        cache=False,
    )


def _key(settings: ChatServer) -> Any:
    from pydantic import SecretStr

    return settings.api_key or SecretStr(NO_KEY)


def _begun(client: Any, messages: Sequence[Message], max_tokens: int) -> tuple[Iterator[Any], Any | None]:
    """A stream and its first chunk: until that is there nothing was said, and it may be asked for again."""
    with untraced():
        chunks = iter(client.stream(to_wire(messages), max_tokens=max_tokens))
    return chunks, _next(chunks)


def _next(chunks: Iterator[Any]) -> Any | None:
    with untraced():
        return next(chunks, None)


def _text(reply: Any) -> str:
    """The text of a reply or piece; other content blocks, such as reasoning, are left out."""
    if isinstance(reply.content, str):
        return reply.content
    return "".join(block.get("text", "") for block in reply.content if isinstance(block, dict))


def _advice(status: int) -> str:
    if status in (401, 403):
        return "correct api_key"
    if status == 404:
        return "correct the path of base_url or the name of the model"
    if status == 429:
        return "it is overloaded; try again later"
    if status in (400, 413, 422):
        return "the question with its passages may be too long for the model; send fewer"
    return "look at its log"
