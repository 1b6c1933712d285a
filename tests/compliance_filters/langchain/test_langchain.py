"""The gate in a LangChain chain: nothing that it did not clear goes on, not even by streaming."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda

from compliance_filters.audit.log import AuditLog
from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC, ReviewContext
from compliance_filters.gate import Gate
from compliance_filters.langchain.runnable import METADATA, GatedRunnable
from compliance_filters.rules.pack import RulePack
from knowledge_base.access import Principal, Role
from tests.compliance_filters.rules.test_shelf import SPRING

ADVISOR = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
PROMISE, FINE = "这只产品稳赚不赔。", "申购确认需要一个工作日。"


@pytest.fixture
def rules_gate(pack: RulePack, audit: AuditLog) -> Gate:
    return Gate(pack, standard_filters(pack), audit, left_out=frozenset({SEMANTIC}))


@pytest.fixture
def guarded(rules_gate: Gate) -> GatedRunnable:
    return GatedRunnable(rules_gate, principal=ADVISOR, context=context_of)


def context_of(config: RunnableConfig) -> ReviewContext:
    return ReviewContext(today=SPRING, channel=config.get("configurable", {}).get("channel", "sidebar"))


def says(text: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content=text)] * 9))


def test_what_is_cleared_goes_on(guarded: GatedRunnable) -> None:
    answer = (says(FINE) | guarded).invoke("?")
    assert answer.content == FINE
    assert answer.response_metadata[METADATA]["outcome"] == "pass"
    assert answer.response_metadata[METADATA]["audit_id"]


def test_what_is_not_is_replaced_by_the_explanation(guarded: GatedRunnable) -> None:
    answer = (says(PROMISE) | guarded).invoke("?")
    assert PROMISE not in answer.content
    assert "不得发送" in answer.content
    assert answer.response_metadata[METADATA] | {"audit_id": ""} == {
        "outcome": "block", "cleared": False, "rules": ["promise.return"], "audit_id": "",
    }  # fmt: skip


def test_the_context_comes_from_the_config(guarded: GatedRunnable) -> None:
    answer = guarded.invoke(FINE, {"configurable": {"channel": "client"}})
    assert answer.content.startswith(FINE)
    assert "人工智能" in answer.content
    assert answer.response_metadata[METADATA]["outcome"] == "revise"


def test_a_stream_is_held_back_until_all_of_it_is_judged(guarded: GatedRunnable) -> None:
    chain = says(PROMISE) | guarded
    assert PROMISE not in "".join(str(chunk.content) for chunk in chain.stream("?"))

    async def collect() -> list[str]:
        return [str(chunk.content) async for chunk in (says(PROMISE) | guarded).astream("?")]

    assert PROMISE not in "".join(asyncio.run(collect()))


def test_only_what_was_judged_is_kept(guarded: GatedRunnable) -> None:
    message = AIMessage(
        content=[{"type": "reasoning", "reasoning": PROMISE}, {"type": "text", "text": FINE}],
        additional_kwargs={"reasoning_content": PROMISE},
        id="m1",
    )
    answer = guarded.invoke(message)
    assert (answer.content, answer.id, answer.additional_kwargs) == (FINE, "m1", {})


def test_texts_and_other_messages_are_judged_and_nothing_else(guarded: GatedRunnable) -> None:
    assert guarded.invoke(HumanMessage(content=PROMISE)).response_metadata[METADATA]["cleared"] is False
    with pytest.raises(TypeError, match="not dict"):
        (RunnableLambda(lambda _: {"text": FINE}) | guarded).invoke("?")
