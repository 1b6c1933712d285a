"""The client of langchain-openai, which also keeps what a reasoning model thought apart from its reply."""

from __future__ import annotations

from typing import Any

from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI

from prompts.wire import THINKING

KEYS = ("reasoning_content", "reasoning")  # as servers name it: vLLM and DeepSeek, newer vLLM


class ReasoningChatOpenAI(BaseChatOpenAI):
    """BaseChatOpenAI sends `max_tokens`, which every compatible server knows; ChatOpenAI renames it."""

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        raw = response if isinstance(response, dict) else response.model_dump()
        for generation, choice in zip(result.generations, raw.get("choices") or [], strict=False):
            said = choice.get("message") or {}
            generation.message.additional_kwargs[THINKING] = _thought(said)
        return result

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        choices = chunk.get("choices") or [{}]
        if made is not None and (thought := _thought(choices[0].get("delta") or {})):
            made.message.additional_kwargs[THINKING] = thought
        return made


def _thought(said: dict[str, Any]) -> str:
    return str(next((said[key] for key in KEYS if said.get(key)), ""))
