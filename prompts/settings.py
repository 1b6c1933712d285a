"""Settings of the chat model and of the prompt templates."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class ChatSettings(BaseModel):
    """An OpenAI-compatible chat server; none by default, and then answers are extractive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = Field(
        None,
        description="address of the server with its path, such as http://127.0.0.1:8001/v1; none: no model",
    )
    model: str = Field("", description="name of the model on that server; required with base_url")
    api_key: SecretStr | None = Field(None, description="key sent to the server; a local one needs none")
    timeout_s: float = Field(60.0, gt=0, description="longest wait for a connection or the next bytes, seconds")
    max_retries: int = Field(2, ge=0, description="further attempts after a failed one, times")
    temperature: float = Field(0.1, ge=0, le=2, description="sampling temperature, no unit")
    allow_external: bool = Field(
        False, description="whether the server may lie outside this machine and private networks"
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.base_url is None:
            return self
        if urlsplit(self.base_url).scheme not in ("http", "https") or not urlsplit(self.base_url).hostname:
            raise ValueError("base_url must look like http://host:port/v1")
        if not self.model:
            raise ValueError("model must name the model on the server when base_url is set")
        return self


class PromptSettings(BaseModel):
    """Where prompt templates come from besides the shipped ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        None, description="folder of the firm's own templates; one with a shipped name replaces it"
    )
