"""What a talk is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class TurnState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by the advisor; what was released until then stands
    FAILED = "failed"  # nothing of it stands; it may be asked again


class Reason(StrEnum):
    """Why an answer was no help."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    UNCLEAR = "unclear"
    SLOW = "slow"
    OTHER = "other"


class Channel(StrEnum):
    """How a text left the sidebar."""

    WECOM = "wecom"  # into the chat that is open in WeCom
    HOST = "host"  # handed to the page that the sidebar is part of
    CLIPBOARD = "clipboard"


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A talk of one user, about one client or none."""

    id: str
    user_id: str
    client_id: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question with what became of it."""

    id: str
    talk_id: str
    state: TurnState
    question: str
    asked_at: datetime
    ended_at: datetime | None
    outcome: str | None  # of the gate; None while it runs, or where it failed
    audit_id: str | None  # of the verdict
    retry_of: str | None  # the turn that this one stands for
    good: bool | None  # what the advisor thought of the answer
    reason: str | None
    events: tuple[Mapping[str, Any], ...] = ()  # id, name and data of each, in order; empty while it runs


@dataclass(frozen=True, kw_only=True)
class JudgedText:
    """A text that an advisor wants to send, as the gate judged it; its words are with the verdict."""

    id: str
    talk_id: str
    turn_id: str | None
    client_id: str | None
    audit_id: str
    outcome: str
    text_sha256: str | None  # keyed hash of the cleared text; None: it may not be sent
    cleared_sha256: str | None  # plain hash, as `Cleared` has it
    judged_at: datetime


@dataclass(frozen=True, kw_only=True)
class SentText:
    """A cleared text that left for a client's chat."""

    id: str
    user_id: str
    client_id: str | None
    text_sha256: str
    cleared_sha256: str
    audit_id: str
    channel: str
    sent_at: datetime
