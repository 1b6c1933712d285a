"""Settings of the copilot."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class DeliverySettings(BaseModel):
    """How a report reaches a client: the link, the code that identifies them, and what follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str = Field(
        "", description="Scheme and host under which clients reach /r/ through the firm's gateway; empty = none."
    )
    link_days: int = Field(14, ge=1, le=90, description="Days until a link expires.")
    link_key: SecretStr | None = Field(
        None, description="Secret of links and codes, at least 32 characters; by default link.key in home."
    )
    sender: Literal["none", "file", "webhook"] = Field(
        "none", description="Who brings links and codes to clients: none (nothing is delivered), file, webhook."
    )
    folder: Path | None = Field(None, description="Folder of sender = file; by default messages in home.")
    url: str = Field("", description="Receiver of sender = webhook; it gets codes, so it must be the firm's own.")
    secret: SecretStr | None = Field(None, description="Signing secret, whsec_ and base64 of 24-64 bytes.")
    allow_private: bool = Field(False, description="Allow a receiver on a private or loopback address, yes/no.")
    timeout_s: float = Field(10.0, gt=0, description="Longest wait for the receiver, in seconds.")
    code_minutes: int = Field(5, ge=1, le=30, description="Minutes a code is good for.")
    code_pause_s: int = Field(60, ge=0, description="Seconds between two codes of one link.")
    codes_a_day: int = Field(10, ge=1, description="Codes of one link in 24 hours, count.")
    code_misses: int = Field(5, ge=1, le=10, description="Wrong codes after which a link is locked, count.")
    lock_minutes: int = Field(30, ge=1, description="Minutes a link stays locked.")
    locks: int = Field(3, ge=1, le=10, description="Locks in a row after which a link is revoked, count.")
    session_minutes: int = Field(30, ge=1, le=240, description="Minutes a client reads before a new code is asked.")
    follow_up_days: int = Field(3, ge=1, description="Days after sending when the advisor is to ask back.")

    @field_validator("public_url")
    @classmethod
    def _only_a_host(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.hostname in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("public_url is the gateway's name; leave it empty where there is none")
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query):
            raise ValueError("public_url is scheme and host alone, such as https://report.example.com")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.link_key is not None and len(self.link_key.get_secret_value()) < 32:
            raise ValueError("link_key has fewer than 32 characters")
        if self.sender == "webhook" and not (self.url and self.secret):
            raise ValueError("sender = webhook needs url and secret")
        return self

    @property
    def public_host(self) -> str:
        """Host, with its port where one is named, by which the gateway asks; empty = none."""
        return urlsplit(self.public_url).netloc


class WeComSettings(BaseModel):
    """The firm's application in WeCom, for a sidebar that writes into the open chat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corp_id: str = Field("", description="Id of the corporation; empty = the sidebar offers the clipboard alone.")
    agent_id: str = Field("", description="Id of the application.")
    secret: SecretStr | None = Field(None, description="Secret of the application.")
    url: str = Field("https://qyapi.weixin.qq.com", description="Where tickets are fetched; asked only with a corp_id.")
    timeout_s: float = Field(5.0, gt=0, description="Longest wait for a ticket, in seconds.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.corp_id and not (self.agent_id and self.secret):
            raise ValueError("wecom with a corp_id needs agent_id and secret")
        return self


class CopilotSettings(BaseModel):
    """How much history an answer sees, and where reports find NAV and benchmark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    history_turns: int = Field(4, ge=0, description="Earlier messages considered for a follow-up question, count.")
    talk_days: int = Field(
        30, ge=1, le=3650, description="Days a talk is kept after its last question; the audit log keeps its own time."
    )
    nav_dir: str = Field("", description="Folder of NAV files CODE.csv for `tougu diagnose`; empty = nav in home.")
    benchmark_file: str = Field(
        "", description="Benchmark CSV (date,close) of all reports; empty = benchmark.csv in nav_dir."
    )
    benchmark_name: str = Field("", description="Name of the benchmark in reports; empty = its file's name.")
    rewrite_reports: bool = Field(
        False, description="Let a filed chat model word the summary and the first fund pages of reports anew, yes/no."
    )
    delivery: DeliverySettings = DeliverySettings()
    wecom: WeComSettings = WeComSettings()
