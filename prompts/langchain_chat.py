"""The boundary as a chat model of langchain: what an agent of theirs says passes the same pseudonyms and guards."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, PrivateAttr

from prompts.chat import Tool, ToolCall
from prompts.errors import ChatUnavailableError
from prompts.wire import from_langchain

BROKEN = "broken_json"  # the argument that a call with broken JSON has: no tool takes it, and the model is told so


class BoundaryChat(BaseChatModel):
    """Asks a `ChatModel`, within one time and one number of tokens for everything that it is asked.

    Raises ChatUnavailableError when they are used up, or when the model gives nothing.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model: Any  # a prompts.chat.ChatModel: pydantic cannot check a Protocol
    budget_s: float
    budget_tokens: int
    reply_tokens: int = 400  # of one reply
    most_calls: int = 6  # of one reply; further ones are dropped
    clock: Callable[[], float] = time.monotonic
    _until: float = PrivateAttr(default=0.0)
    _used: int = PrivateAttr(default=0)  # tokens as the server counts them, characters where it does not

    def model_post_init(self, context: Any, /) -> None:
        self._until = self.clock() + self.budget_s

    @property
    def _llm_type(self) -> str:
        return "boundary"

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Runnable[Any, AIMessage]:
        """Only what tools are offered is kept: how a model is made to choose differs from server to server."""
        functions = [convert_to_openai_tool(tool)["function"] for tool in tools]
        return self.bind(tools=[Tool(**{k: f[k] for k in ("name", "description", "parameters")}) for f in functions])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        tools: Sequence[Tool] = (),
        **_: Any,
    ) -> ChatResult:
        left = self._until - self.clock()
        if left <= 0 or self._used >= self.budget_tokens:
            raise ChatUnavailableError(f"{self.model.name} has used up its time or its tokens for this question")
        asked = from_langchain(messages)
        reply = self.model.complete(asked, max_tokens=self.reply_tokens, within_s=left, tools=tools)
        counted = reply.prompt_tokens + reply.reply_tokens
        self._used += counted or sum(len(message.content) for message in asked) + len(reply.text)
        calls = [_readable(call, n) for n, call in enumerate(reply.tool_calls[: self.most_calls], start=1)]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=reply.text, tool_calls=calls))])


def _readable(call: ToolCall, n: int) -> Any:
    """The call with its arguments read; what is no JSON object becomes one that no tool takes."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        arguments = {BROKEN: True}
    return tool_call(name=call.name, args=arguments, id=call.id or f"call_{n}")
