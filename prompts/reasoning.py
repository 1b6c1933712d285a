"""The client of langchain-openai, which also keeps what a reasoning model thought apart from its reply."""

from __future__ import annotations

from typing import Any

from langchain_core.outputs import ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI

KEYS = ("reasoning_content", "reasoning")  # as servers name it: vLLM and DeepSeek, newer vLLM
THINKING = "reasoning_content"


class ReasoningChatOpenAI(BaseChatOpenAI):
    """BaseChatOpenAI sends `max_tokens`, which every compatible server knows; ChatOpenAI renames it."""

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        raw = response if isinstance(response, dict) else response.model_dump()
        for generation, choice in zip(result.generations, raw.get("choices") or [], strict=False):
            said = choice.get("message") or {}
            thought = next((said[key] for key in KEYS if said.get(key)), "")
            generation.message.additional_kwargs[THINKING] = str(thought)
        return result
