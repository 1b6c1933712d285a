"""Settings of the chat models and of the prompt templates."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class ChatTask(StrEnum):
    """What a chat model may be asked to do."""

    ANSWER = "answer"  # draft an answer from passages
    REWRITE = "rewrite"  # make a follow-up a whole question
    VERIFY = "verify"  # look at a lead again
    NOTE = "note"  # word the note of a call
    REPORT = "report"  # word the prose of a diagnosis


class ModelRecord(BaseModel):
    """What the firm has on file about a model; read by officers and auditors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str = Field("", description="licence of the weights")
    filing: str = Field("", description="number under which the model is filed with the authority; none: internal use")
    sha256: str = Field("", pattern="^([0-9a-f]{64})?$", description="SHA-256 of the weights")
    approved_by: str = Field("", description="who approved its use")


class ChatServer(BaseModel):
    """One chat model on an OpenAI-compatible server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = Field(
        None,
        description="address of the server with its path, such as http://127.0.0.1:8001/v1; none: no model",
    )
    model: str = Field("", description="name of the model on that server; required with base_url")
    api_key: SecretStr | None = Field(None, description="key sent to the server; a local one needs none")
    tasks: tuple[ChatTask, ...] = Field(
        tuple(ChatTask), description="what the model is asked to do: answer, rewrite, verify, note, report"
    )
    context_tokens: int = Field(
        32_768, ge=512, description="tokens that the model takes, the reply included; a character counts as one"
    )
    concurrency: int = Field(8, ge=1, description="requests under way at once; further ones wait")
    timeout_s: float = Field(60.0, gt=0, description="longest wait for a connection or the next bytes, seconds")
    max_retries: int = Field(2, ge=0, description="further attempts after a failed one, with jitter, times")
    temperature: float = Field(0.1, ge=0, le=2, description="sampling temperature, no unit")
    tools: bool = Field(
        False, description="whether the model calls tools: then it may look up, compare and compute before it answers"
    )
    thinks_first: bool = Field(
        False,
        description="whether its streams begin with thinking that no <think> opens, as DeepSeek-R1's template makes "
        "them; not with a reasoning parser on the server",
    )
    tokens_a_day: int = Field(
        0, ge=0, description="tokens that each process may send it and get from it in a day (UTC); 0: no bound"
    )
    allow_external: bool = Field(
        False, description="whether the server may lie outside this machine and private networks"
    )
    record: ModelRecord = ModelRecord()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.base_url is None:
            return self
        if urlsplit(self.base_url).scheme not in ("http", "https") or not urlsplit(self.base_url).hostname:
            raise ValueError("base_url must look like http://host:port/v1")
        if not self.model:
            raise ValueError("model must name the model on the server when base_url is set")
        return self


class ChatSettings(ChatServer):
    """The first chat model, those that stand in for it, and when one is given a rest.

    None by default, and then answers are extractive.
    """

    others: tuple[ChatServer, ...] = Field(
        (), description="further models with the same settings, asked in this order where those before gave nothing"
    )
    budget_s: float = Field(90.0, gt=0, description="longest that all models together may take for a reply, seconds")
    silence_s: float = Field(
        8.0, gt=0, description="longest pause of a model that answers piece by piece; more for one that thinks, seconds"
    )
    failures: int = Field(3, ge=1, description="failures in a row after which a model is given a rest, times")
    rest_s: float = Field(30.0, gt=0, description="how long such a model is not asked, seconds")
    tool_rounds: int = Field(4, ge=1, le=20, description="how often a model may call tools for one question, times")
    tool_tokens: int = Field(24_000, ge=1000, description="tokens that it may use up with that for one question")
    tool_budget_s: float = Field(20.0, gt=0, description="longest that it may take with that, seconds")

    @property
    def servers(self) -> tuple[ChatServer, ...]:
        """Those with an address, in the order in which they are asked."""
        return tuple(each for each in (self, *self.others) if each.base_url)

    def for_task(self, task: ChatTask, *, for_clients: bool = False, tools: bool = False) -> tuple[ChatServer, ...]:
        """Those that may do it. For texts that reach clients unedited: only models with a filing."""
        able = (each for each in self.servers if task in each.tasks and (each.tools or not tools))
        return tuple(each for each in able if each.record.filing or not for_clients)


class PromptSettings(BaseModel):
    """Where prompt templates come from besides the shipped ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        None, description="folder of the firm's own templates; one with a shipped name replaces it"
    )
