"""Messages, tools and calls in the forms of langchain and of the OpenAI protocol, both ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from prompts.chat import Message, Tool, ToolCall

THINKING = "reasoning_content"  # the field of a message that holds what its model thought


def untraced() -> Any:
    """Switches LangSmith off whatever the environment says: it would send prompts to its makers."""
    from langsmith.run_helpers import tracing_context

    return tracing_context(enabled=False)


def to_wire(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """As the OpenAI protocol has them."""
    return [_wire(message) for message in messages]


def from_langchain(messages: Sequence[Any]) -> list[Message]:
    """langchain's messages; of blocks only their text."""
    roles = {"human": "user", "ai": "assistant"}
    return [
        Message(
            role=roles.get(message.type, message.type),
            content=str(message.text),
            tool_calls=_of_langchain(message),
            answers=getattr(message, "tool_call_id", ""),
        )
        for message in messages
    ]


def called(answered: Any) -> tuple[ToolCall, ...]:
    """The calls of langchain's AIMessage, those with broken JSON too."""
    whole = [ToolCall(id=c["id"] or "", name=c["name"], arguments=_json(c["args"])) for c in answered.tool_calls]
    broken = [
        ToolCall(id=c["id"] or "", name=c["name"] or "", arguments=c["args"] or "") for c in answered.invalid_tool_calls
    ]
    return tuple(whole + broken)


def offered(tool: Tool) -> dict[str, Any]:
    """A tool as the OpenAI protocol offers it."""
    about = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": about}


def _wire(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.answers:
        said["tool_call_id"] = message.answers
    return said


def _of_langchain(message: Any) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(id=call["id"] or "", name=call["name"], arguments=_json(call["args"]))
        for call in getattr(message, "tool_calls", ())
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
