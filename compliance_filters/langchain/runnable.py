"""The gate in a LangChain chain: what a model wrote is judged, and only what is cleared goes on.

    chain = prompt | model | GatedRunnable(gate, principal=principal, context=lambda config: ReviewContext(...))

Needs langchain-core alone; `langchain_agents` has the middleware for agents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig

from compliance_filters.explain import explain
from compliance_filters.finding import Draft, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from knowledge_base.access import Principal

METADATA = "compliance"  # key of the verdict in a message's response_metadata


def guard(message: AIMessage, verdict: Verdict) -> AIMessage:
    """The message that may be shown: the cleared text, or in its place the explanation of the verdict.

    Only text, tool calls and token counts are kept; whatever else the model sent, its reasoning included, was
    not judged and goes.
    """
    cleared = verdict.cleared
    return AIMessage(
        content=cleared.text if cleared else explain(verdict),
        id=message.id,
        name=message.name,
        tool_calls=message.tool_calls,
        usage_metadata=message.usage_metadata,
        response_metadata={
            METADATA: {
                "outcome": verdict.outcome.word,
                "cleared": cleared is not None,
                "rules": sorted({finding.rule for finding in verdict.findings}),
                "audit_id": verdict.audit_id,
            }
        },
    )


def text_of(message: BaseMessage) -> str:
    """The text of a message, whose content may be a list of blocks."""
    return str(message.text)


class GatedRunnable(Runnable[Any, AIMessage]):
    """Judges a message or a plain text; a stream that runs through it is held back until all of it is judged."""

    def __init__(
        self,
        gate: Gate,
        *,
        principal: Principal,
        context: Callable[[RunnableConfig], ReviewContext],
        target: Target = Target.ANSWER,
    ) -> None:
        """`context` reads what the gate must know (client, products, sources) from the run's config."""
        self._gate = gate
        self._principal = principal
        self._context = context
        self._target = target

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """Raises TypeError for what is neither a message nor a text."""
        message = _message(input)
        draft = Draft(text=text_of(message), target=self._target, by=_author(message))
        verdict = self._gate.review(draft, self._context(config or {}), principal=self._principal)
        return guard(message, verdict)


def _message(value: Any) -> AIMessage:
    if isinstance(value, AIMessage):
        return value
    if isinstance(value, BaseMessage | str):
        return AIMessage(content=value if isinstance(value, str) else text_of(value))
    raise TypeError(f"the gate judges messages and texts, not {type(value).__name__}: put a parser before it.")


def _author(message: AIMessage) -> str:
    return str(message.response_metadata.get("model_name") or "model")
