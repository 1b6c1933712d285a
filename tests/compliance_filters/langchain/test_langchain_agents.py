"""The middleware in a real agent: what is not cleared enters neither the state nor the stream of its updates."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("langchain.agents", reason="expected: langchain is not installed (tougu[langchain])")

from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.tools import tool
from pydantic import BaseModel

from compliance_filters.audit.log import AuditLog
from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC, ReviewContext
from compliance_filters.gate import Gate
from compliance_filters.langchain.agents import GateMiddleware
from compliance_filters.langchain.runnable import METADATA
from compliance_filters.rules.pack import RulePack
from tests.compliance_filters.langchain.test_langchain import ADVISOR, FINE, PROMISE
from tests.compliance_filters.rules.test_shelf import SPRING

ASKED = {"messages": [{"role": "user", "content": "这只怎么样？"}]}


class Scripted(GenericFakeChatModel):
    """A model that says its lines; tools are bound to it without effect."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Scripted:
        return self


class Advice(BaseModel):
    """A structured answer."""

    text: str


@tool
def fee(code: str) -> str:
    """The fee of a fund."""
    return "1.20%"


@pytest.fixture
def middleware(pack: RulePack, audit: AuditLog) -> GateMiddleware:
    gate = Gate(pack, standard_filters(pack), audit, left_out=frozenset({SEMANTIC}))
    return GateMiddleware(gate, principal=ADVISOR, context=lambda known: ReviewContext(today=SPRING, **(known or {})))


def agent_of(middleware: GateMiddleware, *lines: BaseMessage, **more: Any) -> Any:
    return create_agent(Scripted(messages=iter(lines)), [fee], middleware=[middleware], **more)


def all_text(messages: Sequence[BaseMessage]) -> str:
    return "\n".join(str(message.content) for message in messages)


def test_a_final_message_that_is_not_cleared_is_replaced(middleware: GateMiddleware) -> None:
    state = agent_of(middleware, AIMessage(content=PROMISE)).invoke(ASKED)
    assert "不得发送" in state["messages"][-1].content
    assert state["messages"][-1].response_metadata[METADATA]["outcome"] == "block"
    assert PROMISE not in all_text(state["messages"])


def test_a_cleared_one_passes_and_the_runtime_context_is_read(middleware: GateMiddleware) -> None:
    agent = agent_of(middleware, AIMessage(content=FINE), AIMessage(content=FINE), context_schema=dict)
    assert agent.invoke(ASKED)["messages"][-1].content == FINE
    sent = agent.invoke(ASKED, context={"channel": "client"})["messages"][-1]
    assert "人工智能" in sent.content


def test_beside_tool_calls_an_uncleared_word_is_dropped_and_the_call_goes_on(middleware: GateMiddleware) -> None:
    call = ToolCall(name="fee", args={"code": "990002"}, id="c1")
    state = agent_of(middleware, AIMessage(content=PROMISE, tool_calls=[call]), AIMessage(content=FINE)).invoke(ASKED)
    kinds = [(message.type, str(message.content)) for message in state["messages"][1:]]
    assert kinds == [("ai", ""), ("tool", "1.20%"), ("ai", FINE)]


def test_no_update_of_the_stream_shows_a_draft(middleware: GateMiddleware) -> None:
    agent = agent_of(middleware, AIMessage(content=PROMISE))
    assert PROMISE not in str(list(agent.stream(ASKED, stream_mode=["updates", "values"])))


def test_the_asynchronous_way_is_the_same(middleware: GateMiddleware) -> None:
    state = asyncio.run(agent_of(middleware, AIMessage(content=PROMISE)).ainvoke(ASKED))
    assert PROMISE not in all_text(state["messages"])


@pytest.mark.parametrize(("text", "kept"), [(FINE, True), (PROMISE, False)])
def test_a_structured_answer_is_kept_only_where_it_is_clean(middleware: GateMiddleware, text: str, kept: bool) -> None:
    call = ToolCall(name="Advice", args={"text": text}, id="c1")
    agent = agent_of(
        middleware, AIMessage(content="", tool_calls=[call]), AIMessage(content=FINE), response_format=Advice
    )
    state = agent.invoke(ASKED)
    assert (state.get("structured_response") is not None) is kept
