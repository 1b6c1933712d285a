"""The gate as middleware of LangChain agents: needs `tougu[langchain]`.

create_agent(model, tools, middleware=[GateMiddleware(gate, principal=principal, context=read_context)])
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage

from compliance_filters.finding import Draft, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from compliance_filters.langchain.runnable import guard, text_of
from knowledge_base.access import Principal


class GateMiddleware(AgentMiddleware[Any, Any, Any]):
    """Judges what the model says before it enters the agent's state, so that no draft is kept or shown.

    A final message that is not cleared is replaced by the explanation. What a message says beside tool calls is
    dropped unless it is cleared; the calls go on. Tokens that a model streams pass before it is judged: show
    updates of the state, never `stream_mode="messages"`.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        principal: Principal,
        context: Callable[[Any], ReviewContext],
        target: Target = Target.ANSWER,
    ) -> None:
        """`context` reads what the gate must know (client, products, sources) from the agent's runtime context."""
        super().__init__()
        self._gate = gate
        self._principal = principal
        self._context = context
        self._target = target

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        return self._judged(request, handler(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        return await asyncio.to_thread(self._judged, request, await handler(request))

    def _judged(self, request: ModelRequest[Any], response: ModelResponse[Any]) -> ModelResponse[Any]:
        context = self._context(getattr(request.runtime, "context", None))
        kept = [self._message(message, context) for message in response.result]
        structured = response.structured_response
        if structured is None or self._passes(structured, context):
            return replace(response, result=kept)
        return replace(response, result=kept, structured_response=None)

    def _message(self, message: BaseMessage, context: ReviewContext) -> BaseMessage:
        if not isinstance(message, AIMessage):
            return message
        text = text_of(message)
        if message.tool_calls and not text.strip():
            return _bare(message)
        verdict = self._review(text, context)
        shown = guard(message, verdict)
        return _bare(message) if message.tool_calls and verdict.cleared is None else shown

    def _passes(self, structured: Any, context: ReviewContext) -> bool:
        """Whether a structured answer is clean as it is: nothing can be appended to one."""
        data = structured.model_dump(mode="json") if hasattr(structured, "model_dump") else structured
        text = json.dumps(data, ensure_ascii=False, default=str)
        return self._review(text, context).outcome is Outcome.PASS

    def _review(self, text: str, context: ReviewContext) -> Verdict:
        return self._gate.review(Draft(text=text, target=self._target, by="agent"), context, principal=self._principal)


def _bare(message: AIMessage) -> AIMessage:
    """The tool calls without a word."""
    return AIMessage(content="", id=message.id, tool_calls=message.tool_calls, usage_metadata=message.usage_metadata)
